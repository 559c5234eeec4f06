//! Rows that cannot be looked after must not hold up those behind them: rounds begin with the oldest, so each would end at the same one.

use std::collections::HashSet;

use crate::domain::ids::AttemptId;
use crate::store::StoreError;

/// After so many failures of the kind that trying again helps with, one after another, the database is away rather than a row broken.
const MOST: u32 = 3;

/// What a duty remembers of the attempts it passed by.
#[derive(Debug, Default)]
pub struct PassedBy {
    told: HashSet<AttemptId>,
    in_a_row: u32,
}

impl PassedBy {
    /// What became of one attempt of a round. A broken one is told once, until it is looked after again.
    ///
    /// # Errors
    /// The database is away: the round is over.
    pub fn note(&mut self, attempt: AttemptId, done: Result<(), StoreError>) -> Result<(), StoreError> {
        let Err(error) = done else {
            self.told.remove(&attempt);
            self.in_a_row = 0;
            return Ok(());
        };
        if error.retry_helps() {
            return self.again(attempt, error);
        }
        self.in_a_row = 0;
        if self.told.insert(attempt) {
            tracing::error!(attempt.id = %attempt, %error, "an attempt cannot be looked after; the others go on");
        }
        Ok(())
    }

    fn again(&mut self, attempt: AttemptId, error: StoreError) -> Result<(), StoreError> {
        self.in_a_row += 1;
        if self.in_a_row >= MOST {
            self.in_a_row = 0;
            return Err(error);
        }
        tracing::warn!(attempt.id = %attempt, %error, "an attempt was not looked after; the next round does it");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Result<(), StoreError> {
        Err(StoreError::Unusable { what: "row".to_owned(), problem: "broken".to_owned() })
    }

    #[test]
    fn broken_rows_are_passed_by_and_a_database_that_is_away_ends_the_round() {
        let (mut passed, next) = (PassedBy::default(), AttemptId::new);
        assert!((0..9).all(|_| passed.note(next(), broken()).is_ok()), "however many");
        let mut late = || passed.note(next(), Err(StoreError::Late));
        assert!(late().is_ok() && late().is_ok() && late().is_err());
        assert!(late().is_ok(), "the next round begins anew");
        assert!(passed.note(AttemptId::new(), Ok(())).is_ok());
        assert_eq!(passed.in_a_row, 0);
    }
}
