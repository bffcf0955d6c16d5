//! What every request passes: connections and their limits, the limits of a body, and problems as answers.

pub mod client;
pub mod connections;
pub mod limited_body;
pub mod limits;
pub mod partial_uploads;
pub mod problem;
