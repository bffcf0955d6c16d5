//! The server.

pub mod desk;
