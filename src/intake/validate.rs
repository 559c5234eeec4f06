//! One record into one lead, or into the reason why not. Pure: the same for a file and for rows of the API.

mod json;
mod moments;
mod one_cell;

use std::collections::BTreeMap;

use self::json::{json_list, json_object};
use self::moments::{given_at, latest};
use crate::domain::consent::ConsentProof;
use crate::domain::phone::PhoneNumber;
use crate::domain::priority::{NoPriority, Priority};
use crate::domain::time::Timestamp;
use crate::domain::zone::{Address, ZoneError, zones_for};
use crate::intake::cells;
use crate::intake::columns::{Column, Columns};
use crate::intake::finding::{Finding, FindingCode, Trouble, mask};
use crate::intake::phone::{APOSTROPHES, Region, dialable, may_be_rounded};

/// Longest cell, in bytes.
pub const MAX_CELL: usize = 8_192;

/// A lead as its row describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadRow {
    /// Row of data, from 1.
    pub row: u64,
    /// Line of the file on which it begins, from 1.
    pub line: u64,
    /// Whom to call.
    pub phone_number: PhoneNumber,
    /// Whether a spreadsheet's apostrophe stood in front of the number.
    pub apostrophe: bool,
    /// Whether the number is a figure that may have been rounded.
    pub rounded: bool,
    /// The list's own id.
    pub external_id: Option<String>,
    /// IANA zones the callee may be in, sorted, as a JSON list; never empty.
    pub zones: String,
    /// What allows the call.
    pub consent_basis: Option<String>,
    /// When consent was given, and where the record of it is kept.
    pub consent_proof: Option<Box<ConsentProof>>,
    /// Who goes first among the fresh leads.
    pub priority: Priority,
    /// Not to be called earlier.
    pub not_before: Option<Timestamp>,
    /// Everything else that was filled in, by normalised column name, as a JSON object of texts.
    pub variables: String,
    /// The states the row's address may lie in, by their codes.
    pub states: Vec<&'static str>,
}

impl LeadRow {
    /// The variables by name.
    #[must_use]
    pub fn variable_map(&self) -> BTreeMap<String, String> {
        serde_json::from_str(&self.variables).unwrap_or_default()
    }
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Row of data, from 1.
    pub row: u64,
    /// Line of the file, from 1.
    pub line: u64,
}

/// Decides about one record; `cells` in the order of `columns`, missing ones at the end count as empty. `now` is when its import
/// began, whoever goes on with it.
///
/// # Errors
/// The first thing that is wrong.
pub fn validate<'a>(
    columns: &Columns,
    cells: impl IntoIterator<Item = &'a str>,
    place: Place,
    region: Option<Region>,
    now: Timestamp,
) -> Result<LeadRow, Box<Finding>> {
    let read = Read::of(columns, cells, place)?;
    let phone = columns.kinds.iter().position(|kind| *kind == Column::Phone).unwrap_or(0);
    let number = dialable(read.phone, region).map_err(|trouble| match one_cell::trouble(&read.cells, columns.kinds.len()) {
        Some(trouble) => finding(&Columns::default(), place, 0, read.cells[0], trouble),
        None => finding(columns, place, phone, read.phone, one_cell::behind_number(read.phone, region).unwrap_or(trouble)),
    })?;
    let address = Address { state: read.state.map(|(_, cell)| cell), postal_code: read.postal_code.map(|(_, cell)| cell) };
    let zones =
        zones_for(&number, address, read.zone.map(|(_, cell)| cell)).map_err(|error| zone_finding(columns, place, &read, phone, &error))?;
    let priority = read.priority.map_or(Ok(Priority::default()), |(at, cell)| {
        cell.parse().map_err(|error| finding(columns, place, at, cell, bad_priority(error)))
    })?;
    let not_before = read
        .not_before
        .map(|(at, cell)| latest(cell, &zones).ok_or_else(|| finding(columns, place, at, cell, bad_not_before())))
        .transpose()?;
    let consent_at = read
        .consent_at
        .map(|(at, cell)| given_at(cell, &zones, now).map_err(|trouble| finding(columns, place, at, cell, trouble)))
        .transpose()?;
    if let Some((at, cell)) = read.not_after {
        return Err(finding(columns, place, at, cell, not_after()));
    }
    let states = address.states(&number);
    Ok(LeadRow {
        row: place.row,
        line: place.line,
        phone_number: number,
        apostrophe: read.apostrophe,
        rounded: may_be_rounded(read.phone),
        external_id: read.external_id.map(str::to_owned),
        zones: json_list(&zones),
        consent_basis: read.consent_basis.map(str::to_owned),
        consent_proof: ConsentProof::of(consent_at, read.consent_ref.map(str::to_owned)),
        priority,
        not_before,
        variables: json_object(&columns.variables, &read.cells),
        states,
    })
}

/// A record's cells, sorted by what they are for.
#[derive(Default)]
struct Read<'a> {
    cells: Vec<&'a str>,
    phone: &'a str,
    apostrophe: bool,
    external_id: Option<&'a str>,
    consent_basis: Option<&'a str>,
    consent_at: Option<(usize, &'a str)>,
    consent_ref: Option<&'a str>,
    priority: Option<(usize, &'a str)>,
    not_before: Option<(usize, &'a str)>,
    not_after: Option<(usize, &'a str)>,
    state: Option<(usize, &'a str)>,
    postal_code: Option<(usize, &'a str)>,
    zone: Option<(usize, &'a str)>,
}

impl<'a> Read<'a> {
    fn of(columns: &Columns, cells: impl IntoIterator<Item = &'a str>, place: Place) -> Result<Self, Box<Finding>> {
        let mut read = Self { cells: Vec::with_capacity(columns.kinds.len()), ..Self::default() };
        for (at, cell) in cells.into_iter().enumerate() {
            let written = cell.trim();
            let cell = cells::unescape(written).trim();
            if cell.len() > MAX_CELL {
                return Err(finding(columns, place, at, cell, too_long()));
            }
            match columns.kinds.get(at) {
                _ if cell.is_empty() => {}
                Some(kind) => read.put(kind, at, cell, written),
                None => return Err(finding(columns, place, at, cell, too_many(columns.kinds.len()))),
            }
            read.cells.push(cell);
        }
        Ok(read)
    }

    fn put(&mut self, kind: &Column, at: usize, cell: &'a str, written: &str) {
        match kind {
            Column::Phone => (self.phone, self.apostrophe) = (cell, written.starts_with(APOSTROPHES)),
            Column::ExternalId => self.external_id = Some(cell),
            Column::ConsentBasis => self.consent_basis = Some(cell),
            Column::ConsentAt => self.consent_at = Some((at, cell)),
            Column::ConsentRef => self.consent_ref = Some(cell),
            Column::Priority => self.priority = Some((at, cell)),
            Column::NotBefore => self.not_before = Some((at, cell)),
            Column::NotAfter => self.not_after = Some((at, cell)),
            Column::State => self.state = Some((at, cell)),
            Column::PostalCode => self.postal_code = Some((at, cell)),
            Column::Timezone => self.zone = Some((at, cell)),
            Column::Variable(_) | Column::Ignored => {}
        }
    }
}

fn finding(columns: &Columns, place: Place, at: usize, cell: &str, trouble: Trouble) -> Box<Finding> {
    let Trouble { code, message, suggestion } = trouble;
    let column = columns.name(at).to_owned();
    Box::new(Finding { row: place.row, line: place.line, column, code, value_masked: mask(cell), message, suggestion })
}

/// A finding about a row that has no readable cells.
pub(super) fn row_finding(place: Place, trouble: Trouble) -> Box<Finding> {
    finding(&Columns::default(), place, 0, "", trouble)
}

fn zone_finding(columns: &Columns, place: Place, read: &Read<'_>, phone: usize, error: &ZoneError) -> Box<Finding> {
    let (code, stated) = match error {
        ZoneError::UnknownState(_) => (FindingCode::UnknownState, read.state),
        ZoneError::NotAPostalCode(_) | ZoneError::UnknownPostalCode(_) | ZoneError::ArmedForces(_) => {
            (FindingCode::UnknownPostalCode, read.postal_code)
        }
        ZoneError::Elsewhere { .. } => (FindingCode::StateMismatch, read.postal_code),
        ZoneError::UnknownZone(_) | ZoneError::NotAPlace(_) => (FindingCode::UnknownZone, read.zone),
        ZoneError::UnknownNumber => (FindingCode::UnknownZone, None),
    };
    let (at, cell) = stated.unwrap_or((phone, read.phone));
    let suggestion = match error {
        ZoneError::NotAPostalCode(_) => "format the column as text, so that the spreadsheet keeps zeros in front; or leave it empty",
        ZoneError::UnknownPostalCode(_) => "correct it, or leave it empty",
        ZoneError::Elsewhere { .. } => "correct the one that is wrong, or leave it empty",
        _ => "state the zone by its IANA name, like America/New_York, in a column `timezone`",
    };
    finding(columns, place, at, cell, Trouble::new(code, error.to_string(), suggestion))
}

fn too_long() -> Trouble {
    Trouble::new(
        FindingCode::CellTooLong,
        format!("a cell is longer than {MAX_CELL} bytes"),
        "shorten it; a broken quote may have joined rows",
    )
}

fn too_many(columns: usize) -> Trouble {
    let message = format!("the row has more cells than the header's {columns} columns");
    Trouble::new(FindingCode::TooManyCells, message, "put cells that hold the separator in quotes")
}

fn bad_priority(error: NoPriority) -> Trouble {
    Trouble::new(
        FindingCode::BadPriority,
        error.to_string(),
        "write a whole number, higher ones are called first; or leave it empty, which is 0",
    )
}

fn bad_not_before() -> Trouble {
    let suggestion = "write 2026-11-30, 2026-11-30T09:00 (on the callee's clock) or 2026-11-30T14:00:00Z";
    Trouble::new(FindingCode::BadNotBefore, "not_before is no moment", suggestion)
}

/// A lead keeps no last time, so one that has it would be called too late.
fn not_after() -> Trouble {
    let message = "a time after which the person may not be called cannot be kept";
    let suggestion = "leave out people whose time has passed; empty the cell of the others and end their campaign in time: schedule.end";
    Trouble::new(FindingCode::NotAfter, message, suggestion)
}
