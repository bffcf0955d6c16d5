//! Sync beside a server that lies and a box that changes what passes.

mod histories;
mod house;
mod lies;
mod weather;
