//! Why a run, or one of its requests, fails.

use crate::envelope;
use crate::error::{Error, RefusedReason, UntrustedReason};
use crate::vault::VaultError;
use std::time::Duration;

/// Why a run ends before its time.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("no connection")]
    Offline,
    #[error("not the expected server: {0}")]
    Untrusted(UntrustedReason),
    #[error("refused: {0}")]
    Refused(RefusedReason),
    #[error(transparent)]
    Here(#[from] VaultError),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Offline => Error::Offline,
            Fault::Untrusted(reason) => Error::Untrusted { reason },
            Fault::Refused(reason) => Error::Refused { reason },
            Fault::Here(error) => error.into(),
        }
    }
}

pub(super) type Done<T = ()> = Result<T, Fault>;

/// Why one request has no good answer.
pub(super) enum Miss {
    /// Worth another try after a pause; in the end, the fault.
    Again(Option<Duration>, Fault),
    /// The server does not know this phone, or finds its token too old.
    Unknown,
    /// Too large or unreadable as a whole.
    Unfit,
    Final(Fault),
}

/// What is read in an answer, or why it is not one.
pub(super) type Read<T> = Result<T, UntrustedReason>;

pub(super) fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Read<T> {
    envelope::from_json(body).map_err(|_| UntrustedReason::Answer)
}
