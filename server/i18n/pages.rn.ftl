# The pages in Kirundi.
# status: draft, by the authors, 2026-11-29
# No native reader has seen these texts. What is missing here is said in French. When a reader has checked all of it, the second
# line says so: "# status: reviewed, by NAME, DATE"; the mark on the pages then goes away.

draft-mark = Amajambo atarasuzumwa

# Months and numbers
month-1 = Nzero
month-2 = Ruhuhuma
month-3 = Ntwarante
month-4 = Ndamukiza
month-5 = Rusama
month-6 = Ruheshi
month-7 = Mukakaro
month-8 = Nyandagaro
month-9 = Nyakanga
month-10 = Gitugutu
month-11 = Munyonyo
month-12 = Kigarama
short-month-1 = Nze.
short-month-2 = Ruhu.
short-month-3 = Ntw.
short-month-4 = Nda.
short-month-5 = Rus.
short-month-6 = Ruhe.
short-month-7 = Muk.
short-month-8 = Nyan.
short-month-9 = Nyak.
short-month-10 = Git.
short-month-11 = Mun.
short-month-12 = Kig.
number-group = { " " }
number-decimal = { "," }
number-percent = { " " }%

# Every page
tagline = Ikiganiro n'abatahutse mu Burundi
skip = Ja ku birimwo
nav-figures = Ibiharuro
nav-help = Uko bisomwa
nav-audit = Uwabonye iki
sign-out = Sohoka
language = Ururimi

# Roles
role-national-coordinator = Umuhuzabikorwa w'igihugu
role-provincial-coordinator = Umuhuzabikorwa w'intara
role-national-data-officer = Ujejwe amakuru mu gihugu
role-reviewer = Uwusuzuma
role-device-officer = Ujejwe amatelefone
role-auditor = Umugenzuzi

# Signing in
sign-in-title = Kwinjira
sign-in-lead = Ni ivy'abahuzabikorwa. Ivyo mwugurura hano birandikwa.
sign-in-name = Izina
sign-in-password = Ijambo ry'ibanga
sign-in-code = Kode ikora rimwe
sign-in-code-hint = Ibiharuro bitandatu vyo muri porogarama yanyu, canke kode y'ubutabazi yo ku rupapuro rwanyu.
sign-in-button = Injira
sign-in-wrong = Ntivyakunze. Suzuma izina, ijambo ry'ibanga na kode; kode ikora rimwe gusa, kandi isaha ya telefone ibwirizwa kuba igororotse.
sign-in-too-many-seconds = Mwagerageje kenshi. Rindira amasegonda { $seconds }, mugerageze kandi.
sign-in-too-many-minutes = Mwagerageje kenshi. Rindira iminota { $minutes }, mugerageze kandi.
sign-in-signed-out = Mwasohotse.
sign-in-idle = Mwasohowe kuko haheze isaha ata rupapuro mwuguruye. Injira kugira mubandanye.
sign-in-over = Mwasohowe kuko umuntu yinjira amasaha cumi n'abiri gusa. Injira kugira mubandanye.
sign-in-gone = Igihe canyu caraheze. Injira kugira mubandanye.

# Pages that say no
problem-not-found-title = Nta kintu kiri hano
problem-not-found = Nta rupapuro ruri kuri iyi aderesi.
problem-not-allowed-title = Ntimubirekuriwe
problem-not-allowed = Konte yanyu ntirekuriwe uru rupapuro canke iki kibanza.
problem-bad-request-title = Ntivyumvikanye
problem-bad-request = Ivyo musavye ntivyasomwe. Subira inyuma mugerageze kandi.
problem-too-many-title = Mwasavye kenshi
problem-too-many = Haje vyinshi cane bivuye kuri rezo yanyu. Rindira inusu y'umunota, mugerageze kandi.
problem-unavailable-title = Si ubu nyene
problem-unavailable = Urupapuro ntirushobora gukorwa ubu. Nta cazimiye; mugerageze mukanya.
problem-back = Subira ku rupapuro rwa mbere

# Figures
people-title = Abantu bamenyekanye
people-lead = Abantu biyumvirwa ko bacurujwe, bivuye mu biganiro vy'abajejwe ibikorwa mu makomine.
people-place = Ikibanza
people-period = Igihe
people-nation = Uburundi
people-all-months = Amezi yose yugawe
people-identified = Abantu bamenyekanye
people-screened = Abantu baganirijwe
people-screenings = Ibiganiro
people-page = Urupapuro
people-number = Igitigiri
people-share = Igice kw'ijana
people-year = Umwaka
people-province = Intara
people-commune = Komine
people-everyone = Bose
people-open-title = Amezi atarugarwa

# Titles of the other pages
account-title = Konte yanyu
accounts-title = Amakonte
coverage-title = Abatanze amakuru n'ireme ryayo
history-title = Imyaka ya kera
infosheet-title = Urupapuro rw'amakuru
overdue-title = Abarungitswe batarishurwa
plan-title = Imbonerahamwe zihari
quarantine-title = Ibirindiriye gusuzumwa
