//! What came of a compare-and-set.

/// The answer to "change this row from one state to another".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Change<S> {
    /// The row was in the expected state and is in the new one now.
    Changed,
    /// Nothing was changed: the row is in this state, from which the change does not exist or was not expected.
    Was(S),
    /// There is no such row.
    Missing,
}

impl<S> Change<S> {
    /// Whether the row was changed.
    pub const fn is_changed(&self) -> bool {
        matches!(self, Self::Changed)
    }

    /// `Changed` when one row was, else what the row says now.
    pub(crate) fn of(rows: u64, now_in: Option<S>) -> Self {
        match (rows, now_in) {
            (1.., _) => Self::Changed,
            (0, Some(state)) => Self::Was(state),
            (0, None) => Self::Missing,
        }
    }
}
