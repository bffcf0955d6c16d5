//! What leaves a phone, and who may be trusted: the part that phone, server and desk share.
//!
//! | module | what |
//! |--|--|
//! | [`envelope`] | JWS with Ed25519: every signed thing, and the hashes that name things |
//! | [`seal`] | `age` files: what only the holders of a key can read |
//! | [`facts`], [`tables`], [`places`] | what may be counted; what is shown of it; provinces and communes |
//! | [`record`], [`kind`], [`code`] | a record, and what is heard of it; what kinds there are; the code on a slip |
//! | [`slip`] | the key on a person's slip |
//! | [`catalog`] | the chain of trust from the authority to a phone, and what the authority publishes |
//! | [`case_export`] | what the log holds on a case, for the person who asks |
//! | [`server_report`] | what a server tells the desk |
//! | [`services`] | the service directory, and the search in it |
//! | [`referral`] | urgency, and the states of a referral |
//! | [`share`] | what a provider may see of a person, and what is said with a step of a referral |
//! | [`input`] | text as people type and paste it, brought to one form |
//! | [`tree`] | the Merkle tree of a log that anyone can check |
//! | [`log`] | what the server keeps, and the proof of it that anyone can make |
//! | [`wire`] | the one exchange between phone and server: paths, bundles, parcels, leaves, heads |
//! | [`clock`] | time as a parameter |

#![deny(missing_docs)]

pub mod case_export;
pub mod catalog;
pub mod clock;
pub mod code;
pub mod envelope;
pub mod facts;
pub mod input;
pub mod kind;
pub mod log;
pub mod places;
pub mod record;
pub mod referral;
pub mod seal;
pub mod server_report;
pub mod services;
pub mod share;
pub mod slip;
pub mod tables;
pub mod tree;
pub mod wire;
