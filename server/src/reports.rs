//! Numbers that leave the pages: releases for everybody, and files for other programs. Every number in them is one that
//! [`crate::statistics`] has shown.
//!
//! | part | what |
//! |--|--|
//! | [`rows`] | the numbers of many tables, places and periods, one a row |
//! | [`release`] | public releases: frozen, numbered, signed, noted in the log |
//! | [`csv`], [`xlsx`] | files for spreadsheets |
//! | [`dhis2`] | data and metadata for a DHIS2 |
//! | [`api`] | the latest release for programs |
//! | [`command`] | `tabara-server release` |

pub mod api;
pub mod command;
pub mod csv;
pub mod dhis2;
pub mod history;
pub mod release;
pub mod rows;
pub mod xlsx;
