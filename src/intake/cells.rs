//! Cells that a spreadsheet would run as a formula, made harmless on the way out and restored on the way in.

use std::borrow::Cow;

/// What may begin a formula (OWASP, "CSV Injection"), with the full-width forms that some spreadsheets read alike.
const DANGEROUS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Whether a spreadsheet may run this cell; blanks before the sign do not help.
fn is_dangerous(cell: &str) -> bool {
    cell.starts_with(DANGEROUS) || cell.trim_start().starts_with(DANGEROUS)
}

/// The cell with a leading apostrophe where a spreadsheet would run it.
pub(super) fn escape(cell: &str) -> Cow<'_, str> {
    if is_dangerous(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell without an apostrophe that was only put there to keep it text.
pub(super) fn unescape(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_dangerous(rest)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_become_text() {
        for cell in ["=CMD()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u{a0}=1", "\u{ff1d}1+1"] {
            assert_eq!(escape(cell), format!("'{cell}"), "{cell}");
        }
        for cell in ["", "Ann", "a=b", "'=1", "5-3"] {
            assert_eq!(escape(cell), cell, "{cell}");
        }
    }

    proptest! {
        #[test]
        fn escaped_cells_come_back_and_are_harmless(cell in "[=+@a' \t\n-]{0,6}") {
            prop_assume!(!cell.starts_with('\''));
            let escaped = escape(&cell);
            prop_assert!(!is_dangerous(&escaped));
            prop_assert_eq!(unescape(&escaped), cell.as_str());
        }
    }
}
