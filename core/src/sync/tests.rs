//! Sync beside a server that lies and a box that changes what passes.

mod house;
mod lies;
mod weather;
