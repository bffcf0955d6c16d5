//! Tools for a person's own machine (`tabara-desk`). Work that needs a person's secret key never runs on the server. Each
//! module is a library that tests and the demo call too; the program only reads arguments, asks for passphrases and prints.
//!
//! `start` sets up a deployment, `cards` makes cards, `catalog next` changes what phones use.
//!
//! | module | what |
//! |--|--|
//! | [`authority`], [`card`] | the authority's key, and what it signs: catalogs, and a card for each phone |
//! | [`keys`] | secret keys in files |
//! | [`catalog`] | the next catalog, and what changes with it |
//! | [`start`], [`deployment`] | a new deployment; what its folder remembers |
//! | [`cards`], [`register`], [`sheets`] | cards for a list of people, and their register; pages to print |
//! | [`form`], [`preview`] | checking, compiling and exporting a form; an interview in the terminal |
//! | [`diff`], [`pyxform`], [`texts`] | two versions of a form; what pyxform would refuse; English and French |
//! | [`simulate`], [`translations`] | a form led by invented people; its texts for translators |
//! | [`local_page`] | a phone in the browser, and a form tried out there |
//! | [`case`], [`explanation`], [`export`], [`review`] | opening sealed cases; why a screening came out so; all that is held on a person; a reviewer's decision |
//! | [`inbox`] | what waits for a case worker |
//! | [`htcds`] | opened cases in the standard of the field |
//! | [`reader`] | the offline page that opens an exported case |
//! | [`services`] | the service directory: tables, the part of a catalog, gaps |
//! | [`log`] | the proof of a server's log |
//! | [`files`], [`rows`], [`error`] | reading and writing files; tables; the one error |

pub mod authority;
pub mod card;
pub mod cards;
pub mod case;
pub mod catalog;
pub mod deployment;
pub mod diff;
pub mod error;
pub mod explanation;
pub mod export;
pub mod files;
pub mod form;
pub mod htcds;
pub mod inbox;
pub mod keys;
pub mod local_page;
pub mod log;
pub mod preview;
pub mod pyxform;
pub mod reader;
pub mod register;
pub mod review;
pub mod rows;
pub mod services;
pub mod sheets;
pub mod simulate;
pub mod start;
pub mod texts;
pub mod translations;
