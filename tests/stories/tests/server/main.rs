//! The server over real HTTP on a free port, with requests built from the types that phones use.

mod connections;
mod courier;

mod intake;
mod orders;
mod restore;
mod test_server;
mod withdrawals;
