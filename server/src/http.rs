//! What every request passes: connections and their limits, the limits of a body, problems as answers; what every handler
//! shares, and counts since the start.

pub mod client;
pub mod connections;
pub mod counters;
pub mod limited_body;
pub mod limits;
pub mod partial_uploads;
pub mod problem;
pub mod state;
