//! Long texts go on below themselves, so that a row of a table, or a warning, fits into a terminal.

/// So wide a terminal is taken to be.
const WIDEST: usize = 120;
/// What a text that goes on below is set in by.
const INDENT: &str = "  ";

/// Rows in which no cell of a column is wider than the column's limit, `(column, limit)`: what does not fit goes on in rows below, and
/// no word is cut.
#[must_use]
pub fn wrapped(rows: &[Vec<String>], limits: &[(usize, usize)]) -> Vec<Vec<String>> {
    rows.iter().flat_map(|row| row_lines(row, limits)).collect()
}

/// A text as a paragraph that is no wider than a terminal: what does not fit goes on below, set in, and no word is cut.
#[must_use]
pub fn paragraph(text: &str) -> String {
    lines(text, WIDEST - INDENT.len()).join(&format!("\n{INDENT}"))
}

fn row_lines(row: &[String], limits: &[(usize, usize)]) -> Vec<Vec<String>> {
    let limit = |at: usize| limits.iter().find(|(column, _)| *column == at).map_or(usize::MAX, |(_, limit)| *limit);
    let cells: Vec<Vec<String>> = row.iter().enumerate().map(|(at, cell)| lines(cell, limit(at))).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    (0..height).map(|line| cells.iter().map(|cell| cell.get(line).cloned().unwrap_or_default()).collect()).collect()
}

fn lines(text: &str, limit: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_goes_on_below_and_no_word_is_cut() {
        let row = ["3", "it rests until noon", "unlimited  text", ""].map(str::to_owned).to_vec();
        let told = wrapped(&[row], &[(1, 8)]);
        assert_eq!(told, [["3", "it rests", "unlimited  text", ""], ["", "until", "", ""], ["", "noon", "", ""],]);
        assert_eq!(lines("incomprehensible", 8), ["incomprehensible"]);
    }

    #[test]
    fn a_paragraph_is_no_wider_than_a_terminal_and_loses_no_word() {
        let text = "warning: ".to_owned() + &"only so many words fit ".repeat(20);
        let told = paragraph(text.trim_end());
        let widths: Vec<usize> = told.lines().map(|line| line.chars().count()).collect();
        assert!(widths.len() > 3 && widths.iter().all(|width| *width <= WIDEST), "{told}");
        assert!(told.lines().skip(1).all(|line| line.starts_with(INDENT)), "{told}");
        assert!(told.split_whitespace().eq(text.split_whitespace()), "{told}");
        assert_eq!(paragraph("note: a draft"), "note: a draft");
    }
}
