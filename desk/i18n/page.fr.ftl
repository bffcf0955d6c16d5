# La page locale : un téléphone dans le navigateur, et l'aperçu d'un formulaire.
language-name = Français
language = Langue
home = Accueil
more = Plus
cancel = Annuler
try-again = Réessayer
print = Imprimer
search = Rechercher
newer = Plus récents
older = Plus anciens
weekdays = lun mar mer jeu ven sam dim
month = Mois
year = Année
month-01 = janvier
month-02 = février
month-03 = mars
month-04 = avril
month-05 = mai
month-06 = juin
month-07 = juillet
month-08 = août
month-09 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
quick-exit = Sortir
quick-exit-long = Sortir tout de suite et verrouiller

# Carte, code PIN, fin d'un coffre
enrol-title = Inscription
enrol-explain = Collez ou tapez le texte de la carte remise par votre coordinateur. Aucun réseau n'est nécessaire.
card = Texte de la carte
check-card = Vérifier la carte
another-card = Une autre carte
card-organisation = Organisation
card-commune = Commune
card-expires = Valable jusqu'au
card-server = Serveur
fingerprint-explain = Lisez ceci à voix haute à votre coordinateur. Si c'est différent, n'utilisez pas la carte.
pin-explain = Choisissez un code PIN d'au moins { $least } signes que personne ne peut deviner. Personne ne peut le retrouver pour vous : qui l'oublie a besoin d'une nouvelle carte, et les entretiens ouverts sont perdus.
pin = Code PIN
pin-old = Code PIN actuel
pin-new = Nouveau code PIN
pin-again = Le même code encore une fois
pin-differs = Les deux codes sont différents.
pin-too-short = Le code PIN doit avoir au moins { $least } signes.
pin-changed = Le nouveau code PIN est en vigueur.
change-pin = Changer le code PIN
enrol = Utiliser cette carte
unlock-title = Verrouillé
unlock-explain = Entrez votre code PIN. L'envoi continue aussi quand le téléphone est verrouillé.
unlock = Déverrouiller
attempts-left = { $left ->
    [one] Il reste un essai, puis les entretiens ouverts sont détruits.
   *[other] Il reste { $left } essais.
}
wrong-pin = Code PIN incorrect. { $left ->
    [one] Il reste un essai, puis les entretiens ouverts sont détruits.
   *[other] Il reste { $left } essais.
}
too-soon = Trop tôt après un code incorrect.
wait-seconds = { $n ->
    [one] Attendez une seconde.
   *[other] Attendez { $n } secondes.
}
wait-minutes = { $n ->
    [one] Attendez une minute.
   *[other] Attendez { $n } minutes.
}
new-card = Utiliser une nouvelle carte
new-card-long = Utiliser une nouvelle carte (les entretiens ouverts sont alors perdus)
vault-gone-title = Vidé
vault-gone = Les entretiens ouverts et la liste des cas n'existent plus. Ce qui est scellé est encore envoyé. Demandez une nouvelle carte à votre coordinateur.
destroyed = Les entretiens ouverts n'existent plus.
destroyed-too-many-wrong-pins = Il y a eu trop de codes PIN incorrects.
destroyed-panic-wipe = Ce téléphone a été vidé exprès.
destroyed-wipe-order = Votre coordinateur a fait vider ce téléphone.
destroyed-replaced = Une nouvelle carte a été commencée sans aller jusqu'au bout.
wipe = Vider ce téléphone
wipe-explain = Les entretiens ouverts et la liste des cas sont détruits tout de suite, et personne ne les retrouve. Ce qui est scellé reste illisible et est encore envoyé. À utiliser si quelqu'un vous prend cet ordinateur.
wipe-do = Détruire maintenant
broken-title = Le téléphone ne peut pas être ouvert
key-file-warning = Cet ordinateur n'a pas de trousseau de clés : le secret du téléphone se trouve dans un fichier à côté de son dossier. Qui copie le disque n'a plus besoin que de votre code PIN. Choisissez-le long.

# Accueil
begin = Commencer un entretien
go-on = Continuer un entretien
begun = commencé le { $when }
no-questionnaires = Il n'y a pas encore de questionnaire sur ce téléphone. Synchronisez une fois là où il y a du réseau.
this-phone = Ce téléphone
codes-again = Montrer encore les codes du billet
lock = Verrouiller

# Entretien
interview = Entretien
progress = Avancement de l'entretien
stop = Arrêter
back = Retour
next = Suivant
to-review = Vers la fin
required = Une réponse est nécessaire
more-help = Plus d'aide
acknowledge = Oui, confirmé
choose = Choisir…
no-answer = Sans réponse
latitude = Latitude
longitude = Longitude
place-hint = En degrés, par exemple -3.38 et 29.36.
places-hint = Un lieu par ligne : latitude et longitude, par exemple -3.38 29.36.
range-between = De { $start } à { $end }.
rank-up = { $choice } : monter
rank-down = { $choice } : descendre
rank-keep = Cet ordre est juste
kind-not-here = Les images, enregistrements et fichiers ne peuvent pas être ajoutés sur cet appareil. Continuez sans.
file-not-here = ({ $file } n'est pas sur cet appareil)
rows = { $label } : { $rows ->
    [0] aucun pour l'instant
    [one] un pour l'instant
   *[other] { $rows } pour l'instant
}
add-row = Ajouter : { $label }
take-out-row = En retirer un
answer-missing = Il manque encore une réponse ici.
answer-does-not-fit = Cette réponse n'est pas possible.
answer = Cette réponse ne convient pas à la question. La précédente reste.
answer-not-integer = Il faut un nombre entier. La réponse précédente reste.
answer-not-number = Il faut un nombre. La réponse précédente reste.
answer-not-date = Il faut une date. La réponse précédente reste.
answer-not-time = Il faut une heure. La réponse précédente reste.
answer-not-place = Il faut un lieu : latitude et longitude. La réponse précédente reste.
answer-out-of-range = C'est en dehors de ce qui est possible ici. La réponse précédente reste.
answer-too-long = C'est trop long. Raccourcissez.
answer-too-many-rows = On ne peut pas en ajouter.
answer-rows-are-counted = Le formulaire calcule combien il y en a.
answer-answers-too-long = Toutes les réponses ensemble sont trop longues. Raccourcissez les plus longs textes.
answer-cannot-be-raised = Le résultat ne peut pas être relevé.

# La fin
review = Relecture
review-explain = Touchez une réponse pour la changer.
missing = { $n ->
    [one] Il manque encore une réponse :
   *[other] Il manque encore { $n } réponses :
}
to-result = Vers le résultat
result = Résultat
outcome = Selon cet entretien
reasons = Pourquoi
raise = Relever à victime présumée…
raise-why = Pourquoi relever le résultat ?
return-to-answers = Revenir aux réponses
seal = Terminer et sceller
seal-explain = Une fois scellées, les réponses ne peuvent plus être lues sur ce téléphone.
erase = Effacer les réponses
stopped-title = Merci
stopped-words = La conversation est terminée. Rien n'en est affiché ici.
stopped-finish = Terminer
stopped-return = Continuer quand même
stopped-no-urgent = Rien d'urgent n'a été dit.
sealed-title = Scellé
sealed = Scellé. Il sera envoyé à la prochaine synchronisation.
slip-explain = Écrivez ce code sur le billet de la personne :
undo-explain = Avec ce second code, la personne peut tout retirer, même sur un autre téléphone. Le donner seulement si elle peut le garder sans danger :
written-down = C'est noté : fermer

# Dossiers
records = Dossiers
waiting = { $n ->
    [0] Rien n'attend d'être envoyé
    [one] Un dossier attend d'être envoyé
   *[other] { $n } dossiers attendent d'être envoyés
}
no-records = Aucun dossier n'a encore été scellé sur ce téléphone.
lease-over = Rien n'a été synchronisé depuis longtemps : la liste est cachée jusqu'à la prochaine synchronisation.
case-waiting = en attente
case-sent = arrivé
case-withdrawn = retiré
case-elsewhere = de l'ancien téléphone
case-refused = refusé
case-looked-at = reçu : quelqu'un va le regarder
show-slip = Billet
withdraw = Retirer
withdraw-explain = La personne reprend ce dossier. Cela part à la prochaine synchronisation ; les réponses sont alors effacées, et l'aide n'en dépend pas.
withdraw-done = C'est retiré à la prochaine synchronisation. Les réponses sont alors effacées.
withdraw-waits = Cela part à la prochaine synchronisation. Sans le second code, quelqu'un regarde d'abord ; ce qui a été enregistré sur ce téléphone est retiré tout de suite.
take-back = Une personne reprend ses paroles
take-back-explain = Qui a raconté quelque chose peut le retirer, à tout moment et sans dire pourquoi. L'aide n'en dépend pas. Entrez les codes du billet.
take-back-code = Code du billet
take-back-second = Second code, si elle l'a
take-back-do = Retirer
correct = Ceci corrige un enregistrement précédent
correct-explain = Avec les deux codes de son billet, ce qui vient d'être dit remplace ce qui avait été enregistré, même sur un autre téléphone. Son billet reste le même.
hand-over = Passer à un nouveau téléphone
hand-over-explain = La liste de vos enregistrements, avec leurs notes et orientations, passe de l'ancien téléphone au nouveau. Gardez les deux en main. Ce que l'ancien doit encore envoyer, il l'envoie lui-même.
hand-over-new = Ceci est le nouveau téléphone
hand-over-show-key = Montrer la clé
hand-over-key = Clé du nouveau téléphone
hand-over-key-explain = Copiez-la sur l'ancien téléphone : envoyez-la-vous, ou tapez-la. Elle ouvre un seul fichier et ne sert à personne d'autre. Une nouvelle clé la remplace.
hand-over-go-on = Continuer avec le fichier
hand-over-file = Fichier de l'ancien téléphone
hand-over-take = Prendre le fichier
hand-over-old = Ceci est l'ancien téléphone
hand-over-give = Faire le fichier
hand-over-taken = { $n ->
    [one] Un enregistrement a été repris.
   *[other] { $n } enregistrements ont été repris.
}
activity = Ce que ce téléphone a fait
activity-explain = Quand, quoi et combien ; rien de personne.
did-finished = { $n ->
    [one] un dossier scellé
   *[other] { $n } dossiers scellés
}
did-sent = { $n ->
    [one] un dossier arrivé au serveur
   *[other] { $n } dossiers arrivés au serveur
}
did-purged = { $n ->
    [one] un cas scellé effacé de ce téléphone
   *[other] { $n } cas scellés effacés de ce téléphone
}
did-forgotten = { $n ->
    [one] une ligne de la liste effacée
   *[other] { $n } lignes de la liste effacées
}

# Synchronisation et porteurs
sync = Synchroniser
last-sync = Dernière synchronisation : { $when }
never-synced = Pas encore synchronisé
send-now = Synchroniser maintenant
cancel-sync = Arrêter l'envoi
contacting = Demande au serveur…
sending = Envoi : { $done } sur { $of }
fetching = Réception : { $done } sur { $of }
sync-cancelled = L'envoi a été arrêté. Ce qui est envoyé reste envoyé.
sync-nothing = Tout est à jour.
sync-sent = { $n ->
    [one] Un dossier est arrivé.
   *[other] { $n } dossiers sont arrivés.
}
sync-looked-at = { $n ->
    [one] Un dossier est reçu. Quelqu'un va le regarder avant qu'il compte ; vous n'avez rien à faire.
   *[other] { $n } dossiers sont reçus. Quelqu'un va les regarder avant qu'ils comptent ; vous n'avez rien à faire.
}
sync-refused = { $n ->
    [one] Un dossier a été refusé : prévenez votre coordinateur.
   *[other] { $n } dossiers ont été refusés : prévenez votre coordinateur.
}
sync-new-catalog = Questionnaires et réglages sont à jour.
sync-catalog-fault = Les nouveaux réglages du serveur ont été refusés ({ $why }). Les anciens restent : prévenez votre coordinateur.
sync-restored = Le serveur avait perdu des dossiers ; ils ont été renvoyés.
courier = Par porteur
courier-explain = Là où il n'y a pas de réseau, n'importe quel téléphone, carte mémoire ou courriel peut porter ce qui attend, dans un fichier scellé. Personne ne peut le lire en chemin. Donnez-le au porteur, et prenez le fichier qui revient.
save-bundle = Enregistrer ce qui attend
bundle-saved = Les dossiers attendent encore, jusqu'à ce que le fichier du porteur ou une synchronisation les confirme.
take-parcel = Prendre le fichier du porteur
carry-explain = Porter le fichier d'un autre téléphone : ce téléphone a besoin de réseau. Rapportez le nouveau fichier à ce téléphone.
carry = Porter le fichier d'un autre téléphone au serveur
take-file = Le prendre
carry-file = Le porter au serveur

# Ce qui peut aller mal
trouble = Quelque chose n'a pas marché. Rien n'est perdu.
trouble-locked = Verrouillé. Entrez votre code PIN.
trouble-key-store-unavailable = Le trousseau de cet ordinateur ne répond pas. Attendez un moment et réessayez. Rien n'est perdu.
trouble-key-store-lost = Le trousseau de cet ordinateur a perdu le secret du téléphone. Les entretiens ouverts ne sont plus lisibles ; les dossiers scellés sont encore envoyés. Demandez une nouvelle carte à votre coordinateur.
trouble-in-use = Une autre fenêtre ou un autre programme utilise les fichiers de ce téléphone. Fermez-le et réessayez.
trouble-newer-version = Les données viennent d'une version plus récente de ce programme. Mettez-le à jour. Rien n'a été modifié.
trouble-storage = Le disque est plein ou ne peut pas être écrit. Faites de la place et réessayez. Rien n'est perdu.
trouble-folder = Le dossier du téléphone ne peut pas être utilisé. Nommez-en un autre.
trouble-not-enrolled = Ce téléphone n'a pas encore de carte.
trouble-already-enrolled = Ce téléphone a déjà une carte. Pour la remplacer, verrouillez d'abord ; les entretiens ouverts sont alors perdus.
trouble-incomplete = Il manque des réponses.
trouble-no-consent = Il n'y a pas d'accord : rien n'est enregistré.
offline = Le serveur est injoignable. Rien n'est perdu : réessayez là où il y a du réseau.
offline-portal = Ce réseau demande d'abord une connexion. Connectez-vous, ou essayez un autre réseau. Rien n'est perdu.
offline-changed-on-the-way = Quelque chose sur ce réseau modifie ce qui passe. Rien n'est perdu : essayez un autre réseau.
offline-not-the-server = Une autre machine répond à la place de votre serveur. Rien n'est perdu : essayez un autre réseau, et prévenez votre coordinateur si cela continue.
offline-later = Le serveur est occupé. Rien n'est perdu : réessayez plus tard.
damaged = Un fichier du téléphone est abîmé ({ $file }). Il a été conservé. Montrez-le à votre coordinateur.
card-unreadable = Le texte de la carte est incomplet. Collez-le ou tapez-le encore une fois.
card-not-genuine = Cette carte n'est pas authentique, ou elle a été mal saisie. Scannez-la ou saisissez-la encore, ou demandez une nouvelle carte.
card-expired = Cette carte est périmée. Demandez une nouvelle carte.
card-expired-by-this-clock = Cette carte est périmée selon la date de cet ordinateur, qu'aucun serveur n'a confirmée. Vérifiez d'abord la date. Si elle est juste, demandez une nouvelle carte.
card-other-authority = Cette carte vient d'une autre autorité que celle de ce téléphone. Demandez à votre coordinateur.
card-used-already = Ce téléphone a déjà utilisé cette carte. Demandez-en une autre.
not-found = Ceci n'est plus sur le téléphone.
not-found-code = Un code est mal tapé. Relisez-le sur le billet.
not-found-second-code = Le second code est mal tapé. Relisez-le sur le billet.
not-found-hand-over-key = Ce n'est pas la clé d'un téléphone. Copiez-la entière, de « age1 » jusqu'à la fin.
not-found-intake-key = Le serveur ne reçoit encore rien par porteur. Prévenez votre coordinateur.
not-found-catalog = Les questionnaires ne sont pas encore ici. Synchronisez une fois là où il y a du réseau.
untrusted = On ne peut pas se fier au serveur ou à son fichier ({ $why }). Rien n'a été envoyé. Prévenez votre coordinateur.
untrusted-address = son adresse n'est pas sûre
untrusted-parcel = ce n'est pas un fichier du serveur
untrusted-hand-over = ce n'est pas le fichier de votre autre téléphone pour la dernière clé montrée ici
untrusted-catalog-signature = des réglages que votre autorité n'a pas signés
untrusted-catalog-older = des réglages périmés
untrusted-catalog-forked = deux réglages d'une même version
untrusted-catalog-recipients = des réglages sans les clés des gestionnaires de cas
untrusted-catalog-needs-newer-app = des réglages pour une version plus récente : mettez le programme à jour
refused = Le serveur ne sert pas ce téléphone. Les dossiers restent ici. Prévenez votre coordinateur.
refused-card-revoked = La carte de ce téléphone a été révoquée. Les dossiers scellés sont encore envoyés. Demandez une nouvelle carte à votre coordinateur.
internal = Une erreur du programme. Prévenez votre coordinateur : { $why }

# L'aperçu d'un formulaire
preview-again = Recommencer
preview-end = Fin
preview-complete = Le formulaire est complet.
preview-hidden-now = Cette question n'est pas posée maintenant.
preview-no-form = Le formulaire a des erreurs : corrigez-les, et la page suit.
preview-faults = { $n ->
    [one] Une remarque sur le formulaire
   *[other] { $n } remarques sur le formulaire
}
preview-raised = Ce que les réponses soulèvent
preview-facts = Ce qui serait compté
preview-form = Tout le formulaire
preview-hidden = caché par { $at } : { $rule }
preview-hidden-always = caché

# Services
call-now = Appeler tout de suite
line-emergency = urgence
line-hotline = conseil et aide
services = Services
services-find = Trouver un service
services-later = Le répertoire des services arrive avec la première synchronisation.
services-none = Aucun service ne convient. Cherchez avec moins de précisions, ou appelez un des numéros ci-dessous.
services-need = Besoin
services-any = Tous
services-place = Où se trouve la personne
services-anywhere = Partout
services-abroad = À l'étranger
services-sex = Pour
services-sex-female = Femmes et filles
services-sex-male = Hommes et garçons
services-age = Âge en années
services-gaps = Là où des services manquent
whole-country = Tout le pays
distance-here = sur place
distance-province = dans la même province
distance-nation = dans tout le pays
distance-elsewhere = dans une autre province
remark-full = Personne ne peut être accueilli maintenant. Appelez d'abord.
remark-unverified = Personne n'a vérifié ceci depuis un an. Appelez d'abord.
remark-closed = Fermé à cette heure.
service-where = Où
service-for = Pour
service-hours = Ouvert
service-languages = Langues
service-access = Handicap
service-email = Courriel
service-verified = Vérifié le
service-ages = de { $from } à { $to } ans
gap = aucun
gaps-explain = Les services de chaque province, sans les numéros à appeler. Là où il n'y en a aucun, personne ne peut être référé.
gap-only-elsewhere = seulement ailleurs dans la province : { $places }

# Orientations
refer = Orienter vers un service
refer-child = Cette personne est un enfant, ou peut l'être : la protection de l'enfant d'abord.
refer-needs = Ce qu'elle a demandé. Redemander, un besoin à la fois.
refer-no-needs = Elle n'a rien demandé pendant l'entretien. De quoi a-t-elle besoin ?
refer-other = Un autre service
refer-to-whom = Vers qui ? Les plus proches d'abord. Dire ce que chacun peut donner, ne rien promettre de plus.
refer-none = Personne dans le répertoire ne propose ce service.
refer-by-device = envoyé à leur appareil
refer-by-telephone = à appeler
refer-unavailable = Il n'y a personne à proximité
refer-refused = Elle ne le veut pas
refer-noted = C'est noté.
refer-again = Orienter vers un autre prestataire
urgency = Dans quel délai faut-il agir ?
urgency-h1 = dans l'heure
urgency-h3 = dans les trois heures
urgency-d1 = dans la journée
urgency-d3 = dans les trois jours
urgency-d14 = sans urgence
agreement = Qui accepte que cela soit partagé ?
agreement-individual = Elle-même
agreement-caregiver = La personne qui en a la charge ; l'enfant a été entendu
agreement-other-person = Une autre personne qui décide pour elle
agreement-child-best-interest = Personne : l'intérêt supérieur de l'enfant
agreement-vital-interest = Personne : une vie est en danger
agreement-legal-duty = Personne : la loi l'exige
share = Que peut savoir le prestataire ?
share-explain = Demander pour chaque point. Laisser vide ce qu'elle ne veut pas partager.
share-instead = ou dites-le autrement
share-known = Demandez pour chacun, et cochez ce qu'elle accepte de partager. Ce que vous écrivez remplace ce qu'elle a dit à l'entretien.
share-not = pas partagé
share-name = Comment elle veut être appelée
share-sex = Sexe
share-age-band = Âge
share-language = Langues
share-needs = Ce dont elle a besoin
share-situation = Ce qu'ils doivent savoir
share-special-needs = Interprète, accompagnement, petit enfant, handicap
share-contact-channel = Comment la joindre
share-contact-reach = Numéro ou lieu
share-contact-times = Jours et heures sans danger
share-contact-who = Qui peut répondre à sa place
share-contact-phrase = Phrase convenue
share-do-not-call = Il ne faut pas l'appeler
share-agreement = Accord de
share-look = Montrer ce que verra le prestataire
share-seen = Lui lire ceci
share-seen-by = { $who }, les gestionnaires de cas et personne d'autre le verront. Elle peut le retirer à tout moment.
share-send = Elle accepte, orienter
sex-f = femme ou fille
sex-m = homme ou garçon
sex-other = autre
referred = L'orientation part à la prochaine synchronisation.
referred-call = Ce prestataire n'a pas d'appareil : appeler, et noter ce qui a été dit.
call-at-once = Appeler maintenant.
referrals = Orientations
referrals-all = Toutes les orientations en cours
referrals-open = { $n ->
    [one] Une est en cours
   *[other] { $n } sont en cours
}
no-referrals = Aucune orientation en cours.
overdue = En retard.
unreadable = Leur appareil a été révoqué : orienter de nouveau, ou appeler.
due = Réponse attendue avant { $when }
status = État
status-draft = en préparation
status-ready = acceptée, pas encore transmise
status-queued = attend une connexion
status-sent = envoyée
status-received = reçue
status-service-unavailable = ce service n'existe pas
status-declined = refusée par le prestataire
status-expired = sans réponse
status-accepted = acceptée
status-in-service = aide en cours
status-lost-contact = injoignable
status-refused-by-person = elle ne le veut pas
status-completed = aide donnée
status-withdrawn = n'est plus souhaitée
step-by-provider = (prestataire)
step-by-focal-point = (point focal)
by-telephone = Dit au téléphone
appointment-at = Rendez-vous : { $when }
proposes = Propose : { $who }
provider-full = Plus aucune place en ce moment
decline = Pourquoi ?
decline-no-capacity = Toutes les places sont prises
decline-not-eligible = Le service n'est pas pour elle
decline-out-of-area = Elle est trop loin
decline-wrong-service = Un autre service est en cause
decline-more = En cas de refus : pourquoi, et qui d'autre
hours-more = Si vos horaires ont changé
hours-explain = La personne qui tient la liste des services l'apprend, et vous appelle avant de changer la liste.
what-now = Que s'est-il passé ?
note-what-happened = Noter ce qui s'est passé
note-it = Noter
note-text = En quelques mots
note-appointment = Rendez-vous (jour et heure)
note-propose = Une autre organisation qui aiderait
note-hours = Horaires, par exemple mo-fr 08:00-12:00
noted = C'est noté.
withdraw-referral = Elle n'accepte plus cette orientation
withdraw-referral-explain = La copie du prestataire disparaît quand son appareil rejoint le serveur. Appeler s'il faut plus vite.
incoming = Personnes orientées vers vous
no-incoming = Personne n'est orienté vers vous en ce moment.
referred-by = Orientée par { $who }, { $when }
cannot-open = Cet appareil a été enregistré après l'orientation et ne peut pas l'ouvrir. Celui d'un collègue le peut, ou le point focal oriente de nouveau.
answer-it = Répondre
answered = La réponse part à la prochaine synchronisation.
answer-no-longer-wanted = Cette orientation n'est plus souhaitée.
answer-agreement-needed = Une personne habilitée doit accepter : pour un enfant, celle qui en a la charge, ou la protection de l'enfant.
answer-not-the-next-status = Ce n'est pas possible depuis l'état actuel.
slip-may-be-found = Ce papier peut-il être trouvé sans danger pour elle ? Alors seulement il dit où aller.
slip-where = Où aller :
slip-found-yes = Oui, il peut être trouvé
slip-found-no = Non, il n'en dit rien
slip-withdraw = Pour tout retirer : dire les deux codes à n'importe quel point focal.
slip-complaint = Si quelqu'un vous demande de l'argent, un travail ou une faveur pour cette aide, ou vous fait du mal, appelez :
slip-provider = Pour le service : ce code seulement. Personne ne peut rien retirer avec lui.

# Exercice
practice = S'exercer avec des personnes inventées
practice-explain = Quelqu'un lit une histoire et joue la personne ; vous menez l'entretien. C'est un téléphone à part : rien n'est envoyé, gardé ni compté. À la fin figure ce qu'un bon entretien aurait remarqué.
practice-only = Exercice : personne ici n'est réel.
practice-pin = Son code PIN est { $pin }.
practice-story = L'histoire : { $name }
practice-end = Terminer l'exercice
practice-noticed = Ce qu'un bon entretien aurait remarqué
practice-outcome = Avec toute l'histoire, l'entretien conclut :
practice-all = Vous avez tout entendu.
practice-missed = Pas demandé, ou noté autrement :
