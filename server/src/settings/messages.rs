//! Who is told that something waits, and by which mail server: a part of the settings, which `tabara-server notify` changes and
//! a copy of the server brings to a new machine.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Messages {
    pub mail: Option<Mail>,
    pub people: Vec<Recipient>,
}

/// Who is told of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// An e-mail address; or a web address, which gets JSON by POST: `{"page": …, "today": [topics], "soon": [topics]}`.
    pub to: String,
    pub duty: Duty,
    /// Once a day; else when something begins.
    pub daily: bool,
    /// `fr` or `en`.
    pub language: String,
    /// Of a provider: the organisation, as the cards of its devices name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
}

/// What a person looks after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// The machine: keys, catalog, certificate, clock, backup, disk, messages, log.
    Operator,
    /// The work: entries in quarantine, silent phones, orders that no phone has acknowledged, referrals without an answer.
    Coordinator,
    /// New referrals to the own organisation.
    Provider,
}

/// The mail server that takes messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub server: String,
    pub port: Option<u16>,
    pub security: Security,
    pub from: String,
    /// Name and password of the mailbox.
    pub login: Option<(String, String)>,
    /// PEM of an issuer beside the public ones, for a mail server of one's own.
    pub issuer: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// From the first byte (port 465).
    Tls,
    /// Begun in clear (port 587).
    Starttls,
    /// For a mail server on this machine only.
    None,
}
