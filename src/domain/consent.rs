//! What proves a consent: when it was given, and where the record of it is kept. Why somebody may be called, the basis, stands
//! apart: the permit asks for that alone.

use crate::domain::time::Timestamp;

/// At least one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentProof {
    /// When it was given.
    pub at: Option<Timestamp>,
    /// Where the record of it is kept, in the operator's words.
    pub reference: Option<String>,
}

impl ConsentProof {
    /// Boxed: a lead of a long list that has none takes no room for it.
    #[must_use]
    pub fn of(at: Option<Timestamp>, reference: Option<String>) -> Option<Box<Self>> {
        (at.is_some() || reference.is_some()).then(|| Box::new(Self { at, reference }))
    }
}
