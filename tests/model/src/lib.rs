//! Two phones, a courier, and a server that may be restored, set back in silence or forked between any two steps. The
//! checker (`stateright`) walks through every order of these steps. In each state it lets all come to rest with a server that is
//! honest from then on, and asks: is every record there, once; did every phone that was lied to notice; and was nobody
//! accused who had not lied?
//!
//! Heads, leaves, proofs and verdicts are the real types, and [`lineage`](tabara_protocol::wire::lineage) is the real judgement. What the model leaves out:
//! encryption and signatures (nobody here forges one), limits, time, and what is inside a record.

mod phone;
mod server;
mod world;

pub use phone::Rules;
pub use world::{Protocol, Step, World};
