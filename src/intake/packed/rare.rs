//! What a lead may have and few have: one byte says what there is of it.

use super::bytes::{Taken, put_figure, put_text};
use crate::domain::consent::ConsentProof;
use crate::domain::time::Timestamp;
use crate::intake::validate::LeadRow;

const NOT_BEFORE: u64 = 1;
const CONSENT_AT: u64 = 2;
const CONSENT_REF: u64 = 4;
const APOSTROPHE: u64 = 8;
const ROUNDED: u64 = 16;

/// What few lists have: one byte that says what there is of it, then that.
pub(super) fn put(bytes: &mut Vec<u8>, lead: &LeadRow) {
    let consent_at = lead.consent_proof.as_ref().and_then(|proof| proof.at);
    let consent_ref = lead.consent_proof.as_ref().and_then(|proof| proof.reference.as_deref());
    let has = |bit, there| if there { bit } else { 0 };
    let there = has(NOT_BEFORE, lead.not_before.is_some())
        | has(CONSENT_AT, consent_at.is_some())
        | has(CONSENT_REF, consent_ref.is_some())
        | has(APOSTROPHE, lead.apostrophe)
        | has(ROUNDED, lead.rounded);
    put_figure(bytes, there);
    for time in lead.not_before.iter().chain(&consent_at) {
        put_figure(bytes, time.as_millis().cast_unsigned());
    }
    if let Some(reference) = consent_ref {
        put_text(bytes, reference);
    }
}

/// What [`put`] puts in.
pub(super) struct Rare {
    pub(super) not_before: Option<Timestamp>,
    pub(super) consent_proof: Option<Box<ConsentProof>>,
    pub(super) apostrophe: bool,
    pub(super) rounded: bool,
}

impl Rare {
    /// Takes it out again.
    pub(super) fn taken(taken: &mut Taken<'_>) -> Self {
        let there = taken.figure();
        let mut time = |bit| (there & bit > 0).then(|| Timestamp::from_millis(taken.figure().cast_signed()));
        let (not_before, consent_at) = (time(NOT_BEFORE), time(CONSENT_AT));
        let consent_ref = (there & CONSENT_REF > 0).then(|| taken.text().to_owned());
        let consent_proof = ConsentProof::of(consent_at, consent_ref);
        Self { not_before, consent_proof, apostrophe: there & APOSTROPHE > 0, rounded: there & ROUNDED > 0 }
    }
}
