//! `tabara-desk services`: the service directory as a spreadsheet that people keep, and as the part of a catalog. Every fault
//! of a table is told with its sheet, row and column, and nothing is written while there is one.

mod gaps;
mod hsds;
mod proposals;
mod table;
mod tool;

pub use gaps::{Coverage, coverage};
pub use table::{Imported, import};
pub use tool::{ServicesTool, run};

#[cfg(test)]
mod tests;
