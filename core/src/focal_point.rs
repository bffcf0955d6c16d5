//! The one object an app holds: a phone's folder, opened. It knows the order in which keys, mailbox and vault must be
//! touched; every rule about a single file stands in its own module.
//!
//! Calls are synchronous and may be made from any thread. Each completes or has no effect. The host's key store is never
//! asked while a lock is held. After [`FocalPoint::lock`] every [`Session`] answers `Locked`.
//!
//! **What stands between a seized phone and the vault.** A guess costs Argon2id, needs the phone's own key store, and is
//! counted on the disk before it is made. After the second wrong PIN there is a growing delay; after the policy's limit the
//! key store forgets its secret and the vault is destroyed. Who has root on the phone can put the counter back; then only the
//! key store's own pace and the length of the PIN stand.

mod case_actions;
mod directory;
mod hand_over;
mod lifecycle;
mod network;
mod notices;
mod phone;
mod pin;
mod practice;
mod prefill;
mod provider;
mod referrals;
mod session;

pub use case_actions::{CaseCard, LONGEST_MEMO};
pub use lifecycle::State;
pub use notices::Notice;
pub use phone::FocalPoint;
pub use pin::LEAST_PIN;
pub use practice::{Missed, Noticed};
pub use provider::{IncomingReferral, OpenedReferral};
pub use referrals::OpenReferral;
pub use session::{Finished, Labels, QuestionnaireInfo, Session, Slip};
