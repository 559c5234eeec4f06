//! What stands in a phone cell: marks and digits of any script made plain, and what is no number at all told apart.

use std::borrow::Cow;

use crate::intake::finding::{FindingCode, Trouble};

/// Marks of text: a spreadsheet's apostrophe, and what a program or a person has made of one.
pub(in crate::intake) const APOSTROPHES: [char; 5] = ['\'', '’', '‘', '`', '´'];

/// Without blanks around it, invisible marks, a mark of text in front, a separator that nothing follows, and with digits of any script
/// as `0`–`9`.
pub(super) fn plain(cell: &str) -> Cow<'_, str> {
    let cell = cell.trim().trim_start_matches(APOSTROPHES).trim_end_matches(';').trim();
    if cell.is_ascii() {
        return Cow::Borrowed(cell);
    }
    let marks =
        |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}');
    let text: String = cell.chars().filter(marks).map(western).collect();
    Cow::Owned(text.trim().to_owned())
}

fn western(c: char) -> char {
    const ZEROS: [u32; 5] = [0xff10, 0x0660, 0x06f0, 0x0966, 0x09e6];
    let code = u32::from(c);
    let digit = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)).map(|zero| code - zero);
    match c {
        '\u{ff0b}' => '+',
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' => '-',
        _ => digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c),
    }
}

/// What is no number at all, told apart so that the message helps.
pub(super) fn written(text: &str) -> Result<&str, Trouble> {
    use FindingCode::{ExcelNumber, Extension, LettersInPhone, MissingPhone, NotANumber};
    let lower = text.to_ascii_lowercase();
    if text.is_empty() {
        return Err(Trouble::new(MissingPhone, "the phone number is empty", "fill it in, or delete the row"));
    }
    if is_scientific(&lower) || is_rounded(&lower) {
        let message = "the spreadsheet has turned the number into a rounded figure; its last digits are lost";
        return Err(Trouble::new(ExcelNumber, message, "format the column as text in the original list and export it again"));
    }
    let text = whole(text);
    let (marks, letters) = (["ext", "x", "#", ";"], lower.bytes().any(|b| b.is_ascii_alphabetic()));
    if !lower.bytes().any(|b| b.is_ascii_digit()) {
        return Err(Trouble::new(NotANumber, "this is not a phone number", "write it like +14155550123"));
    }
    if marks.iter().any(|mark| lower.contains(mark)) && !lower.starts_with("ext") {
        return Err(Trouble::new(Extension, "the number has an extension, which cannot be dialed", "give a direct number"));
    }
    if letters && !lower.starts_with("tel:") {
        return Err(Trouble::new(LettersInPhone, "letters stand in the number", "write its digits, like +14155550123"));
    }
    Ok(text)
}

/// `14155500000.0`: `1.4155e+10` after a program has read it as a figure. Five zeros at the end are what its six digits leave.
fn is_rounded(lower: &str) -> bool {
    lower.strip_suffix("00000.0").is_some_and(|begin| begin.len() >= 5 && is_figure(begin))
}

/// `14155500000`: `1.4155E+10` after a spreadsheet was told to write it in full. It may be the number all the same.
pub(in crate::intake) fn may_be_rounded(cell: &str) -> bool {
    cell.len() >= 10 && cell.ends_with("00000") && cell.bytes().all(|b| b.is_ascii_digit())
}

/// A figure without its `.0`, which is no digit of the number; any other text as it is.
pub(super) fn whole(text: &str) -> &str {
    text.strip_suffix(".0").filter(|figure| is_figure(figure)).unwrap_or(text)
}

/// Digits, maybe behind a `+` that was put before a figure.
fn is_figure(text: &str) -> bool {
    text.strip_prefix('+').unwrap_or(text).bytes().all(|b| b.is_ascii_digit())
}

/// `1.4155e+10`.
fn is_scientific(lower: &str) -> bool {
    let Some((mantissa, exponent)) = lower.split_once('e') else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let figure = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',');
    figure(mantissa) && !exponent.is_empty() && exponent.bytes().all(|b| b.is_ascii_digit())
}
