//! One record into one lead, or into the reason why not. Pure: the same for a file and for rows of the API.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::domain::zone::{ZoneError, zones_for};
use crate::intake::cells;
use crate::intake::columns::{Column, Columns};
use crate::intake::finding::{Finding, FindingCode, Trouble, mask};
use crate::intake::phone::{Region, dialable};

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
    /// The list's own id.
    pub external_id: Option<String>,
    /// IANA zones the callee may be in, sorted; never empty.
    pub zones: Vec<String>,
    /// What allows the call.
    pub consent_basis: Option<String>,
    /// Not to be called earlier.
    pub not_before: Option<Timestamp>,
    /// Everything else that was filled in, by normalised column name.
    pub variables: BTreeMap<String, String>,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Row of data, from 1.
    pub row: u64,
    /// Line of the file, from 1.
    pub line: u64,
}

/// Decides about one record; `cells` in the order of `columns`, missing ones at the end count as empty.
///
/// # Errors
/// The first thing that is wrong.
pub fn validate<'a>(
    columns: &Columns,
    cells: impl IntoIterator<Item = &'a str>,
    place: Place,
    region: Option<Region>,
) -> Result<LeadRow, Box<Finding>> {
    let read = Read::of(columns, cells, place)?;
    let phone = columns.kinds.iter().position(|kind| *kind == Column::Phone).unwrap_or(0);
    let number = dialable(read.phone, region).map_err(|trouble| finding(columns, place, phone, read.phone, trouble))?;
    let zones = zones_for(&number, read.state.map(|(_, cell)| cell), read.zone.map(|(_, cell)| cell))
        .map_err(|error| zone_finding(columns, place, &read, phone, &error))?;
    let not_before = read
        .not_before
        .map(|(at, cell)| moment(cell, &zones).ok_or_else(|| finding(columns, place, at, cell, bad_not_before())))
        .transpose()?;
    let Read { external_id, consent_basis, variables, .. } = read;
    let Place { row, line } = place;
    Ok(LeadRow { row, line, phone_number: number, external_id, zones, consent_basis, not_before, variables })
}

/// A record's cells, sorted by what they are for.
#[derive(Default)]
struct Read<'a> {
    phone: &'a str,
    external_id: Option<String>,
    consent_basis: Option<String>,
    not_before: Option<(usize, &'a str)>,
    state: Option<(usize, &'a str)>,
    zone: Option<(usize, &'a str)>,
    variables: BTreeMap<String, String>,
}

impl<'a> Read<'a> {
    fn of(columns: &Columns, cells: impl IntoIterator<Item = &'a str>, place: Place) -> Result<Self, Box<Finding>> {
        let mut read = Self::default();
        for (at, cell) in cells.into_iter().enumerate() {
            let cell = cells::unescape(cell.trim());
            if cell.len() > MAX_CELL {
                return Err(finding(columns, place, at, cell, too_long()));
            }
            match columns.kinds.get(at) {
                _ if cell.is_empty() => {}
                Some(kind) => read.put(kind, at, cell),
                None => return Err(finding(columns, place, at, cell, too_many(columns.kinds.len()))),
            }
        }
        Ok(read)
    }

    fn put(&mut self, kind: &Column, at: usize, cell: &'a str) {
        match kind {
            Column::Phone => self.phone = cell,
            Column::ExternalId => self.external_id = Some(cell.to_owned()),
            Column::ConsentBasis => self.consent_basis = Some(cell.to_owned()),
            Column::NotBefore => self.not_before = Some((at, cell)),
            Column::State => {
                self.state = Some((at, cell));
                self.variables.insert("state".to_owned(), cell.to_owned());
            }
            Column::Timezone => {
                self.zone = Some((at, cell));
                self.variables.insert("timezone".to_owned(), cell.to_owned());
            }
            Column::Variable(name) => {
                self.variables.insert(name.clone(), cell.to_owned());
            }
            Column::Ignored => {}
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
    finding(&Columns { names: Vec::new(), kinds: Vec::new() }, place, 0, "", trouble)
}

fn zone_finding(columns: &Columns, place: Place, read: &Read<'_>, phone: usize, error: &ZoneError) -> Box<Finding> {
    let (code, stated) = match error {
        ZoneError::UnknownState(_) => (FindingCode::UnknownState, read.state),
        ZoneError::UnknownZone(_) | ZoneError::NotAPlace(_) => (FindingCode::UnknownZone, read.zone),
        ZoneError::UnknownNumber => (FindingCode::UnknownZone, None),
    };
    let (at, cell) = stated.unwrap_or((phone, read.phone));
    let suggestion = "state the zone by its IANA name, like America/New_York, in a column `timezone`";
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

fn bad_not_before() -> Trouble {
    let suggestion = "write 2026-11-30, 2026-11-30T09:00 (on the callee's clock) or 2026-11-30T14:00:00Z";
    Trouble::new(FindingCode::BadNotBefore, "not_before is no moment", suggestion)
}

/// A moment with its offset, or a local time; in several zones the latest of them.
fn moment(cell: &str, zones: &[String]) -> Option<Timestamp> {
    if let Ok(moment) = cell.parse() {
        return Some(moment);
    }
    let local = cell.parse::<DateTime>().ok().or_else(|| cell.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)))?;
    let moments =
        zones.iter().map(|name| local.to_zoned_datetime(TimeZone::get(name).ok()?).ok().map(|zoned| Timestamp::from_zoned(&zoned)));
    moments.collect::<Option<Vec<_>>>()?.into_iter().max()
}
