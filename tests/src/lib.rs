//! What journeys, demo and benchmarks share: invented people, simulated phones, a whole deployment.

pub mod bad_link;
pub mod coordinator;
pub mod counting;
pub mod deployment;
pub mod faulty;
pub mod files;
pub mod hostile;
pub mod interviewer;
pub mod load;
pub mod mailphone;
pub mod people;
pub mod phone;
pub mod proxy;
pub mod restless;
pub mod screened;
pub mod sign_in;
