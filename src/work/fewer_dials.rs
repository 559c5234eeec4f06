//! A process that is woken too late takes wide turns, and each of its dials costs the fleet as much as several of the others'. So it
//! takes fewer tickets meanwhile: turns are given out first come, first served, and with as many dials under way as the others have
//! it would slow them down to its own pace. The tickets that it leaves are theirs.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::domain::dialing::dials_abreast;
use crate::work::turns::Turns;

/// Takes permits to dial away while the turns are wide.
pub struct FewerDials {
    turns: Turns,
    dials: Arc<Semaphore>,
    all: u32,
}

impl FewerDials {
    /// Of these permits, none of which is taken yet.
    #[must_use]
    pub fn of(dials: Arc<Semaphore>, turns: Turns) -> Self {
        let all = u32::try_from(dials.available_permits()).unwrap_or(u32::MAX);
        Self { turns, dials, all }
    }

    /// Goes on until `stop` fires; then nothing is taken away any more.
    pub async fn run(self, stop: CancellationToken) {
        let mut width = self.turns.widths();
        let Ok(mut away) = Arc::clone(&self.dials).try_acquire_many_owned(0) else { return };
        loop {
            let (has, wanted) = (away.num_permits(), self.spared(*width.borrow_and_update()));
            drop(away.split(has.saturating_sub(wanted)));
            let more = u32::try_from(wanted.saturating_sub(has)).unwrap_or(0);
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                changed = width.changed() => if changed.is_err() { return },
                // dials that are under way go on: nothing begins until enough of them are over
                taken = Arc::clone(&self.dials).acquire_many_owned(more), if more > 0 => match taken {
                    Ok(taken) => away.merge(taken),
                    Err(_) => return,
                },
            }
        }
    }

    fn spared(&self, slots: u32) -> usize {
        (self.all - dials_abreast(self.all, slots)) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use callfleet_jobs::pace::LocalPacer;
    use tokio::time::timeout;

    use super::*;

    const ALL: u32 = 64;

    /// Waits until so many may still begin.
    async fn free(dials: &Semaphore, wanted: usize) {
        let is_so = async {
            while dials.available_permits() != wanted {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(9), is_so).await.unwrap_or_else(|_| panic!("{} free, not {wanted}", dials.available_permits()));
    }

    #[tokio::test]
    async fn wide_turns_leave_fewer_dials_and_narrow_ones_bring_them_back() {
        let turns = Turns::new(Arc::new(LocalPacer::default()), 100.0);
        let (dials, stop) = (Arc::new(Semaphore::new(ALL as usize)), CancellationToken::new());
        let fewer = tokio::spawn(FewerDials::of(Arc::clone(&dials), turns.clone()).run(stop.clone()));
        for (slots, left) in [(8, 8), (2, 64), (4, 16), (64, 4), (16, 4), (8, 8), (1, 64), (16, 4)] {
            turns.set_width(slots);
            free(&dials, left).await;
        }
        stop.cancel();
        fewer.await.unwrap();
        assert_eq!(dials.available_permits(), ALL as usize, "whoever drains holds back nobody");
    }

    #[tokio::test]
    async fn dials_that_are_under_way_go_on_and_none_begins_until_enough_are_over() {
        let turns = Turns::new(Arc::new(LocalPacer::default()), 100.0);
        let (dials, stop) = (Arc::new(Semaphore::new(ALL as usize)), CancellationToken::new());
        let fewer = tokio::spawn(FewerDials::of(Arc::clone(&dials), turns.clone()).run(stop.clone()));
        let under_way = dials.acquire_many(ALL - 2).await.unwrap();
        turns.set_width(8);
        free(&dials, 0).await;
        drop(under_way);
        free(&dials, 8).await;
        stop.cancel();
        fewer.await.unwrap();
    }
}
