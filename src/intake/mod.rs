//! Where a lead's life begins: a file (or API rows) becomes leads, and every row that cannot is told why.
//!
//! [`preflight`] looks at the whole file before anything is written: its encoding, its separator, its columns. [`rows`] cuts the
//! bytes into records with bounded memory, [`validate`] decides about one record, [`import`] drives [`stretch`]es of them piece by
//! piece into a [`LeadSink`],
//! [`bad_rows`] gives back what was refused in a form that can be mended and imported again. [`export`] is the way out.

pub mod bad_rows;
mod cells;
pub mod columns;
pub mod export;
pub mod finding;
pub mod import;
mod lines;
pub mod numbers;
pub mod objects;
mod packed;
pub mod phone;
pub mod preflight;
pub mod rows;
pub mod stretch;
pub mod text;
pub mod validate;
pub mod workbook;

pub use finding::{Finding, FindingCode};
pub use import::{Counts, ImportError, ImportOptions, LeadSink, OnDuplicate, Progress, Report, WriteOrder};
pub use phone::Region;
pub use preflight::{FileError, Sheet, preflight};
pub use stretch::Piece;
pub use validate::LeadRow;

#[cfg(test)]
mod tests;
