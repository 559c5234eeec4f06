//! Callers of the same statement take turns in rounds: whoever comes while one is under way goes into the next one, together
//! with everybody else who came meanwhile. Rounds of one kind begin a little apart, so that more go together: alone, nobody waits
//! for anybody; in a crowd the server begins, plans and commits once for many.

use std::mem::take;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot::{Sender, channel, error::TryRecvError};
use tokio::time::Instant;

use crate::store::StoreError;
use crate::store::lend::Server;

/// One statement that many callers may share.
#[derive(Debug)]
pub(crate) struct Rounds<Ask, Answer> {
    waiting: Mutex<Vec<(Ask, Sender<Answer>)>>,
    apart: Duration,
    /// When the last round began.
    turn: tokio::sync::Mutex<Option<Instant>>,
}

impl<Ask, Answer> Rounds<Ask, Answer> {
    /// Rounds that begin at least so long after each other.
    pub fn apart(apart: Duration) -> Self {
        Self { waiting: Mutex::default(), apart, turn: tokio::sync::Mutex::default() }
    }

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
        let mut turn = tokio::select! {
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
        self.company(*turn).await;
        *turn = Some(Instant::now());
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

    /// Everybody who is ready comes along; after a round that began just now, also whoever comes in what is left of the gap.
    async fn company(&self, last: Option<Instant>) {
        tokio::task::yield_now().await;
        if let Some(rest) = last.and_then(|last| self.apart.checked_sub(last.elapsed())) {
            tokio::time::sleep(rest).await;
        }
    }

    /// Until so many wait for a round.
    #[cfg(test)]
    pub async fn until_waiting(&self, many: usize) {
        while self.waiting().len() < many {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<(Ask, Sender<Answer>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;
    use tokio::time::sleep;

    use super::*;

    const APART: Duration = Duration::from_millis(30);
    const ROUND: Duration = Duration::from_millis(10);

    type Doubling = Rounds<u32, u32>;

    fn doubling() -> Arc<Doubling> {
        Arc::new(Rounds::apart(APART))
    }

    /// Answers with the double, after a while, and notes how many went together.
    async fn double(rounds: Arc<Doubling>, sizes: Arc<Mutex<Vec<usize>>>, ask: u32) -> Option<u32> {
        rounds
            .ask(ask, async |asks| {
                sizes.lock().unwrap().push(asks.len());
                sleep(ROUND).await;
                Ok(asks.iter().map(|ask| ask * 2).collect())
            })
            .await
    }

    /// The same for one who comes later.
    async fn double_later(rounds: Arc<Doubling>, sizes: Arc<Mutex<Vec<usize>>>, ask: u32, later: Duration) -> Option<u32> {
        sleep(later).await;
        double(rounds, sizes, ask).await
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_ready_goes_together_and_gets_its_own_answer() {
        let (rounds, sizes) = (doubling(), Arc::default());
        let mut tasks = JoinSet::new();
        for ask in 0..20 {
            let asked = double(Arc::clone(&rounds), Arc::clone(&sizes), ask);
            tasks.spawn(async move { (ask, asked.await) });
        }
        for (ask, answer) in tasks.join_all().await {
            assert_eq!(answer, Some(ask * 2));
        }
        assert_eq!(*sizes.lock().unwrap(), [20]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_meanwhile_goes_into_the_next_round() {
        let (rounds, sizes) = (doubling(), Arc::default());
        let first = double(Arc::clone(&rounds), Arc::clone(&sizes), 1);
        let later = |ask, ms| double_later(Arc::clone(&rounds), Arc::clone(&sizes), ask, Duration::from_millis(ms));
        assert_eq!(tokio::join!(first, later(2, 1), later(3, 2)), (Some(2), Some(4), Some(6)));
        assert_eq!(*sizes.lock().unwrap(), [1, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn rounds_begin_apart_and_take_along_who_comes_in_between() {
        let (rounds, sizes, begun) = (doubling(), Arc::default(), Instant::now());
        let first = double(Arc::clone(&rounds), Arc::clone(&sizes), 1);
        let later = |ask, ms| double_later(Arc::clone(&rounds), Arc::clone(&sizes), ask, Duration::from_millis(ms));
        // the first round is over after 10 ms: the others come while none is under way
        assert_eq!(tokio::join!(first, later(2, 15), later(3, 25)), (Some(2), Some(4), Some(6)));
        assert_eq!((sizes.lock().unwrap().as_slice(), begun.elapsed()), ([1, 2].as_slice(), APART + ROUND));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_after_a_pause_does_not_wait() {
        let (rounds, sizes) = (doubling(), Arc::default());
        let asked = |ask| double(Arc::clone(&rounds), Arc::clone(&sizes), ask);
        for ask in 1..=3 {
            let begun = Instant::now();
            assert_eq!(asked(ask).await, Some(ask * 2));
            assert_eq!(begun.elapsed(), ROUND);
            sleep(APART).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_that_fails_gives_nobody_an_answer() {
        let rounds = Doubling::apart(APART);
        let fails = async |_: Vec<u32>| -> Result<Vec<u32>, StoreError> {
            sleep(ROUND).await;
            Err(StoreError::Late)
        };
        let later = async |ask| {
            sleep(Duration::from_millis(1)).await;
            rounds.ask(ask, fails).await
        };
        let (first, runner, other) = tokio::join!(rounds.ask(1, fails), later(2), later(3));
        assert_eq!((first, runner, other), (None, None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn for_those_who_are_dropped_while_they_wait_nothing_is_done() {
        let (rounds, sizes) = (doubling(), Arc::default());
        let later = |ask| double_later(Arc::clone(&rounds), Arc::clone(&sizes), ask, Duration::from_millis(1));
        let dropped = tokio::time::timeout(Duration::from_millis(5), later(2));
        let first = double(Arc::clone(&rounds), Arc::clone(&sizes), 1);
        let (first, dropped, last) = tokio::join!(first, dropped, later(3));
        assert!(dropped.is_err());
        assert_eq!((first, last, sizes.lock().unwrap().as_slice()), (Some(2), Some(6), [1, 1].as_slice()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_runner_that_is_dropped_leaves_the_turn_to_the_next() {
        let rounds = doubling();
        let never = async |_: Vec<u32>| std::future::pending::<Result<Vec<u32>, StoreError>>().await;
        let dropped = tokio::time::timeout(Duration::from_millis(10), rounds.ask(1, never));
        let sizes = Arc::default();
        let next = double_later(Arc::clone(&rounds), Arc::clone(&sizes), 2, Duration::from_millis(1));
        let (dropped, next) = tokio::join!(dropped, next);
        assert!(dropped.is_err());
        assert_eq!((next, sizes.lock().unwrap().as_slice()), (Some(4), [1].as_slice()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_runner_that_is_dropped_while_it_waits_for_company_takes_nobody_along() {
        let (rounds, sizes) = (doubling(), Arc::default());
        let later = |ask, ms| double_later(Arc::clone(&rounds), Arc::clone(&sizes), ask, Duration::from_millis(ms));
        let runner = tokio::time::timeout(Duration::from_millis(20), later(2, 15));
        let first = double(Arc::clone(&rounds), Arc::clone(&sizes), 1);
        let (first, runner, next) = tokio::join!(first, runner, later(3, 16));
        assert!(runner.is_err());
        assert_eq!((first, next, sizes.lock().unwrap().as_slice()), (Some(2), Some(6), [1, 1].as_slice()));
    }
}
