//! The payload on the wire: a kind, a version and ids. Old workers read new mail and the other way round, so fields are
//! only ever added; `tests/wire.rs` keeps the shapes.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A job that can travel through a queue. Ids only: no personal data.
pub trait Envelope: Serialize + DeserializeOwned + Clone + Send + Sync + Unpin + 'static {
    /// The word that names this kind of job; never reused for another shape.
    const KIND: &'static str;
    /// Raised when a field changes its meaning.
    const VERSION: u16;
}

/// A payload this binary cannot read. Parked, never fatal: another binary may have written it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undeliverable {
    /// Not the JSON of an envelope.
    #[error("not an envelope: {0}")]
    Malformed(String),
    /// Another kind of job.
    #[error("a `{found}` where a `{wanted}` was expected")]
    OtherKind {
        /// What it is.
        found: String,
        /// What was expected.
        wanted: &'static str,
    },
    /// From a newer binary.
    #[error("version {found} of `{kind}`, this binary reads up to {known}")]
    Newer {
        /// Which kind.
        kind: &'static str,
        /// Its version.
        found: u16,
        /// The newest this binary knows.
        known: u16,
    },
}

#[derive(Serialize, Deserialize)]
struct Wire {
    kind: String,
    v: u16,
    job: serde_json::Value,
}

/// Writes the payload.
///
/// # Errors
/// [`Undeliverable::Malformed`] when the job cannot be written as JSON.
pub fn seal<J: Envelope>(job: &J) -> Result<String, Undeliverable> {
    let job = serde_json::to_value(job).map_err(|error| Undeliverable::Malformed(error.to_string()))?;
    let wire = Wire { kind: J::KIND.to_owned(), v: J::VERSION, job };
    serde_json::to_string(&wire).map_err(|error| Undeliverable::Malformed(error.to_string()))
}

/// Reads the payload.
///
/// # Errors
/// [`Undeliverable`] when it is no envelope, of another kind, or from a newer binary.
pub fn open<J: Envelope>(payload: &str) -> Result<J, Undeliverable> {
    let wire: Wire = serde_json::from_str(payload).map_err(|error| Undeliverable::Malformed(error.to_string()))?;
    if wire.kind != J::KIND {
        return Err(Undeliverable::OtherKind { found: wire.kind, wanted: J::KIND });
    }
    if wire.v > J::VERSION {
        return Err(Undeliverable::Newer { kind: J::KIND, found: wire.v, known: J::VERSION });
    }
    serde_json::from_value(wire.job).map_err(|error| Undeliverable::Malformed(error.to_string()))
}
