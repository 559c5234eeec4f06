//! A row whose cells are not separated as the header's are, or that stands in quotes as a whole: all of it is one cell.

use crate::intake::finding::{FindingCode, Trouble};
use crate::intake::preflight::SEPARATORS;

/// Such a row is told by a separator that stands in its one cell as often as a row of so many columns has one.
pub(super) fn trouble(cells: &[&str], columns: usize) -> Option<Trouble> {
    let [cell] = cells else { return None };
    let between = columns.checked_sub(1).filter(|between| *between > 0)?;
    let separator = SEPARATORS.into_iter().map(char::from).find(|separator| cell.matches(*separator).count() == between)?;
    let shown = if separator == '\t' { "a tab".to_owned() } else { format!("`{separator}`") };
    let message = format!("the row is one cell, in which {shown} stands as often as the header has its separator");
    Some(Trouble::new(FindingCode::OneCell, message, "separate its cells as the header's are, and put no quotes around the whole row"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_cell_when_another_separator_fits_the_header() {
        for (row, columns) in [("b-1,+14155550100,Ann", 3), ("b-1;+14155550100", 2), ("+14155550100|Ann", 2), ("a\tb\tc\td", 4)] {
            let told = trouble(&[row], columns).unwrap_or_else(|| panic!("{row}"));
            assert_eq!(told.code, FindingCode::OneCell);
        }
        let others: [(&[&str], usize); 5] = [(&["b-1"], 2), (&["Ann; Bo; Cy"], 2), (&["a;b"], 1), (&["a;b", ""], 2), (&[], 2)];
        for (cells, columns) in others {
            assert_eq!(trouble(cells, columns), None, "{cells:?} below {columns} columns");
        }
    }
}
