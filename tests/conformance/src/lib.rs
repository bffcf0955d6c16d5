//! What the conformance suites share: recorded cases and counts ([`suite`]), an importer of XForms ([`xform`]), a
//! comparison of two packages ([`compare`]), random forms ([`random`]), JavaRosa itself ([`javarosa`]).

pub mod compare;
pub mod javarosa;
pub mod random;
pub mod suite;
pub mod xform;
