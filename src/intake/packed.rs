//! Judged leads in little room, so that a long stretch costs some ten megabytes: one buffer for all of them, in which a zone, a
//! reason for consent or the name of a variable that every row repeats stands once.

mod bytes;
mod object;
mod rare;
mod words;

use crate::domain::phone::PhoneNumber;
use crate::domain::priority::Priority;
use crate::intake::import::OnDuplicate;
use crate::intake::validate::LeadRow;
use bytes::{Taken, put_figure, put_text};
use object::Object;
use rare::Rare;
use words::Words;

/// Longest word, in bytes: what is longer is seldom said twice, and a table of words must stay small.
const LONGEST_WORD: usize = 200;

/// Leads that wait to be written. Meant to be filled again and again: what grows once need not grow for the next stretch.
#[derive(Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    words: Words<String>,
    states: Words<&'static str>,
    leads: Vec<Slot>,
}

/// One lead: what it is sorted by, and where the rest of it stands.
struct Slot {
    digits: u64,
    row: u64,
    begin: usize,
}

impl Packed {
    /// Adds a lead. Its texts are cells of a row, and an empty cell is none.
    pub(super) fn add(&mut self, lead: &LeadRow) {
        self.leads.push(Slot { digits: lead.phone_number.digits(), row: lead.row, begin: self.bytes.len() });
        put_figure(&mut self.bytes, lead.line);
        put_text(&mut self.bytes, lead.external_id.as_deref().unwrap_or_default());
        self.put_word(&lead.zones);
        self.put_word(lead.consent_basis.as_deref().unwrap_or_default());
        put_figure(&mut self.bytes, lead.priority.get().cast_unsigned().into());
        rare::put(&mut self.bytes, lead);
        self.put_states(&lead.states);
        self.put_variables(&lead.variables);
    }

    /// A word's figure from 1, or 0 and the text itself.
    fn put_word(&mut self, word: &str) {
        let figure = if word.len() <= LONGEST_WORD { self.words.figure(word) } else { None };
        put_figure(&mut self.bytes, figure.map_or(0, |figure| figure + 1));
        if figure.is_none() {
            put_text(&mut self.bytes, word);
        }
    }

    fn put_states(&mut self, states: &[&'static str]) {
        put_figure(&mut self.bytes, states.len() as u64);
        for state in states {
            put_figure(&mut self.bytes, self.states.figure(state).expect("far fewer states than words are kept"));
        }
    }

    /// How many, then name and text of each.
    fn put_variables(&mut self, json: &str) {
        put_figure(&mut self.bytes, object::texts(json).count() as u64 / 2);
        let mut texts = object::texts(json);
        while let (Some(name), Some(text)) = (texts.next(), texts.next()) {
            self.put_word(name);
            put_text(&mut self.bytes, text);
        }
    }

    /// None are left; their room is kept.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.words.clear();
        self.states.clear();
        self.leads.clear();
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.leads.len()
    }

    /// Puts them in the order of their numbers, keeps the first of each number or the last one, and says on which lines the others
    /// stood.
    pub(super) fn sort(&mut self, on_duplicate: OnDuplicate) -> Vec<u64> {
        let (mut gone, last, bytes) = (Vec::new(), on_duplicate == OnDuplicate::Update, &self.bytes);
        self.leads.sort_unstable_by_key(|lead| (lead.digits, if last { u64::MAX - lead.row } else { lead.row }));
        self.leads.dedup_by(|lead, kept| {
            let repeats = lead.digits == kept.digits;
            if repeats {
                gone.push(line_of(bytes, lead));
            }
            repeats
        });
        gone.sort_unstable();
        gone
    }

    /// Puts them in the order of the list.
    pub(super) fn sort_by_row(&mut self) {
        self.leads.sort_unstable_by_key(|lead| lead.row);
    }

    /// Those from `begin` on, at most `most` of them and no more than `bytes` of text (or one).
    pub(super) fn some(&self, begin: usize, most: usize, bytes: usize) -> Vec<LeadRow> {
        let mut room = bytes;
        let fitting = |slot: &Slot| {
            (room > 0).then(|| {
                let lead = self.lead(slot);
                room = room.saturating_sub(length(&lead));
                lead
            })
        };
        self.leads.iter().skip(begin).take(most).map_while(fitting).collect()
    }

    /// Takes everything out in the order in which [`Packed::add`] puts it in.
    fn lead(&self, slot: &Slot) -> LeadRow {
        let mut taken = Taken(&self.bytes[slot.begin..]);
        let filled_in = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (line, external_id) = (taken.figure(), filled_in(taken.text()));
        let (zones, consent_basis) = (self.word(&mut taken).to_owned(), filled_in(self.word(&mut taken)));
        let priority = priority(taken.figure());
        let Rare { not_before, consent_proof, apostrophe, rounded } = Rare::taken(&mut taken);
        LeadRow {
            row: slot.row,
            line,
            phone_number: PhoneNumber::from_digits(slot.digits),
            apostrophe,
            rounded,
            external_id,
            zones,
            consent_basis,
            consent_proof,
            priority,
            not_before,
            states: (0..taken.figure()).map(|_| *self.states.word(taken.figure())).collect(),
            variables: self.variables(&mut taken),
        }
    }

    fn word<'a>(&'a self, taken: &mut Taken<'a>) -> &'a str {
        match taken.figure() {
            0 => taken.text(),
            figure => self.words.word(figure - 1),
        }
    }

    fn variables<'a>(&'a self, taken: &mut Taken<'a>) -> String {
        let mut object = Object::new();
        for _ in 0..taken.figure() {
            let name = self.word(taken);
            object.add(name, taken.text());
        }
        object.done()
    }
}

/// The line of a lead, which stands before all else of it.
fn line_of(bytes: &[u8], slot: &Slot) -> u64 {
    Taken(&bytes[slot.begin..]).figure()
}

fn priority(figure: u64) -> Priority {
    let number = figure.to_le_bytes()[0].cast_signed();
    i32::from(number).try_into().expect("a priority was put here")
}

/// Bytes of its texts.
fn length(lead: &LeadRow) -> usize {
    let filled_in = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let consent_ref = lead.consent_proof.as_ref().map_or(0, |proof| filled_in(&proof.reference));
    lead.zones.len() + lead.variables.len() + filled_in(&lead.external_id) + filled_in(&lead.consent_basis) + consent_ref
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::consent::ConsentProof;
    use crate::domain::time::Timestamp;

    fn lead() -> impl Strategy<Value = LeadRow> {
        let text = || proptest::option::of("\\PC{1,9}|[a-z]{198,202}");
        let time = || proptest::option::of((-9_i64..4_102_444_800_000).prop_map(Timestamp::from_millis));
        let consent_proof = (time(), text()).prop_map(|(at, reference)| ConsentProof::of(at, reference));
        (
            0_u64..9,
            text(),
            "\\PC{0,9}",
            (text(), consent_proof),
            (Priority::ALL, time(), any::<[bool; 2]>()),
            proptest::collection::btree_map("[a-z]{1,3}", "\\PC{0,9}|[\"\\\\\n]{1,3}", 0..3),
            proptest::collection::vec("CA|NV".prop_map(|code| if code == "CA" { "CA" } else { "NV" }), 0..3),
        )
            .prop_map(
                |(
                    n,
                    external_id,
                    zones,
                    (consent_basis, consent_proof),
                    (priority, not_before, [apostrophe, rounded]),
                    variables,
                    states,
                )| LeadRow {
                    row: 0,
                    line: 0,
                    phone_number: PhoneNumber::from_digits(14_155_550_100 + n),
                    apostrophe,
                    rounded,
                    external_id,
                    zones,
                    consent_basis,
                    consent_proof,
                    priority: i32::from(priority).try_into().unwrap(),
                    not_before,
                    variables: serde_json::to_string(&variables).unwrap(),
                    states,
                },
            )
    }

    #[test]
    fn a_lead_without_what_is_rare_has_one_byte_for_all_of_it() {
        let lead = LeadRow {
            row: 1,
            line: 2,
            phone_number: PhoneNumber::from_digits(14_155_550_100),
            apostrophe: false,
            rounded: false,
            external_id: None,
            zones: String::new(),
            consent_basis: None,
            consent_proof: None,
            priority: Priority::default(),
            not_before: None,
            variables: "{}".to_owned(),
            states: Vec::new(),
        };
        let mut packed = Packed::default();
        packed.add(&lead);
        // line, id, zones, basis, priority, what is rare, states, variables
        assert_eq!(packed.bytes.len(), 8);
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
            let others: Vec<u64> = leads.iter().map(|lead| lead.line).filter(|line| kept.values().all(|kept| kept.line != *line)).collect();
            prop_assert_eq!(gone, others);
            let mut back = Vec::new();
            while back.len() < packed.len() {
                back.extend(packed.some(back.len(), most, 12));
            }
            prop_assert_eq!(back, kept.into_values().collect::<Vec<_>>());
        }
    }
}
