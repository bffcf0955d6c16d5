//! Why a run, or one of its requests, fails.

use crate::error::{Error, OfflineReason};
use crate::vault::VaultError;
use std::time::Duration;

/// Why a run ends before its time.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("no answer: {0}")]
    Offline(OfflineReason),
    /// What answers says that it does not know this phone.
    #[error("unknown")]
    Unknown,
    #[error(transparent)]
    Here(#[from] Error),
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        Self::Here(error.into())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Offline(reason) => Error::Offline { reason },
            Fault::Unknown => Error::Offline { reason: OfflineReason::NotTheServer },
            Fault::Here(error) => error,
        }
    }
}

pub(super) type Done<T = ()> = Result<T, Fault>;

/// Why one request has no good answer.
pub(super) enum Miss {
    /// Worth another try after a pause, at least so long.
    Again(OfflineReason, Option<Duration>),
    /// Not worth another try at this address.
    Final(OfflineReason),
    Unknown,
}
