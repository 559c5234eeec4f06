//! Judged leads in little room: their texts in one buffer, so that a stretch of fifty thousand costs some ten megabytes.

use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::intake::import::OnDuplicate;
use crate::intake::validate::LeadRow;

/// Texts of a lead, in the order in which they are packed.
const TEXTS: usize = 4;

/// Leads that wait to be written. Meant to be filled again and again: what grows once need not grow for the next stretch.
#[derive(Default)]
pub(super) struct Packed {
    text: String,
    states: Vec<&'static str>,
    leads: Vec<Slot>,
}

/// One lead: what is no text, and where its texts end.
struct Slot {
    digits: u64,
    row: u64,
    line: u64,
    not_before: Option<Timestamp>,
    begin: usize,
    lengths: [u32; TEXTS],
    states_begin: u32,
    states_end: u32,
}

impl Packed {
    /// Adds a lead. Its texts are cells of a row, and an empty cell is none.
    pub(super) fn add(&mut self, lead: &LeadRow) {
        let begin = self.text.len();
        let texts: [&str; TEXTS] = [
            lead.external_id.as_deref().unwrap_or_default(),
            &lead.zones,
            lead.consent_basis.as_deref().unwrap_or_default(),
            &lead.variables,
        ];
        let lengths = texts.map(|text| short(text.len()));
        texts.iter().for_each(|text| self.text.push_str(text));
        let (digits, not_before) = (lead.phone_number.digits(), lead.not_before);
        let states_begin = short(self.states.len());
        self.states.extend_from_slice(&lead.states);
        let states_end = short(self.states.len());
        self.leads.push(Slot { digits, row: lead.row, line: lead.line, not_before, begin, lengths, states_begin, states_end });
    }

    /// None are left; their room is kept.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.states.clear();
        self.leads.clear();
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.leads.len()
    }

    /// Puts them in the order of their numbers, keeps the first of each number or the last one, and says how many went.
    pub(super) fn sort(&mut self, on_duplicate: OnDuplicate) -> u64 {
        let (all, last) = (self.leads.len(), on_duplicate == OnDuplicate::Update);
        self.leads.sort_unstable_by_key(|lead| (lead.digits, if last { u64::MAX - lead.row } else { lead.row }));
        self.leads.dedup_by_key(|lead| lead.digits);
        (all - self.leads.len()) as u64
    }

    /// Puts them in the order of the list.
    pub(super) fn sort_by_row(&mut self) {
        self.leads.sort_unstable_by_key(|lead| lead.row);
    }

    /// Those from `begin` on, at most `most` of them and no more than `bytes` of text (or one).
    pub(super) fn some(&self, begin: usize, most: usize, bytes: usize) -> Vec<LeadRow> {
        let mut room = bytes;
        let fits = |slot: &&Slot| {
            let fits = room > 0;
            room = room.saturating_sub(slot.length());
            fits
        };
        let slots = self.leads.iter().skip(begin).take(most).take_while(fits);
        slots.map(|slot| self.lead(slot)).collect()
    }

    fn lead(&self, slot: &Slot) -> LeadRow {
        let mut at = slot.begin;
        let [external_id, zones, consent_basis, variables] = slot.lengths.map(|length| {
            let begin = at;
            at += length as usize;
            &self.text[begin..at]
        });
        let filled_in = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        LeadRow {
            row: slot.row,
            line: slot.line,
            phone_number: PhoneNumber::from_digits(slot.digits),
            external_id: filled_in(external_id),
            zones: zones.to_owned(),
            consent_basis: filled_in(consent_basis),
            not_before: slot.not_before,
            variables: variables.to_owned(),
            states: self.states[slot.states_begin as usize..slot.states_end as usize].to_vec(),
        }
    }
}

/// A row is no longer than a megabyte, and a stretch has some ten thousand of them.
fn short(length: usize) -> u32 {
    u32::try_from(length).expect("a stretch is bounded")
}

impl Slot {
    fn length(&self) -> usize {
        self.lengths.iter().map(|length| *length as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lead() -> impl Strategy<Value = LeadRow> {
        let text = || proptest::option::of("\\PC{1,9}");
        let not_before = proptest::option::of((0_i64..4_102_444_800_000).prop_map(Timestamp::from_millis));
        (
            0_u64..9,
            text(),
            "\\PC{0,9}",
            text(),
            not_before,
            "\\PC{0,9}",
            proptest::collection::vec("CA|NV".prop_map(|code| if code == "CA" { "CA" } else { "NV" }), 0..3),
        )
            .prop_map(|(n, external_id, zones, consent_basis, not_before, variables, states)| LeadRow {
                row: 0,
                line: 0,
                phone_number: PhoneNumber::from_digits(14_155_550_100 + n),
                external_id,
                zones,
                consent_basis,
                not_before,
                variables,
                states,
            })
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back_once_for_each_number(leads in proptest::collection::vec(lead(), 0..30), update: bool, most in 1_usize..5) {
            let leads: Vec<LeadRow> = leads.into_iter().zip(1..).map(|(lead, row)| LeadRow { row, line: row + 1, ..lead }).collect();
            let mut packed = Packed::default();
            leads.iter().for_each(|lead| packed.add(lead));
            let kept: std::collections::BTreeMap<u64, LeadRow> = if update {
                leads.iter().map(|lead| (lead.phone_number.digits(), lead.clone())).collect()
            } else {
                leads.iter().rev().map(|lead| (lead.phone_number.digits(), lead.clone())).collect()
            };
            let gone = packed.sort(if update { OnDuplicate::Update } else { OnDuplicate::Skip });
            prop_assert_eq!(gone as usize + packed.len(), leads.len());
            let mut back = Vec::new();
            while back.len() < packed.len() {
                back.extend(packed.some(back.len(), most, 12));
            }
            prop_assert_eq!(back, kept.into_values().collect::<Vec<_>>());
        }
    }
}
