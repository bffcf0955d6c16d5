# The local page: a phone in the browser, and the preview of a form.
language-name = English
language = Language
home = Home
more = More
cancel = Cancel
try-again = Try again
print = Print
search = Search
newer = Newer
older = Older
weekdays = Mon Tue Wed Thu Fri Sat Sun
month = Month
year = Year
month-01 = January
month-02 = February
month-03 = March
month-04 = April
month-05 = May
month-06 = June
month-07 = July
month-08 = August
month-09 = September
month-10 = October
month-11 = November
month-12 = December
quick-exit = Exit
quick-exit-long = Exit at once and lock

# Card, PIN, the end of a vault
enrol-title = Enrolment
enrol-explain = Paste or type the text of the card that your coordinator gave you. No network is needed.
card = Text of the card
check-card = Check the card
another-card = Another card
card-organisation = Organisation
card-commune = Commune
card-expires = Valid until
card-server = Server
fingerprint-explain = Read this aloud to your coordinator. If it differs, do not use the card.
pin-explain = Choose a PIN of at least { $least } signs that nobody can guess. Nobody can find it out for you: who forgets it needs a new card, and open interviews are lost.
pin = PIN
pin-old = Present PIN
pin-new = New PIN
pin-again = The same PIN again
pin-differs = The two PINs are not the same.
pin-too-short = The PIN needs at least { $least } signs.
pin-changed = The new PIN is in force.
change-pin = Change the PIN
enrol = Use this card
unlock-title = Locked
unlock-explain = Enter your PIN. Records are sent also while the phone is locked.
unlock = Unlock
attempts-left = { $left ->
    [one] One attempt left, then open interviews are destroyed.
   *[other] { $left } attempts left.
}
wrong-pin = Wrong PIN. { $left ->
    [one] One attempt left, then open interviews are destroyed.
   *[other] { $left } attempts left.
}
too-soon = Too soon after a wrong PIN.
wait-seconds = { $n ->
    [one] Wait one second.
   *[other] Wait { $n } seconds.
}
wait-minutes = { $n ->
    [one] Wait one minute.
   *[other] Wait { $n } minutes.
}
new-card = Use a new card
new-card-long = Use a new card (open interviews are then lost)
vault-gone-title = Cleared
vault-gone = Open interviews and the list of cases are gone. What was sealed is still sent. Ask your coordinator for a new card.
destroyed = The open interviews are gone.
destroyed-too-many-wrong-pins = There were too many wrong PINs.
destroyed-panic-wipe = This phone was cleared on purpose.
destroyed-wipe-order = Your coordinator had this phone cleared.
destroyed-replaced = A new card was begun and not finished.
wipe = Clear this phone
wipe-explain = Open interviews and the list of cases are destroyed at once, and nobody brings them back. What was sealed stays unreadable and is still sent. Use it when somebody takes this computer from you.
wipe-do = Destroy now
broken-title = The phone cannot be opened
key-file-warning = This computer has no key store: the phone's secret lies in a file beside its folder. Who copies the disk needs nothing but your PIN. Choose a long one.

# Home
begin = Begin an interview
go-on = Go on with an interview
begun = begun { $when }
no-questionnaires = No questionnaire is on this phone yet. Sync once where there is a network.
this-phone = This phone
codes-again = Show the codes for the slip again
lock = Lock

# Interview
interview = Interview
progress = How far the interview is
stop = Stop
back = Back
next = Next
to-review = To the end
required = An answer is needed
more-help = More help
acknowledge = Yes, confirmed
choose = Choose…
no-answer = No answer
latitude = Latitude
longitude = Longitude
place-hint = In degrees, such as -3.38 and 29.36.
places-hint = One place on each line: latitude and longitude, such as -3.38 29.36.
range-between = From { $start } to { $end }.
rank-up = { $choice }: up
rank-down = { $choice }: down
rank-keep = This order is right
kind-not-here = Pictures, recordings and files cannot be added on this device. Go on without.
file-not-here = ({ $file } is not on this device)
rows = { $label }: { $rows ->
    [0] none yet
    [one] one so far
   *[other] { $rows } so far
}
add-row = Add: { $label }
take-out-row = Take one out
answer-missing = An answer is still needed here.
answer-does-not-fit = This answer is not possible.
answer = This answer does not fit the question. The one before stays.
answer-not-integer = A whole number is needed. The answer before stays.
answer-not-number = A number is needed. The answer before stays.
answer-not-date = A date is needed. The answer before stays.
answer-not-time = A time is needed. The answer before stays.
answer-not-place = A place is needed: latitude and longitude. The answer before stays.
answer-out-of-range = This is outside of what can be answered here. The answer before stays.
answer-too-long = This is too long. Shorten it.
answer-too-many-rows = There can be no more of these.
answer-rows-are-counted = The form computes how many there are.
answer-answers-too-long = All answers together are too long. Shorten the longest texts.
answer-cannot-be-raised = The result cannot be raised.

# The end
review = Review
review-explain = Touch an answer to change it.
missing = { $n ->
    [one] One answer is still needed:
   *[other] { $n } answers are still needed:
}
to-result = To the result
result = Result
outcome = This screening says
reasons = Why
raise = Raise to presumed victim…
raise-why = Why do you raise it?
return-to-answers = Back to the answers
seal = Finish and seal
seal-explain = After sealing, nobody can read the answers on this phone any more.
erase = Erase the answers
stopped-title = Thank you
stopped-words = The conversation has ended. Nothing of it is shown here.
stopped-finish = Finish
stopped-return = Go on after all
stopped-no-urgent = Nothing urgent was said.
sealed-title = Sealed
sealed = Sealed. It will be sent at the next sync.
slip-explain = Write this code on the person's slip:
undo-explain = With this second code the person can withdraw everything, also on another phone. Give it only when it is safe to keep:
written-down = Written down: close

# Records
records = Records
waiting = { $n ->
    [0] Nothing waits to be sent
    [one] One record waits to be sent
   *[other] { $n } records wait to be sent
}
no-records = No record was sealed on this phone yet.
lease-over = Nothing was synced for a long time: the list is hidden until the next sync.
case-waiting = waits
case-sent = arrived
case-withdrawn = withdrawn
case-elsewhere = from the earlier phone
case-refused = refused
case-looked-at = received: someone will look at it
show-slip = Slip
withdraw = Withdraw
withdraw-explain = The person takes this record back. It goes out with the next sync; the answers are then erased, and help does not depend on it.
withdraw-done = It is taken back with the next sync. The answers are then erased.
withdraw-waits = It goes with the next sync. Without the second code, someone looks at it first; what was recorded on this phone is taken back at once.
take-back = A person takes back her words
take-back-explain = Whoever told something may take it back, at any time and without a reason. Help does not depend on it. Enter the codes of the slip.
take-back-code = Code on the slip
take-back-second = Second code, if she has it
take-back-do = Take back
correct = This corrects an earlier record
correct-explain = With both codes of her slip, what was said now takes the place of what was recorded then, also on another phone. Her slip stays as it is.
hand-over = Move to a new phone
hand-over-explain = The list of your records, with their notes and referrals, goes from your old phone to your new one. Keep both in hand. What the old phone has still to send, it sends itself.
hand-over-new = This is the new phone
hand-over-show-key = Show the key
hand-over-key = Key of the new phone
hand-over-key-explain = Copy it to the old phone: send it to yourself, or type it. It opens one file and is of no use to anyone else. A new key takes the place of this one.
hand-over-go-on = Go on with the file
hand-over-file = File of the old phone
hand-over-take = Take the file
hand-over-old = This is the old phone
hand-over-give = Make the file
hand-over-taken = { $n ->
    [one] One record was taken over.
   *[other] { $n } records were taken over.
}
activity = What this phone did
activity-explain = When, what and how many; nothing of anybody.
did-finished = { $n ->
    [one] one record sealed
   *[other] { $n } records sealed
}
did-sent = { $n ->
    [one] one record arrived at the server
   *[other] { $n } records arrived at the server
}
did-purged = { $n ->
    [one] one sealed case erased from this phone
   *[other] { $n } sealed cases erased from this phone
}
did-forgotten = { $n ->
    [one] one line of the list erased
   *[other] { $n } lines of the list erased
}

# Sync and couriers
sync = Sync
last-sync = Last sync: { $when }
never-synced = Not synced yet
send-now = Sync now
cancel-sync = Stop the sync
contacting = Asking the server…
sending = Sending: { $done } of { $of }
fetching = Fetching: { $done } of { $of }
sync-cancelled = The sync was stopped. What was sent stays sent.
sync-nothing = All is up to date.
sync-sent = { $n ->
    [one] One record arrived.
   *[other] { $n } records arrived.
}
sync-looked-at = { $n ->
    [one] One record was received. Someone will look at it before it is counted; there is nothing for you to do.
   *[other] { $n } records were received. Someone will look at them before they are counted; there is nothing for you to do.
}
sync-refused = { $n ->
    [one] One record was refused: tell your coordinator.
   *[other] { $n } records were refused: tell your coordinator.
}
sync-new-catalog = Questionnaires and settings are up to date.
sync-catalog-fault = The server's new settings were refused ({ $why }). The old ones stay: tell your coordinator.
sync-restored = The server had lost records; they were sent again.
courier = By courier
courier-explain = Where no network reaches, any phone, memory card or e-mail may carry what waits as a sealed file. Nobody on the way can read it. Give it to the courier, and take the file that comes back.
save-bundle = Save what waits as a file
bundle-saved = The records go on waiting until the courier's file or a sync confirms them.
take-parcel = Take the courier's file
carry-explain = Carry the file of another phone: this phone needs a network. Take the new file back to that phone.
carry = Bring another phone's file to the server
take-file = Take it
carry-file = Bring it to the server

# What can go wrong
trouble = Something went wrong. Nothing is lost.
trouble-locked = Locked. Enter your PIN.
trouble-key-store-unavailable = The key store of this computer does not answer. Wait a moment and try again. Nothing is lost.
trouble-key-store-lost = The key store of this computer has lost the phone's secret. Open interviews cannot be read any more; sealed records are still sent. Ask your coordinator for a new card.
trouble-in-use = Another window or program uses the files of this phone. Close it and try again.
trouble-newer-version = The data come from a newer version of this program. Update it. Nothing was changed.
trouble-storage = The disk is full or cannot be written. Make room and try again. Nothing was lost.
trouble-folder = The phone's folder cannot be used. Name another one.
trouble-not-enrolled = This phone has no card yet.
trouble-already-enrolled = This phone has a card. To replace it, lock first; open interviews are then lost.
trouble-incomplete = Answers are missing.
trouble-no-consent = There is no agreement: nothing is recorded.
offline = The server cannot be reached. Nothing is lost: try again where there is a network.
offline-portal = This network wants a sign-in first. Sign in to it, or try another network. Nothing is lost.
offline-changed-on-the-way = Something on this network changes what passes. Nothing is lost: try another network.
offline-not-the-server = Another machine answers than your server. Nothing is lost: try another network, and tell your coordinator if it stays so.
offline-later = The server is busy. Nothing is lost: try again later.
damaged = A file of the phone is damaged ({ $file }). It was kept. Show it to your coordinator.
card-unreadable = The text of the card is incomplete. Paste or type it again.
card-not-genuine = This card is not genuine, or it was typed wrongly. Scan or type it again, or ask for a new card.
card-expired = This card has expired. Ask for a new card.
card-expired-by-this-clock = This card has ended by the date of this computer, which no server has confirmed. Check the date first. If it is right, ask for a new card.
card-other-authority = This card is of another authority than the one of this phone. Ask your coordinator.
card-used-already = This phone has used this card already. Ask for another one.
not-found = This is not on the phone any more.
not-found-code = A code is mistyped. Read it from the slip once more.
not-found-second-code = The second code is mistyped. Read it from the slip once more.
not-found-hand-over-key = This is not the key of a phone. Copy all of it, from "age1" to its end.
not-found-intake-key = The server takes nothing by courier yet. Tell your coordinator.
not-found-catalog = The questionnaires are not here yet. Sync once where there is a network.
untrusted = The server or its file cannot be trusted ({ $why }). Nothing was sent. Tell your coordinator.
untrusted-address = its address is not secure
untrusted-parcel = this is not a file of the server
untrusted-hand-over = this is not the file of your other phone for the key that this one showed last
untrusted-catalog-signature = settings that are not signed by your authority
untrusted-catalog-older = settings that are out of date
untrusted-catalog-forked = two settings of one version
untrusted-catalog-recipients = settings without the keys of the case workers
untrusted-catalog-needs-newer-app = settings for a newer version: update this program
refused = The server does not serve this phone. Records stay here. Tell your coordinator.
refused-card-revoked = The card of this phone was revoked. Sealed records are still sent. Ask your coordinator for a new card.
internal = A fault of the program. Tell your coordinator: { $why }

# The preview of a form
preview-again = Begin anew
preview-end = End
preview-complete = The form is complete.
preview-hidden-now = This question is not asked now.
preview-no-form = The form has errors: mend them, and the page follows.
preview-faults = { $n ->
    [one] One remark on the form
   *[other] { $n } remarks on the form
}
preview-raised = What the answers raise
preview-facts = What would be counted
preview-form = The whole form
preview-hidden = hidden by { $at }: { $rule }
preview-hidden-always = hidden

# Services
call-now = Call at once
line-emergency = emergency
line-hotline = advice and help
services = Services
services-find = Find a service
services-later = The directory of services comes with the first sync.
services-none = No service fits. Leave something out of the search, or call one of the numbers below.
services-need = Need
services-any = Any
services-place = Where the person is
services-anywhere = Anywhere
services-abroad = Abroad
services-sex = For
services-sex-female = Women and girls
services-sex-male = Men and boys
services-age = Age in years
services-gaps = Where services are missing
whole-country = Whole country
distance-here = in this place
distance-province = in the same province
distance-nation = in the whole country
distance-elsewhere = in another province
remark-full = It takes nobody now. Call first.
remark-unverified = Nobody has made sure of this for a year. Call first.
remark-closed = Closed at this hour.
service-where = Where
service-for = For
service-hours = Open
service-languages = Languages
service-access = Disability
service-email = E-mail
service-verified = Checked on
service-ages = { $from } to { $to } years
gap = none
gaps-explain = Services in each province, without numbers to call. Where there is none, nobody can be referred.
gap-only-elsewhere = only elsewhere in the province: { $places }

# Referrals
refer = Refer to a service
refer-child = This person is a child, or may be: child protection comes first.
refer-needs = What she asked for. Ask once more, one at a time.
refer-no-needs = She asked for nothing in the interview. What does she need?
refer-other = Another service
refer-to-whom = To whom? The nearest come first. Tell her what each can give, and promise nothing more.
refer-none = Nobody in the directory offers this.
refer-by-device = sent to their device
refer-by-telephone = call them
refer-unavailable = There is nobody within reach
refer-refused = She does not want it
refer-noted = It is noted.
refer-again = Refer to another provider
urgency = How soon must somebody act?
urgency-h1 = within one hour
urgency-h3 = within three hours
urgency-d1 = within a day
urgency-d3 = within three days
urgency-d14 = as routine
agreement = Who agrees that this is shared?
agreement-individual = She herself
agreement-caregiver = Her caregiver; the child was heard
agreement-other-person = Somebody else who decides for her
agreement-child-best-interest = Nobody: the best interest of the child
agreement-vital-interest = Nobody: a life is in danger
agreement-legal-duty = Nobody: the law asks for it
share = What may the provider know?
share-explain = Ask about each. Leave empty what she does not want to share.
share-instead = or say it in other words
share-known = Ask about each, and tick what she agrees to share. What you type goes in place of what she said in the interview.
share-not = not shared
share-name = What she wants to be called
share-sex = Sex
share-age-band = Age
share-language = Languages
share-needs = What she needs
share-situation = What they must know
share-special-needs = Interpreter, escort, small child, disability
share-contact-channel = How to reach her
share-contact-reach = Number or place
share-contact-times = Safe days and times
share-contact-who = Who may answer for her
share-contact-phrase = Agreed phrase
share-do-not-call = She must not be called
share-agreement = Agreed by
share-look = Show what the provider will see
share-seen = Read this to her
share-seen-by = { $who }, the case workers, and nobody else will see this. She may withdraw it at any time.
share-send = She agrees: refer
sex-f = woman or girl
sex-m = man or boy
sex-other = other
referred = It leaves with the next sync.
referred-call = This provider has no device: call, and write down what was said.
call-at-once = Call now.
referrals = Referrals
referrals-all = All open referrals
referrals-open = { $n ->
    [one] One is open
   *[other] { $n } are open
}
no-referrals = No referral is open.
overdue = Overdue.
unreadable = Their device was revoked: refer again, or call.
due = Answer due by { $when }
status = Status
status-draft = being written
status-ready = agreed, not told yet
status-queued = waits for a connection
status-sent = sent
status-received = received
status-service-unavailable = there is no such service
status-declined = declined
status-expired = nobody answered
status-accepted = accepted
status-in-service = help is under way
status-lost-contact = cannot be reached
status-refused-by-person = she does not want it
status-completed = help was given
status-withdrawn = no longer wanted
step-by-provider = (provider)
step-by-focal-point = (focal point)
by-telephone = Said on the telephone
appointment-at = Appointment: { $when }
proposes = Proposes: { $who }
provider-full = No free place for anybody now
decline = Why not?
decline-no-capacity = All places are taken
decline-not-eligible = The service is not for her
decline-out-of-area = She is too far away
decline-wrong-service = Another service is meant
decline-more = If you decline: why, and who else
hours-more = If your opening hours have changed
hours-explain = Whoever keeps the list of services hears of it, and calls you before the list changes.
what-now = What happened?
note-what-happened = Write down what happened
note-it = Note it
note-text = In a few words
note-appointment = Appointment (day and hour)
note-propose = Another organisation that would help
note-hours = Opening hours, such as mo-fr 08:00-12:00
noted = It is noted.
withdraw-referral = She no longer agrees to this referral
withdraw-referral-explain = The provider's copy goes when her device next meets the server. Call her if it must be sooner.
incoming = People referred to you
no-incoming = Nobody is referred to you now.
referred-by = Referred by { $who }, { $when }
cannot-open = This device was enrolled later than the referral and cannot open it. A colleague's device can, or the focal point refers again.
answer-it = Answer
answered = The answer leaves with the next sync.
answer-no-longer-wanted = This referral is no longer wanted.
answer-agreement-needed = Somebody who may must agree: for a child a caregiver, or child protection.
answer-not-the-next-status = It cannot go there from where it is now.
slip-may-be-found = May somebody find this paper without danger to her? Only then does it say where to go.
slip-where = Where to go:
slip-found-yes = Yes, it may be found
slip-found-no = No, it says nothing of that
slip-withdraw = To take everything back: say both codes to any focal point.
slip-complaint = If anybody asks you for money, work or a favour for this help, or harms you, call:
slip-provider = For the service: this code only. Nobody can withdraw anything with it.

# Practice
practice = Practice with invented people
practice-explain = Somebody reads a story and plays the person; you lead the interview. It is a phone of its own: nothing of it is sent, kept or counted. At the end stands what a good interview would have noticed.
practice-only = Practice: nobody here is real.
practice-pin = Its PIN is { $pin }.
practice-story = The story: { $name }
practice-end = End the practice
practice-noticed = What a good interview would have noticed
practice-outcome = With the whole story the screening says:
practice-all = You heard all of it.
practice-missed = Not asked, or written down otherwise:
