//! What a language must say: a text that is missing does not compile.

use crate::reports::xlsx::BookTexts;

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
    pub roles: [&'static str; 6],
    pub sign_in: SignIn,
    pub problems: Problems,
    pub people: People,
    pub account: AccountPage,
    pub accounts: AccountsPage,
    pub notices: Notices,
    pub coverage: CoveragePage,
    pub infosheet: InfosheetPage,
    pub history: HistoryPage,
    pub overdue: OverduePage,
    pub audit_page: Audit,
    pub plan_page: PlanPage,
    pub quarantine: QuarantinePage,
    pub release: ReleasePage,
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
    pub topics: [&'static str; 12],
    /// A trial, asked for by whoever runs the server.
    pub works: &'static str,
    /// One new referral, and more.
    pub new_referrals: [&'static str; 2],
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

pub struct AccountsPage {
    pub title: &'static str,
    pub all: &'static str,
    pub name: &'static str,
    pub name_hint: &'static str,
    pub role: &'static str,
    pub province: &'static str,
    pub wrong_province: &'static str,
    pub remove: &'static str,
    pub invited: &'static str,
    pub until: &'static str,
    pub invite: &'static str,
    pub invite_lead: &'static str,
    /// Above the link; hours.
    pub hand_over: &'static str,
    pub no_invitation: (&'static str, &'static str),
    pub welcome: &'static str,
    pub welcome_lead: &'static str,
    pub password_hint: &'static str,
    pub make: &'static str,
    pub made: &'static str,
    pub made_lead: &'static str,
    pub authenticator: &'static str,
    pub authenticator_lead: &'static str,
    pub open_authenticator: &'static str,
    pub recovery: &'static str,
    pub recovery_lead: &'static str,
}

/// Who reported, and how good the figures are.
pub struct CoveragePage {
    pub title: &'static str,
    pub lead: &'static str,
    pub rounded: &'static str,
    pub by_place: &'static str,
    pub by_place_note: &'static str,
    /// The last month of a quarter.
    pub quarter: &'static str,
    pub expected: &'static str,
    pub reported: &'static str,
    pub versions: &'static str,
    pub version: &'static str,
    pub phones: &'static str,
    pub arrivals: &'static str,
    pub arrivals_note: &'static str,
    pub records: &'static str,
    pub quarantine: &'static str,
    pub quarantine_note: &'static str,
    pub reason: &'static str,
    pub waiting: &'static str,
    pub accepted: &'static str,
    pub rejected: &'static str,
    pub doubles: &'static str,
    pub doubles_note: &'static str,
    pub weekly: &'static str,
    /// So many rows.
    pub folded: &'static str,
    pub download: &'static str,
}

pub struct InfosheetPage {
    pub title: &'static str,
    pub heading: &'static str,
    pub audience: &'static str,
    pub inside: &'static str,
    pub public: &'static str,
    pub source: &'static str,
}

pub struct HistoryPage {
    pub title: &'static str,
    pub lead: &'static str,
    pub none: &'static str,
    pub what: &'static str,
    pub source: &'static str,
    pub rate: &'static str,
    pub rate_note: &'static str,
}

pub struct OverduePage {
    pub title: &'static str,
    pub lead: &'static str,
    pub none: &'static str,
    pub count: &'static str,
    pub urgency: &'static str,
    pub service: &'static str,
    pub to: &'static str,
    pub province: &'static str,
    pub sent: &'static str,
    pub days: &'static str,
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
    pub splits_until: &'static str,
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
    /// Beside a table in which cells are hidden that come from too few phones.
    pub hidden: &'static str,
    pub too_few: &'static str,
    pub open_title: &'static str,
    pub open_lead: &'static str,
    pub download: &'static str,
    pub sources: &'static str,
}

/// The public release, its page and files.
pub struct ReleasePage {
    pub title: &'static str,
    pub lead: &'static str,
    pub none: &'static str,
    /// Number and last month.
    pub named: &'static str,
    pub rounded: &'static str,
    pub few: &'static str,
    pub downloads: &'static str,
    /// In the order of `release::FILES`.
    pub files: [&'static str; 5],
    pub method_title: &'static str,
    pub method: &'static [&'static str],
    pub hash: &'static str,
    pub book: BookTexts,
}

/// What waits in quarantine.
pub struct QuarantinePage {
    pub title: &'static str,
    pub lead: &'static str,
    pub none: &'static str,
    /// With the number.
    pub waiting: &'static str,
    pub accepting: &'static str,
    pub rejecting: &'static str,
    pub accept: &'static str,
    pub reject: &'static str,
    pub accepted: &'static str,
    pub rejected: &'static str,
    /// It did not wait any more.
    pub gone: &'static str,
    pub record: &'static str,
    pub chain: &'static str,
    pub withdrawal: &'static str,
    pub review: &'static str,
    pub received: &'static str,
    pub month: &'static str,
    pub loss: &'static str,
    /// With the day.
    pub before_loss: &'static str,
    pub after_loss: &'static str,
    pub device: &'static str,
    pub id: &'static str,
    /// Why it waits and what to ask, in the order of the reasons of `tabara_protocol::record::Reason` that quarantine.
    pub reasons: [&'static str; 11],
}

pub struct PlanPage {
    pub title: &'static str,
    pub lead: &'static str,
    pub rule: &'static str,
    pub none: &'static str,
    pub table: &'static str,
    pub cells: &'static str,
    pub year: &'static str,
    pub quarter: &'static str,
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
    pub download: &'static str,
    pub last_hash: &'static str,
    /// In the order of `audit::Action::ALL`.
    pub actions: [&'static str; 12],
}
