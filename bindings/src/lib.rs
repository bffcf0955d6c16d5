//! The UniFFI surface of tabara-core.
uniffi::setup_scaffolding!("tabara");
use tabara_core as _;
