//! The server.

pub mod desk;
pub mod statistics;
