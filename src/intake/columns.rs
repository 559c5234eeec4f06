//! The header row: which column is the phone number, which ones we know, and which are variables for the prompt.

use std::collections::HashSet;

use serde::Serialize;

use crate::intake::finding::mask;
use crate::intake::preflight::FileError;

/// Names a phone column may have, besides `phone_number`. Blanks, dashes and case do not matter.
pub const PHONE_ALIASES: [&str; 16] = [
    "number",
    "phone",
    "phone_no",
    "phonenumber",
    "telephone",
    "telephone_number",
    "tel",
    "mobile",
    "mobile_number",
    "mobile_phone",
    "cell",
    "cell_phone",
    "contact_number",
    "to_number",
    "to",
    "msisdn",
];

const POSTAL_CODE: &str = "postal_code";

/// Names a column of postal codes may have, besides `postal_code`; it is that variable too.
pub const POSTAL_ALIASES: [&str; 5] = ["zip", "zip_code", "zipcode", "postcode", "postal"];

/// Known columns that are kept as variables and do nothing more; a list that has them is told so.
const NOT_OBEYED: [&str; 7] = ["agent_id", "agent_version", "from_number", "language", "alt_phone_1", "alt_phone_2", "alt_phone_3"];

/// Most columns of a file.
pub const MAX_COLUMNS: usize = 512;

/// What a column is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// The number to call.
    Phone,
    /// The list's own id of the person.
    ExternalId,
    /// What allows the call.
    ConsentBasis,
    /// When consent was given.
    ConsentAt,
    /// Where the record of it is kept.
    ConsentRef,
    /// Who goes first among the fresh leads.
    Priority,
    /// Not to be called earlier.
    NotBefore,
    /// Not to be called later; rows that say so are refused.
    NotAfter,
    /// US state or Canadian province; a variable as well.
    State,
    /// ZIP code or Canadian postal code; a variable as well.
    PostalCode,
    /// Stated zone; a variable as well.
    Timezone,
    /// A variable of this name.
    Variable(String),
    /// Without a name, or ours from an earlier bad-rows file.
    Ignored,
}

impl Column {
    /// The name of the variable it is, if it is one.
    fn variable(&self) -> Option<&str> {
        match self {
            Self::State => Some("state"),
            Self::PostalCode => Some(POSTAL_CODE),
            Self::Timezone => Some("timezone"),
            Self::Variable(name) => Some(name),
            Self::Phone | Self::ExternalId | Self::ConsentBasis | Self::ConsentAt | Self::ConsentRef | Self::Priority => None,
            Self::NotBefore | Self::NotAfter | Self::Ignored => None,
        }
    }
}

/// The columns of a file, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// As the file names them.
    pub names: Vec<String>,
    /// What each is for.
    pub kinds: Vec<Column>,
    /// Where each variable stands, by name.
    pub variables: Vec<(String, usize)>,
}

/// A remark about a file that can be imported all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The column.
    pub column: String,
    /// What the reader should know.
    pub message: String,
}

impl Columns {
    /// Reads a header row, or the keys of an API row.
    ///
    /// # Errors
    /// [`FileError`] when no column, or more than one, is the phone number, or a name stands twice.
    pub fn read<'a>(header: impl IntoIterator<Item = &'a str>) -> Result<Self, FileError> {
        let names: Vec<String> = header.into_iter().map(|name| name.trim().to_owned()).collect();
        if names.len() > MAX_COLUMNS {
            return Err(FileError::TooManyColumns { most: MAX_COLUMNS });
        }
        let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
        no_name_twice(&names, &keys)?;
        let phone = phone_column(&names, &keys)?;
        let postal = postal_column(&keys);
        let kind_at = |(at, key): (usize, &String)| match at {
            at if at == phone => Column::Phone,
            at if Some(at) == postal => Column::PostalCode,
            _ => kind(key.clone()),
        };
        let kinds: Vec<Column> = keys.iter().enumerate().map(kind_at).collect();
        let mut variables: Vec<(String, usize)> =
            kinds.iter().enumerate().filter_map(|(at, kind)| Some((kind.variable()?.to_owned(), at))).collect();
        // a prompt may name it as the list does
        variables.extend(postal.filter(|at| keys[*at] != POSTAL_CODE).map(|at| (keys[at].clone(), at)));
        variables.sort_unstable();
        Ok(Self { names, kinds, variables })
    }

    /// Whether one of these names may be a phone column's.
    #[must_use]
    pub fn has_phone<'a>(header: impl IntoIterator<Item = &'a str>) -> bool {
        header.into_iter().any(|name| is_phone(&key(name)))
    }

    /// The name of a column as the file has it.
    #[must_use]
    pub fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }

    /// Columns whose name promises more than is done.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        let promises = |name: &&String| NOT_OBEYED.contains(&key(name).as_str());
        let remark = |name: &String| Remark {
            column: name.clone(),
            message: format!("`{name}` is kept as a variable for the prompt; it does not change how or when this lead is called"),
        };
        self.names.iter().filter(promises).map(remark).collect()
    }
}

/// `Phone Number ` → `phone_number`.
fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for c in name.trim().trim_start_matches('\u{feff}').chars() {
        let c = if c.is_alphanumeric() { c } else { '_' };
        if c != '_' || !key.ends_with('_') {
            key.extend(c.to_lowercase());
        }
    }
    key.trim_end_matches('_').to_owned()
}

fn is_phone(key: &str) -> bool {
    key == "phone_number" || PHONE_ALIASES.contains(&key)
}

fn kind(key: String) -> Column {
    match key.as_str() {
        "" => Column::Ignored,
        "external_id" => Column::ExternalId,
        "consent_basis" => Column::ConsentBasis,
        "consent_at" => Column::ConsentAt,
        "consent_ref" => Column::ConsentRef,
        "priority" => Column::Priority,
        "not_before" => Column::NotBefore,
        "not_after" => Column::NotAfter,
        "state" => Column::State,
        "timezone" => Column::Timezone,
        _ if key.starts_with('_') => Column::Ignored,
        _ => Column::Variable(key),
    }
}

/// `postal_code` wins; else the first other name for it.
fn postal_column(keys: &[String]) -> Option<usize> {
    let place = |name: &str| keys.iter().position(|key| key == name);
    place(POSTAL_CODE).or_else(|| POSTAL_ALIASES.iter().find_map(|name| place(name)))
}

fn no_name_twice(names: &[String], keys: &[String]) -> Result<(), FileError> {
    let mut seen = HashSet::new();
    let twice = keys.iter().zip(names).find(|(key, _)| !key.is_empty() && !seen.insert(key.as_str()));
    twice.map_or(Ok(()), |(_, name)| Err(FileError::ColumnTwice { column: name.clone() }))
}

/// `phone_number` wins; else the one column with another name for it.
fn phone_column(names: &[String], keys: &[String]) -> Result<usize, FileError> {
    if let Some(at) = keys.iter().position(|key| key == "phone_number") {
        return Ok(at);
    }
    let found: Vec<usize> = keys.iter().enumerate().filter(|(_, key)| is_phone(key)).map(|(at, _)| at).collect();
    match found.as_slice() {
        [at] => Ok(*at),
        [] => Err(no_phone_column(names)),
        [one, other, ..] => Err(FileError::TwoPhoneColumns { one: names[*one].clone(), other: names[*other].clone() }),
    }
}

fn no_phone_column(names: &[String]) -> FileError {
    let named = || names.iter().filter(|name| !name.is_empty()).take(20);
    if names.iter().any(|name| may_be_a_number(name)) {
        return FileError::NoHeader { masked: named().map(|name| mask(name)).collect() };
    }
    FileError::NoPhoneColumn { seen: named().cloned().collect() }
}

/// No name of a column has so many digits and no letter.
fn may_be_a_number(name: &str) -> bool {
    name.bytes().filter(u8::is_ascii_digit).count() >= 7 && !name.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_phone_column_by_any_of_its_names() {
        for header in [["id", "phone_number"], ["id", "Phone Number"], ["id", " TO-NUMBER "], ["id", "Mobile"], ["id", "contact_number"]] {
            assert_eq!(Columns::read(header).unwrap().kinds[1], Column::Phone, "{header:?}");
        }
        let both = Columns::read(["mobile", "phone_number"]).unwrap();
        assert_eq!(both.kinds, [Column::Variable("mobile".to_owned()), Column::Phone]);
    }

    #[test]
    fn finds_the_postal_codes_by_any_of_their_names_and_keeps_the_name() {
        let columns = Columns::read(["phone", "ZIP Code"]).unwrap();
        assert_eq!(columns.kinds[1], Column::PostalCode);
        assert_eq!(columns.variables, [("postal_code".to_owned(), 1), ("zip_code".to_owned(), 1)]);
        let both = Columns::read(["zip", "phone", "postal_code"]).unwrap();
        assert_eq!(both.kinds, [Column::Variable("zip".to_owned()), Column::Phone, Column::PostalCode]);
        assert_eq!(both.variables.len(), 2);
    }

    #[test]
    fn refuses_headers_that_leave_a_doubt() {
        let error = |header: &[&str]| Columns::read(header.iter().copied()).unwrap_err().to_string();
        assert!(error(&["name", "city"]).contains("name, city"), "{}", error(&["name", "city"]));
        assert!(error(&["phone", "mobile"]).contains("`phone` and `mobile`"));
        let without = error(&["(415) 555-0100", "Ann", "Oakland"]);
        assert!(without.contains("there seems to be no header row") && without.contains("(415***00, ***, Oa***"), "{without}");
        assert!(error(&["phone", "Name", "name "]).contains("`name`"));
        let many: Vec<String> = (0..10_000).map(|at| format!("c{at}")).collect();
        assert!(Columns::read(many.iter().map(String::as_str)).is_err());
    }

    #[test]
    fn known_columns_and_variables() {
        let columns = Columns::read([
            "phone",
            "External ID",
            "",
            "Monthly Bill ($)",
            "_reason",
            "Priority",
            "Consent At",
            "not_after",
            "From Number",
            "language",
        ])
        .unwrap();
        let variable = |name: &str| Column::Variable(name.to_owned());
        let expected = [
            Column::Phone,
            Column::ExternalId,
            Column::Ignored,
            variable("monthly_bill"),
            Column::Ignored,
            Column::Priority,
            Column::ConsentAt,
            Column::NotAfter,
            variable("from_number"),
            variable("language"),
        ];
        assert_eq!(columns.kinds, expected);
        assert_eq!(columns.remarks().iter().map(|remark| remark.column.as_str()).collect::<Vec<_>>(), ["From Number", "language"]);
    }
}
