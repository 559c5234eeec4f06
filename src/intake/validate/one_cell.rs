//! A row whose cells are not separated as the header's are, or that stands in quotes as a whole: all of it is one cell, or the number's
//! cell holds those behind it.

use crate::intake::finding::{FindingCode, Trouble};
use crate::intake::phone::{Region, dialable};
use crate::intake::preflight::SEPARATORS;

/// Such a row is told by a separator that stands in its one cell as often as a row of so many columns has one, and that is not there for
/// an extension.
pub(super) fn trouble(cells: &[&str], columns: usize) -> Option<Trouble> {
    let [cell] = cells else { return None };
    let between = columns.checked_sub(1).filter(|between| *between > 0)?;
    let fits = |separator: &char| {
        cell.matches(*separator).count() == between && cell.split_once(*separator).is_some_and(|(_, rest)| !is_extension(rest))
    };
    let shown = shown(SEPARATORS.into_iter().map(char::from).find(fits)?);
    let message = format!("the row is one cell, in which {shown} stands as often as the header has its separator");
    Some(Trouble::new(FindingCode::OneCell, message, "separate its cells as the header's are, and put no quotes around the whole row"))
}

/// Where the count does not fit, because the row is longer or shorter than the header, words or another number that follow a number and a
/// separator tell it.
pub(super) fn behind_number(cell: &str, region: Option<Region>) -> Option<Trouble> {
    let follows = |separator: &char| {
        cell.split_once(*separator).is_some_and(|(number, rest)| {
            rest.split(*separator).any(|part| is_other_cell(part, region)) && dialable(number, region).is_ok()
        })
    };
    let shown = shown(SEPARATORS.into_iter().map(char::from).find(follows)?);
    let message = format!("the number's cell holds other cells behind it, separated by {shown}");
    Some(Trouble::new(FindingCode::OneCell, message, "separate the row's cells as the header's are, and leave the number alone in its own"))
}

fn shown(separator: char) -> String {
    if separator == '\t' { "a tab".to_owned() } else { format!("`{separator}`") }
}

/// Words, or a number of its own; what belongs to a number are figures and, by RFC 3966, parameters with `=`.
fn is_other_cell(part: &str, region: Option<Region>) -> bool {
    let words = part.contains(char::is_alphabetic) && !part.contains('=') && !is_extension(part);
    words || dialable(part, region).is_ok()
}

/// `ext=5` (RFC 3966), `ext. 5`, `x5`.
fn is_extension(part: &str) -> bool {
    let lower = part.trim().to_ascii_lowercase();
    let digits = ["extension", "ext", "x"].into_iter().find_map(|mark| lower.strip_prefix(mark)).unwrap_or_default();
    let digits = digits.trim_start_matches(['=', '.', ':', ' ']);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
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
        let others: [(&[&str], usize); 6] =
            [(&["b-1"], 2), (&["Ann; Bo; Cy"], 2), (&["a;b"], 1), (&["a;b", ""], 2), (&[], 2), (&["+1 415 555 0100;ext=5"], 2)];
        for (cells, columns) in others {
            assert_eq!(trouble(cells, columns), None, "{cells:?} below {columns} columns");
        }
    }

    #[test]
    fn words_behind_a_number_are_other_cells_and_an_extension_is_none() {
        let told = |cell: &str| behind_number(cell, Some("US".parse().unwrap())).map(|trouble| trouble.message);
        let message = |shown: &str| Some(format!("the number's cell holds other cells behind it, separated by {shown}"));
        for (rest, shown) in [
            (";Bob;x", "`;`"),
            ("\tBob", "a tab"),
            ("|Bob|x", "`|`"),
            (", Bob", "`,`"),
            (";12;Bob", "`;`"),
            (";Xu 5", "`;`"),
            (";+14155550101", "`;`"),
        ] {
            for number in ["+14155550100", "(415) 555-0100", "'+14155550100"] {
                assert_eq!(told(&format!("{number}{rest}")), message(shown), "{number}{rest}");
            }
        }
        for rest in ["", ";ext=5", ";EXT=5;isub=12", ";phone-context=example.com", ";ext. 5", "; x5", ";12", ",,5", " ext 5", ";;", " Bob"]
        {
            assert_eq!(told(&format!("+14155550100{rest}")), None, "{rest}");
        }
        assert_eq!((told("Bob;x"), told("Ann;+14155550100")), (None, None));
    }
}
