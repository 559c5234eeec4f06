//! Rows that cannot be looked after must not hold up those behind them: rounds begin with the oldest, so each would end at the same one.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::ids::AttemptId;
use crate::store::StoreError;

/// After so many failures of the kind that trying again helps with, one after another, the database is away rather than a row broken.
const MOST: u32 = 3;

/// A broken row is tried again no sooner: it costs a transaction, and a person has to mend it first.
const RARELY: Duration = Duration::from_secs(60);

/// What a duty remembers of the attempts it passed by, one for each of its lists.
#[derive(Debug, Default)]
pub struct PassedBy {
    /// Broken rows, and when each was tried.
    told: HashMap<AttemptId, Instant>,
    in_a_row: u32,
    ended_at: Option<AttemptId>,
}

impl PassedBy {
    /// A round begins: the same rows, with those first that are behind the one at which the last round ended. However long the
    /// database has trouble with those at the head (somebody else's lock on them), the others have their turn.
    pub fn begin<T>(&mut self, mut rows: Vec<T>, attempt: impl Fn(&T) -> AttemptId) -> Vec<T> {
        self.in_a_row = 0;
        let ended_at = self.ended_at.take();
        if let Some(last) = rows.iter().position(|row| Some(attempt(row)) == ended_at) {
            rows.rotate_left(last + 1);
        }
        rows
    }

    /// Those that could not be looked after.
    pub fn broken(&self) -> Vec<AttemptId> {
        self.told.keys().copied().collect()
    }

    /// Some of these that were not tried for a while.
    pub fn due(&self, at_most: usize) -> Vec<AttemptId> {
        self.told.iter().filter(|(_, tried)| tried.elapsed() >= RARELY).map(|(attempt, _)| *attempt).take(at_most).collect()
    }

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
        if self.told.insert(attempt, Instant::now()).is_none() {
            tracing::error!(attempt.id = %attempt, %error, "an attempt cannot be looked after; the others go on");
        }
        Ok(())
    }

    fn again(&mut self, attempt: AttemptId, error: StoreError) -> Result<(), StoreError> {
        self.in_a_row += 1;
        if self.in_a_row >= MOST {
            self.ended_at = Some(attempt);
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
        assert!(passed.note(AttemptId::new(), Ok(())).is_ok());
        assert_eq!(passed.in_a_row, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_row_is_tried_rarely_and_forgotten_when_it_is_mended() {
        let (mut passed, attempt) = (PassedBy::default(), AttemptId::new());
        for _ in 0..2 {
            passed.note(attempt, broken()).unwrap();
            assert_eq!((passed.broken(), passed.due(9)), (vec![attempt], vec![]));
            tokio::time::advance(RARELY).await;
            assert_eq!(passed.due(9), [attempt]);
        }
        passed.note(attempt, Ok(())).unwrap();
        assert!(passed.broken().is_empty() && passed.due(9).is_empty());
    }

    #[test]
    fn a_round_counts_its_own_failures_only() {
        let mut passed = PassedBy::default();
        for _ in 0..3 {
            let rows = passed.begin(vec![AttemptId::new(), AttemptId::new()], |id| *id);
            assert!(rows.into_iter().all(|attempt| passed.note(attempt, Err(StoreError::Late)).is_ok()), "two of each round");
        }
    }

    #[test]
    fn rows_at_the_head_that_have_to_be_tried_again_let_those_behind_them_have_their_turn() {
        let mut passed = PassedBy::default();
        let rows: Vec<AttemptId> = (0..5).map(|_| AttemptId::new()).collect();
        let mut looked_after = Vec::new();
        for _ in 0..2 {
            for attempt in passed.begin(rows.clone(), |id| *id) {
                let is_locked = rows[..3].contains(&attempt);
                if passed.note(attempt, if is_locked { Err(StoreError::Late) } else { Ok(()) }).is_err() {
                    break;
                }
                looked_after.extend((!is_locked).then_some(attempt));
            }
        }
        assert_eq!(looked_after, rows[3..]);
    }
}
