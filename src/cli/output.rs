//! One voice: short aligned tables for people, the API's answer verbatim for scripts.

use std::io::{self, Write};

use serde_json::Value;

use super::client::Answer;
use super::wrap::paragraph;

/// How to answer.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// For a script.
    pub json: bool,
}

impl Output {
    /// Shows an answer.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn show(self, answer: &Answer, for_people: impl FnOnce(&Value) -> String) -> io::Result<()> {
        if self.json {
            return line(&String::from_utf8_lossy(&answer.raw));
        }
        line(&for_people(&answer.json))
    }
}

/// Writes a text and ends its line.
///
/// # Errors
/// Standard output is gone.
pub fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end())?;
    out.flush()
}

/// Columns under their heads, as wide as their widest cell; columns that are numbers stand right.
#[must_use]
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..heads.len()).map(|at| width(heads, rows, at)).collect();
    let right: Vec<bool> = (0..heads.len()).map(|at| is_number_column(rows, at)).collect();
    let mut text = row_text(heads.iter().copied(), &widths, &right);
    for row in rows {
        text.push('\n');
        text.push_str(&row_text(row.iter().map(String::as_str), &widths, &right));
    }
    text
}

fn width(heads: &[&str], rows: &[Vec<String>], at: usize) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
    cells.chain([heads[at].chars().count()]).max().unwrap_or(0)
}

fn is_number_column(rows: &[Vec<String>], at: usize) -> bool {
    let mut cells = rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.is_empty()).peekable();
    cells.peek().is_some() && cells.all(|cell| cell.trim_start_matches('$').parse::<f64>().is_ok())
}

fn row_text<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize], right: &[bool]) -> String {
    let padded = cells.zip(widths.iter().zip(right)).map(|(cell, (&width, &right))| {
        let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
        if right { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// Names and values, one pair a line, values under each other; pairs without a value are left out.
#[must_use]
pub fn pairs(pairs: &[(&str, String)]) -> String {
    let shown: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    shown.iter().map(|(name, value)| format!("{name:width$}  {value}")).collect::<Vec<_>>().join("\n")
}

/// A field as a cell: nothing for null, text without quotes.
#[must_use]
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// A moment without its fractions.
#[must_use]
pub fn moment(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text.to_owned(),
    }
}

/// Dollars as people read them.
#[must_use]
pub fn dollars(value: &Value) -> String {
    value.as_f64().map(|usd| format!("${usd:.4}")).unwrap_or_default()
}

/// The items of a list.
#[must_use]
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What an answer warns of and notes, each on a line of its own that follows another one.
#[must_use]
pub fn warnings_and_notes(answer: &Value) -> String {
    told(&answer["warnings"], "warning") + &told(&answer["notes"], "note")
}

/// Sentences that begin with what they are (`warning: …`), each on a line of its own that follows another one; long ones go on below.
#[must_use]
pub fn told(sentences: &Value, what: &str) -> String {
    items(sentences).iter().map(|sentence| format!("\n{}", paragraph(&format!("{what}: {}", cell(sentence))))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_are_aligned_and_numbers_stand_right() {
        let rows = vec![vec!["spring".to_owned(), "60".to_owned()], vec!["a".to_owned(), "7".to_owned()]];
        assert_eq!(table(&["NAME", "LEADS"], &rows), "NAME    LEADS\nspring     60\na           7");
    }

    #[test]
    fn values_read_alike_everywhere() {
        assert_eq!(pairs(&[("state", "running".to_owned()), ("reason", String::new())]), "state  running");
        assert_eq!((cell(&json!(null)), cell(&json!(true)), cell(&json!(3))), (String::new(), "yes".to_owned(), "3".to_owned()));
        assert_eq!(moment(&json!("2026-11-23T10:00:00.123Z")), "2026-11-23T10:00:00Z");
        assert_eq!(dollars(&json!(0.5)), "$0.5000");
        let answer = json!({ "notes": ["a draft"], "warnings": ["no consent", "paused"] });
        assert_eq!(warnings_and_notes(&answer), "\nwarning: no consent\nwarning: paused\nnote: a draft");
        let long = warnings_and_notes(&json!({ "warnings": ["so many words ".repeat(20).trim_end()] }));
        assert!(long.lines().count() == 4 && long.lines().all(|line| line.chars().count() <= 120), "{long}");
    }
}
