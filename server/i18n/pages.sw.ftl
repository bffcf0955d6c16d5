# The pages in Swahili.
# status: draft, by the authors, 2026-11-29
# No native reader has seen these texts. What is missing here is said in French. When a reader has checked all of it, the second
# line says so: "# status: reviewed, by NAME, DATE"; the mark on the pages then goes away.

draft-mark = Maneno ya muda, hayajakaguliwa

# Months and numbers
month-1 = Januari
month-2 = Februari
month-3 = Machi
month-4 = Aprili
month-5 = Mei
month-6 = Juni
month-7 = Julai
month-8 = Agosti
month-9 = Septemba
month-10 = Oktoba
month-11 = Novemba
month-12 = Desemba
short-month-1 = Jan
short-month-2 = Feb
short-month-3 = Mac
short-month-4 = Apr
short-month-5 = Mei
short-month-6 = Jun
short-month-7 = Jul
short-month-8 = Ago
short-month-9 = Sep
short-month-10 = Okt
short-month-11 = Nov
short-month-12 = Des
number-group = { "," }
number-decimal = { "." }
number-percent = %

# Every page
tagline = Mahojiano na watu waliorudi Burundi
skip = Nenda kwenye maudhui
nav-figures = Takwimu
nav-help = Jinsi ya kuzisoma
nav-audit = Nani aliona nini
sign-out = Toka
language = Lugha

# Roles
role-national-coordinator = Mratibu wa taifa
role-provincial-coordinator = Mratibu wa mkoa
role-national-data-officer = Afisa wa takwimu wa taifa
role-reviewer = Mkaguzi wa kesi
role-device-officer = Afisa wa simu
role-auditor = Mkaguzi wa mfumo

# Signing in
sign-in-title = Ingia
sign-in-lead = Kwa waratibu. Unachofungua hapa kinaandikwa.
sign-in-name = Jina
sign-in-password = Nenosiri
sign-in-code = Msimbo wa mara moja
sign-in-code-hint = Tarakimu sita kutoka programu yako ya uthibitishaji, au msimbo wa akiba kutoka karatasi yako.
sign-in-button = Ingia
sign-in-wrong = Haikufanikiwa. Kagua jina, nenosiri na msimbo; msimbo hufanya kazi mara moja tu, na saa ya simu yake lazima iwe sahihi.
sign-in-too-many-seconds = Umejaribu mara nyingi mno. Subiri sekunde { $seconds }, kisha jaribu tena. Kujaribu mapema hakuongezi muda wa kusubiri.
sign-in-too-many-minutes = Umejaribu mara nyingi mno. Subiri dakika { $minutes }, kisha jaribu tena. Kujaribu mapema hakuongezi muda wa kusubiri.
sign-in-signed-out = Umetoka.
sign-in-idle = Umetolewa kwa sababu saa moja imepita bila kufungua ukurasa. Ingia ili kuendelea ulipokuwa.
sign-in-over = Umetolewa kwa sababu kipindi hudumu saa kumi na mbili tu. Ingia ili kuendelea ulipokuwa.
sign-in-gone = Kipindi chako kimeisha. Ingia ili kuendelea ulipokuwa.

# Pages that say no
problem-not-found-title = Hakuna kitu hapa
problem-not-found = Hakuna ukurasa kwenye anwani hii.
problem-not-allowed-title = Huna ruhusa
problem-not-allowed = Akaunti yako haihusu ukurasa huu au mahali hapa.
problem-bad-request-title = Haikueleweka
problem-bad-request = Ombi halikuweza kusomwa. Rudi nyuma na ujaribu tena.
problem-too-many-title = Maombi mengi mno
problem-too-many = Maombi mengi mno yametoka kwenye mtandao wako. Subiri nusu dakika, kisha jaribu tena.
problem-unavailable-title = Si sasa hivi
problem-unavailable = Ukurasa hauwezi kutengenezwa kwa sasa. Hakuna kilichopotea; jaribu tena baadaye kidogo.
problem-back = Rudi kwenye ukurasa wa kwanza

# Figures
people-title = Watu waliotambuliwa
people-lead = Watu wanaodhaniwa kuwa waathirika wa usafirishaji haramu wa binadamu, kulingana na mahojiano ya wahusika wa jamii.
people-place = Mahali
people-period = Kipindi
people-nation = Burundi
people-all-months = Miezi yote iliyofungwa
people-identified = Watu waliotambuliwa
people-screened = Watu waliohojiwa
people-screenings = Mahojiano
people-page = Ukurasa
people-number = Idadi
people-share = Sehemu kwa mia
people-year = Mwaka
people-province = Mkoa
people-commune = Wilaya (commune)
people-everyone = Wote
people-open-title = Miezi ambayo bado haijafungwa

# Titles of the other pages
account-title = Akaunti yako
accounts-title = Akaunti
coverage-title = Waliotoa taarifa na ubora wake
history-title = Miaka iliyopita
infosheet-title = Karatasi ya taarifa
overdue-title = Rufaa zilizochelewa
plan-title = Majedwali yaliyopo
quarantine-title = Yanayosubiri uamuzi
