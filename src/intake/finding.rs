//! What is wrong with one row, in words that say how to mend it.

use serde::Serialize;

use crate::word_enum;

word_enum! {
    /// Why a row was refused.
    pub enum FindingCode {
        /// The phone cell is empty.
        MissingPhone = "missing_phone",
        /// The spreadsheet has replaced the digits by a rounded number.
        ExcelNumber = "excel_number",
        /// Letters stand in the number.
        LettersInPhone = "letters_in_phone",
        /// The number has an extension, which cannot be dialed.
        Extension = "extension",
        /// The cell holds no number.
        NotANumber = "not_a_number",
        /// A national number, and no default country was given.
        NoCountry = "no_country",
        /// Too few digits.
        TooShort = "too_short",
        /// Too many digits.
        TooLong = "too_long",
        /// Right in length, but no such number can exist.
        InvalidNumber = "invalid_number",
        /// A number that costs the caller extra, or is no line of a person.
        NotDialable = "not_dialable",
        /// The zone of the callee is not known.
        UnknownZone = "unknown_zone",
        /// The stated state is none.
        UnknownState = "unknown_state",
        /// The stated postal code is none, or tells no place.
        UnknownPostalCode = "unknown_postal_code",
        /// State and postal code are different places.
        StateMismatch = "state_mismatch",
        /// The priority is no whole number within its ends.
        BadPriority = "bad_priority",
        /// `not_before` is no moment.
        BadNotBefore = "bad_not_before",
        /// `consent_at` is no moment.
        BadConsentAt = "bad_consent_at",
        /// Consent would be given only after the import.
        FutureConsent = "future_consent",
        /// The row says after when the person may not be called.
        NotAfter = "not_after",
        /// The cells are separated otherwise than the header's, so the row is one cell.
        OneCell = "one_cell",
        /// More cells than columns.
        TooManyCells = "too_many_cells",
        /// A cell beyond the limit.
        CellTooLong = "cell_too_long",
        /// A row beyond the limit.
        RowTooLong = "row_too_long",
        /// A row of the API whose keys leave a doubt.
        BadColumns = "bad_columns",
        /// A row of the API with a list or an object for a value.
        NotText = "not_text",
    }
}

/// Why one row was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Row of data, from 1.
    pub row: u64,
    /// Line of the file, from 1, where the row begins.
    pub line: u64,
    /// The column as the file names it; empty when the row as a whole is wrong.
    pub column: String,
    /// Which rule.
    pub code: FindingCode,
    /// What was read, masked: enough to find it.
    pub value_masked: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub suggestion: String,
}

/// A rule that a cell breaks, before its row and column are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which rule.
    pub code: FindingCode,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub suggestion: String,
}

impl Trouble {
    pub(super) fn new(code: FindingCode, message: impl Into<String>, suggestion: impl Into<String>) -> Self {
        Self { code, message: message.into(), suggestion: suggestion.into() }
    }
}

/// The first and last characters of a cell, the rest hidden: `4155***00`. A figure is shown as the whole number it is read as.
pub(super) fn mask(cell: &str) -> String {
    let cell = cell.trim();
    let whole = cell.strip_suffix(".0").filter(|figure| figure.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit()));
    let shown: Vec<char> = whole.unwrap_or(cell).chars().filter(|c| !c.is_control()).collect();
    match shown.len() {
        0 => String::new(),
        1..=4 => "***".to_owned(),
        5..=7 => format!("{}***", shown[..2].iter().collect::<String>()),
        length => format!("{}***{}", shown[..4].iter().collect::<String>(), shown[length - 2..].iter().collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_what_it_shows() {
        for (cell, shown) in [
            ("", ""),
            ("123", "***"),
            ("12345", "12***"),
            ("+14155550100", "+141***00"),
            ("14155500000.0", "1415***00"),
            ("1.2.3.4.5.0", "1.2.***.0"),
            (" 1.4155E+10 ", "1.41***10"),
        ] {
            assert_eq!(mask(cell), shown, "{cell}");
        }
    }
}
