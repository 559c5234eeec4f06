//! What a list would change: the first rows of each kind, for an operator who tries it first.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use serde::Serialize;

use super::doubtful::Doubtful;
use super::refused::{Refused, SHOWN};
use super::sink::SinkError;
use crate::domain::ids::CampaignId;
use crate::domain::lead::LeadState;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::intake::{Counts, LeadRow, LeadSink, Piece};
use crate::store::Store;
use crate::store::lead_insert::OnDuplicate;
use crate::store::lead_values::LeadValues;

/// A row of the list against what the campaign has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffRow {
    /// Line of the file.
    line: u64,
    /// The number, masked.
    phone_number: String,
    /// The list's own id.
    external_id: Option<String>,
    /// What would change: before and after; empty for new leads, and for those that stay as they are.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    changes: BTreeMap<String, (Option<String>, Option<String>)>,
}

/// The first rows of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    new: Vec<DiffRow>,
    updated: Vec<DiffRow>,
    duplicate: Vec<DiffRow>,
    /// Of the updated ones, the same as they are in every value.
    unchanged: u64,
    /// Rows that are not compared, because another row of the list has their number: the last one holds with `update`, else the first.
    repeated: u64,
    /// The first lines of those.
    repeated_lines: Vec<u64>,
}

impl Diff {
    fn repeat(&mut self, lines: &[u64]) {
        self.repeated += lines.len() as u64;
        let room = SHOWN - self.repeated_lines.len();
        self.repeated_lines.extend(lines.iter().take(room));
    }
}

/// Compares and writes nothing.
pub struct Tries {
    /// Rows.
    pub store: Store,
    /// Whose list.
    pub campaign: CampaignId,
    /// What would be done with numbers the campaign has.
    pub on_duplicate: OnDuplicate,
    /// The moment that times are compared with.
    now: Timestamp,
    /// Numbers of earlier pieces: their digits, which take a fifth of the room.
    seen: HashSet<u64>,
    /// Where refused rows go.
    pub refused: Refused,
    /// The first rows of each kind.
    pub diff: Diff,
    /// Of the new ones, those that must not be called.
    pub suppressed: u64,
    /// Rows that somebody should look at.
    pub doubtful: Doubtful,
}

impl Tries {
    /// Nothing is compared yet.
    pub fn new(
        store: Store,
        campaign: CampaignId,
        doubtful: Doubtful,
        on_duplicate: OnDuplicate,
        refused: Refused,
        now: Timestamp,
    ) -> Self {
        let (seen, diff) = (HashSet::new(), Diff::default());
        Self { store, campaign, on_duplicate, now, seen, refused, diff, suppressed: 0, doubtful }
    }
}

#[async_trait]
impl LeadSink for Tries {
    type Error = SinkError;
    type Leads = Vec<LeadRow>;

    fn ready(leads: Vec<LeadRow>) -> Result<Vec<LeadRow>, SinkError> {
        Ok(leads)
    }

    async fn write(&mut self, piece: Piece) -> Result<Counts, SinkError> {
        self.refused.take(&piece).await?;
        self.diff.repeat(&piece.repeated);
        let numbers: Vec<PhoneNumber> = piece.leads.iter().map(|row| row.phone_number.clone()).collect();
        let there = self.store.lead_values(self.campaign, &numbers).await?;
        let there: HashMap<PhoneNumber, LeadValues> = there.into_iter().map(|known| (known.phone_number.clone(), known)).collect();
        let mut counts = Counts::default();
        let (skips, seen) = (self.on_duplicate == OnDuplicate::Skip, &self.seen);
        let stays = |number: &PhoneNumber| skips && (there.contains_key(number) || seen.contains(&number.digits()));
        self.doubtful.add(piece.leads.iter(), stays);
        let never = self.store.suppressed_among(self.campaign, &numbers.iter().collect::<Vec<_>>()).await?;
        for row in &piece.leads {
            let repeated = !self.seen.insert(row.phone_number.digits());
            let is_new = !repeated && !there.contains_key(&row.phone_number);
            self.suppressed += u64::from(is_new && never.contains(&row.phone_number));
            self.compare(row, there.get(&row.phone_number), repeated, &mut counts);
        }
        Ok(counts)
    }
}

impl Tries {
    fn compare(&mut self, row: &LeadRow, known: Option<&LeadValues>, repeated: bool, counts: &mut Counts) {
        if known.is_none() && !repeated {
            counts.accepted += 1;
            show(&mut self.diff.new, row, BTreeMap::new);
        } else if self.on_duplicate == OnDuplicate::Update {
            counts.updated += 1;
            let changes = known.map(|known| changes(known, row, self.now)).unwrap_or_default();
            match (changes.is_empty(), repeated) {
                (false, _) => show(&mut self.diff.updated, row, || changes),
                (true, false) => self.diff.unchanged += 1,
                // what a row before it would leave behind is not known
                (true, true) => self.diff.repeat(&[row.line]),
            }
        } else {
            counts.duplicates += 1;
            // it stays as it is, whatever the row says
            show(&mut self.diff.duplicate, row, BTreeMap::new);
        }
    }
}

fn show(rows: &mut Vec<DiffRow>, row: &LeadRow, changes: impl FnOnce() -> BTreeMap<String, (Option<String>, Option<String>)>) {
    if rows.len() < SHOWN {
        let (phone_number, external_id) = (row.phone_number.masked(), row.external_id.clone());
        rows.push(DiffRow { line: row.line, phone_number, external_id, changes: changes() });
    }
}

/// Every value that differs, by column.
fn changes(known: &LeadValues, row: &LeadRow, now: Timestamp) -> BTreeMap<String, (Option<String>, Option<String>)> {
    let text = |name: &str| known.variables.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let listed = row.variable_map();
    let names: BTreeSet<&String> = known.variables.keys().chain(listed.keys()).collect();
    let variables = names.into_iter().map(|name| (name.clone(), text(name), listed.get(name).cloned()));
    let proof = row.consent_proof.as_deref();
    let time = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    let own = [
        ("external_id".to_owned(), known.external_id.clone(), row.external_id.clone()),
        ("consent_basis".to_owned(), known.consent_basis.clone(), row.consent_basis.clone()),
        ("consent_at".to_owned(), time(known.consent_at), time(proof.and_then(|proof| proof.at))),
        ("consent_ref".to_owned(), known.consent_ref.clone(), proof.and_then(|proof| proof.reference.clone())),
        ("priority".to_owned(), Some(known.priority.to_string()), Some(row.priority.to_string())),
        ("zones".to_owned(), Some(known.zones.clone()), Some(row.zones.clone())),
    ];
    own.into_iter()
        .chain(first_call(known, row, now))
        .chain(variables)
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| (name, (before, after)))
        .collect()
}

/// When a lead may be called first, before and after: a row that names a time moves a lead that nobody has called yet. A time
/// that has passed is none.
fn first_call(known: &LeadValues, row: &LeadRow, now: Timestamp) -> Option<(String, Option<String>, Option<String>)> {
    let listed = row.not_before.filter(|_| known.state == LeadState::New)?;
    let ahead = |at: Timestamp| (at > now).then(|| at.to_string());
    Some(("not_before".to_owned(), ahead(known.next_attempt_at), ahead(listed)))
}
