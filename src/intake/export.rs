//! Results as CSV: one row per lead, every cell quoted, safe to open in a spreadsheet.
//!
//! A cell that a spreadsheet would run as a formula gets a leading apostrophe. That includes the `+` of phone numbers, which a
//! spreadsheet would also turn into a rounded figure: [`PhoneForm::Text`] writes `'+14155550100`, and an import of ours reads it
//! back. Programs that read the file take [`PhoneForm::Plain`].

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::domain::money::NanoUsd;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::phone::PhoneNumber;
use crate::domain::priority::Priority;
use crate::domain::time::Timestamp;
use crate::intake::cells::escape;

/// How phone numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneForm {
    /// `'+14155550100`: text for spreadsheets.
    Text,
    /// `+14155550100`: for programs.
    Plain,
}

/// The columns, in order. New ones are added at the end.
pub const COLUMNS: [&str; 18] = [
    "external_id",
    "phone_number",
    "disposition",
    "reason",
    "opt_out",
    "callback_at",
    "attempts",
    "duration_s",
    "cost_usd",
    "lead_state",
    "callback_zone",
    "last_attempt_at",
    "score",
    "summary",
    "priority",
    "consent_basis",
    "consent_at",
    "consent_ref",
];

/// What came of one lead.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultRow {
    /// The list's own id.
    pub external_id: Option<String>,
    /// Who was called.
    pub phone_number: PhoneNumber,
    /// What came of it; none while it is open.
    pub disposition: Option<Disposition>,
    /// Why.
    pub reason: Option<Reason>,
    /// Asked not to be called again.
    pub opt_out: bool,
    /// A promised callback, UTC.
    pub callback_at: Option<Timestamp>,
    /// Placed calls.
    pub attempts: u32,
    /// Seconds talked, over all calls.
    pub duration_s: u64,
    /// Spent on this lead.
    pub cost: NanoUsd,
    /// The lead's state.
    pub state: String,
    /// The zone the callback was promised in.
    pub callback_zone: Option<String>,
    /// When it was last called, UTC.
    pub last_attempt_at: Option<Timestamp>,
    /// The score of the last conversation, 0 to 100.
    pub score: Option<u8>,
    /// The summary of the last conversation.
    pub summary: Option<String>,
    /// Who goes first among the fresh leads.
    pub priority: Priority,
    /// What allows the call.
    pub consent_basis: Option<String>,
    /// When consent was given, UTC.
    pub consent_at: Option<Timestamp>,
    /// Where the record of it is kept.
    pub consent_ref: Option<String>,
}

impl ResultRow {
    /// The same columns as a JSON object; what a cell leaves empty is null.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "external_id": self.external_id,
            "phone_number": self.phone_number.e164(),
            "disposition": self.disposition.map(|disposition| disposition.to_string()),
            "reason": self.reason.map(|reason| reason.to_string()),
            "opt_out": self.opt_out,
            "callback_at": self.callback_at.map(|moment| moment.to_string()),
            "attempts": self.attempts,
            "duration_s": self.duration_s,
            "cost_usd": self.cost.as_usd(),
            "lead_state": self.state,
            "callback_zone": self.callback_zone,
            "last_attempt_at": self.last_attempt_at.map(|moment| moment.to_string()),
            "score": self.score,
            "summary": self.summary,
            "priority": self.priority,
            "consent_basis": self.consent_basis,
            "consent_at": self.consent_at.map(|moment| moment.to_string()),
            "consent_ref": self.consent_ref,
        })
    }
}

/// Writes results.
pub struct Results<W: Write> {
    writer: csv::Writer<W>,
    phones: PhoneForm,
}

impl<W: Write> Results<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, phones: PhoneForm) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(out);
        writer.write_record(COLUMNS)?;
        Ok(Self { writer, phones })
    }

    /// Writes one lead.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, row: &ResultRow) -> io::Result<()> {
        self.writer.write_record(self.cells(row))?;
        Ok(())
    }

    fn cells(&self, row: &ResultRow) -> [String; 18] {
        let text = |text: Option<&str>| escape(text.unwrap_or_default()).into_owned();
        let time = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string()).unwrap_or_default();
        let phone = match self.phones {
            PhoneForm::Text => escape(row.phone_number.e164()).into_owned(),
            PhoneForm::Plain => row.phone_number.e164().to_owned(),
        };
        [
            text(row.external_id.as_deref()),
            phone,
            row.disposition.map(|disposition| disposition.to_string()).unwrap_or_default(),
            row.reason.map(|reason| reason.to_string()).unwrap_or_default(),
            row.opt_out.to_string(),
            time(row.callback_at),
            row.attempts.to_string(),
            row.duration_s.to_string(),
            format!("{:.6}", row.cost.as_usd()),
            text(Some(&row.state)),
            text(row.callback_zone.as_deref()),
            time(row.last_attempt_at),
            row.score.map(|score| score.to_string()).unwrap_or_default(),
            text(row.summary.as_deref()),
            row.priority.to_string(),
            text(row.consent_basis.as_deref()),
            time(row.consent_at),
            text(row.consent_ref.as_deref()),
        ]
    }

    /// Writes what is left and gives the writer back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn both_forms_have_the_same_columns() {
        let json = row().to_json();
        let keys: BTreeSet<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, COLUMNS.into_iter().collect());
        assert_eq!((&json["external_id"], &json["reason"]), (&json!("=1+1"), &Value::Null), "no spreadsheet reads it: no apostrophe");
    }

    fn row() -> ResultRow {
        ResultRow {
            external_id: Some("=1+1".to_owned()),
            phone_number: PhoneNumber::from_e164("+14155550100").unwrap(),
            disposition: Some(Disposition::Callback),
            reason: None,
            opt_out: false,
            callback_at: Some("2026-11-24T22:00:00Z".parse().unwrap()),
            attempts: 2,
            duration_s: 61,
            cost: NanoUsd(12_345_000),
            state: "waiting".to_owned(),
            callback_zone: Some("America/New_York".to_owned()),
            last_attempt_at: None,
            score: None,
            summary: Some("Said \"yes\",\nthen hung up".to_owned()),
            priority: Priority::default(),
            consent_basis: Some("web form".to_owned()),
            consent_at: Some("2026-11-20T17:00:00Z".parse().unwrap()),
            consent_ref: Some("+form 7".to_owned()),
        }
    }

    fn written(phones: PhoneForm) -> String {
        let mut results = Results::new(Vec::new(), phones).unwrap();
        results.write(&row()).unwrap();
        String::from_utf8(results.finish().unwrap()).unwrap()
    }

    #[test]
    fn quotes_every_cell_and_disarms_formulas() {
        let text = written(PhoneForm::Text);
        let header = COLUMNS.map(|name| format!("\"{name}\"")).join(",");
        let expected = format!(
            "{header}\n\"'=1+1\",\"'+14155550100\",\"callback\",\"\",\"false\",\"2026-11-24T22:00:00Z\",\"2\",\"61\",\"0.012345\",\
             \"waiting\",\"America/New_York\",\"\",\"\",\"Said \"\"yes\"\",\nthen hung up\",\"0\",\"web form\",\"2026-11-20T17:00:00Z\",\"'+form 7\"\n"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn programs_get_plain_numbers() {
        assert!(written(PhoneForm::Plain).contains(",\"+14155550100\","));
    }
}
