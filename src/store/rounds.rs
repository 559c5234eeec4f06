//! Callers of the same statement take turns in rounds: whoever comes while one is under way goes into the next one, together
//! with everybody else who came meanwhile. Alone, nobody waits for anybody; in a crowd the server begins, plans and commits once
//! for many.

use std::mem::take;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot::{Sender, channel, error::TryRecvError};

use crate::store::StoreError;
use crate::store::lend::Server;

/// One statement that many callers may share.
#[derive(Debug)]
pub(crate) struct Rounds<Ask, Answer> {
    waiting: Mutex<Vec<(Ask, Sender<Answer>)>>,
    turn: tokio::sync::Mutex<()>,
}

impl<Ask, Answer> Default for Rounds<Ask, Answer> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }
}

impl<Ask, Answer> Rounds<Ask, Answer> {
    /// As [`Self::ask`], within the server's patience.
    pub async fn ask_server(
        &self,
        server: &Server,
        ask: Ask,
        round: impl AsyncFnOnce(Vec<Ask>) -> Result<Vec<Answer>, StoreError>,
    ) -> Result<Option<Answer>, StoreError> {
        // boxed: futures that contain each other go deeper here than an optimising compiler follows
        let asked = Box::pin(self.ask(ask, round));
        server.in_time(async { Ok(asked.await) }).await
    }

    /// Goes along with a round, or runs one for all who wait: `round` answers in the order of its asks. `None` when the round
    /// that took this ask along failed, or its runner was dropped: whether it was done is unknown then, and whose ask was at fault.
    async fn ask(&self, ask: Ask, round: impl AsyncFnOnce(Vec<Ask>) -> Result<Vec<Answer>, StoreError>) -> Option<Answer> {
        let (tell, mut told) = channel();
        self.waiting().push((ask, tell));
        let turn = tokio::select! {
            biased;
            answer = &mut told => return answer.ok(),
            turn = self.turn.lock() => turn,
        };
        // a round ends before the next one's turn: what it took along is answered or given up
        match told.try_recv() {
            Ok(answer) => return Some(answer),
            Err(TryRecvError::Closed) => return None,
            Err(TryRecvError::Empty) => {}
        }
        // nothing is done for those who were dropped while they waited: whoever does it again finds it to do
        let listening = take(&mut *self.waiting()).into_iter().filter(|(_, tell)| !tell.is_closed());
        let (asks, tells): (Vec<Ask>, Vec<Sender<Answer>>) = listening.unzip();
        match round(asks).await {
            // who was dropped meanwhile does not listen
            Ok(answers) => tells.into_iter().zip(answers).for_each(|(tell, answer)| drop(tell.send(answer))),
            Err(error) => tracing::warn!(%error, "a shared statement failed; those who shared it ask each by itself"),
        }
        drop(turn);
        told.try_recv().ok()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<(Ask, Sender<Answer>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::task::JoinSet;

    use super::*;

    type Doubling = Rounds<u32, u32>;

    /// Answers with the double, after a while, and notes how many went together.
    async fn double(rounds: Arc<Doubling>, sizes: Arc<Mutex<Vec<usize>>>, ask: u32) -> Option<u32> {
        rounds
            .ask(ask, async |asks| {
                sizes.lock().unwrap().push(asks.len());
                tokio::time::sleep(Duration::from_millis(10)).await;
                Ok(asks.iter().map(|ask| ask * 2).collect())
            })
            .await
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_meanwhile_goes_together_and_gets_its_own_answer() {
        let (rounds, sizes) = (Arc::new(Doubling::default()), Arc::default());
        let mut tasks = JoinSet::new();
        for ask in 0..20 {
            let asked = double(Arc::clone(&rounds), Arc::clone(&sizes), ask);
            tasks.spawn(async move { (ask, asked.await) });
        }
        for (ask, answer) in tasks.join_all().await {
            assert_eq!(answer, Some(ask * 2));
        }
        assert_eq!(*sizes.lock().unwrap(), [1, 19]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_that_fails_gives_nobody_an_answer() {
        let rounds = Doubling::default();
        let fails = async |_: Vec<u32>| -> Result<Vec<u32>, StoreError> {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Err(StoreError::Late)
        };
        let (first, runner, other) = tokio::join!(rounds.ask(1, fails), rounds.ask(2, fails), rounds.ask(3, fails));
        assert_eq!((first, runner, other), (None, None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn for_those_who_are_dropped_while_they_wait_nothing_is_done() {
        let (rounds, sizes) = (Arc::new(Doubling::default()), Arc::default());
        let ask = |ask| double(Arc::clone(&rounds), Arc::clone(&sizes), ask);
        let dropped = tokio::time::timeout(Duration::from_millis(5), ask(2));
        let (first, dropped, last) = tokio::join!(ask(1), dropped, ask(3));
        assert!(dropped.is_err());
        assert_eq!((first, last, sizes.lock().unwrap().as_slice()), (Some(2), Some(6), [1, 1].as_slice()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_runner_that_is_dropped_leaves_the_turn_to_the_next() {
        let rounds = Arc::new(Doubling::default());
        let never = async |_: Vec<u32>| std::future::pending::<Result<Vec<u32>, StoreError>>().await;
        let dropped = tokio::time::timeout(Duration::from_millis(10), rounds.ask(1, never));
        let sizes = Arc::default();
        let (dropped, next) = tokio::join!(dropped, double(Arc::clone(&rounds), Arc::clone(&sizes), 2));
        assert!(dropped.is_err());
        assert_eq!((next, sizes.lock().unwrap().as_slice()), (Some(4), [1].as_slice()));
    }
}
