//! What journeys, demo and benchmarks share: invented people, simulated phones, a whole deployment.

pub mod deployment;
pub mod load;
pub mod people;
