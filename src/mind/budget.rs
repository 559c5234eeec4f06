//! What one call may spend on models: reserved before a request is sent, settled after.
//!
//! A reservation is the worst case of a request (counted prompt plus the whole answer limit at list price). It is granted
//! by one compare-and-swap over everything spent and reserved, so however many requests race, the cap is never passed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::money::NanoUsd;
use crate::word_enum;

word_enum! {
    /// How far down the ladder a call is.
    pub enum Rung {
        /// Below 60 % of the cap: every model.
        Full = "full",
        /// From 60 %: short history, cheap model only.
        CheapOnly = "cheap_only",
        /// From 85 %: prepared lines only.
        Canned = "canned",
        /// All of it: say goodbye.
        End = "end",
    }
}

/// The money of one call. Clones share it.
#[derive(Debug, Clone)]
pub struct CallBudget(Arc<Purse>);

#[derive(Debug)]
struct Purse {
    cap: i64,
    /// Spent and reserved together: one number, so that one compare-and-swap decides.
    taken: AtomicI64,
    spent: AtomicI64,
}

impl CallBudget {
    /// A full purse.
    #[must_use]
    pub fn new(cap: NanoUsd) -> Self {
        Self(Arc::new(Purse { cap: cap.0.max(0), taken: AtomicI64::new(0), spent: AtomicI64::new(0) }))
    }

    /// Sets `worst` aside; `None` when the cap does not allow it.
    #[must_use]
    pub fn reserve(&self, worst: NanoUsd) -> Option<Reservation> {
        let amount = worst.0.max(0);
        let fits = |taken: i64| taken.checked_add(amount).filter(|sum| *sum <= self.0.cap);
        self.0.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).ok()?;
        Some(Reservation { purse: Arc::clone(&self.0), amount, open: true })
    }

    /// Spent for certain.
    #[must_use]
    pub fn spent(&self) -> NanoUsd {
        NanoUsd(self.0.spent.load(Ordering::Acquire))
    }

    /// Spent and set aside.
    #[must_use]
    pub fn taken(&self) -> NanoUsd {
        NanoUsd(self.0.taken.load(Ordering::Acquire))
    }

    /// Where the call stands, by what was spent (a running request has its money already).
    #[must_use]
    pub fn rung(&self) -> Rung {
        let (spent, cap) = (i128::from(self.spent().0) * 100, i128::from(self.0.cap));
        match spent {
            _ if spent >= cap * 100 => Rung::End,
            _ if spent >= cap * 85 => Rung::Canned,
            _ if spent >= cap * 60 => Rung::CheapOnly,
            _ => Rung::Full,
        }
    }
}

/// Money set aside for one request. Dropped without a word it counts as spent: a request whose end nobody saw may have
/// been billed.
#[derive(Debug)]
pub struct Reservation {
    purse: Arc<Purse>,
    amount: i64,
    open: bool,
}

impl Reservation {
    /// The request cost this.
    pub fn settle(mut self, cost: NanoUsd) {
        self.close(cost.0.max(0));
    }

    /// The request was never sent, or refused before it was worked on.
    pub fn release(mut self) {
        self.close(0);
    }

    fn close(&mut self, cost: i64) {
        self.open = false;
        self.purse.spent.fetch_add(cost, Ordering::AcqRel);
        self.purse.taken.fetch_add(cost - self.amount, Ordering::AcqRel);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.open {
            self.close(self.amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sixty_four_threads_never_pass_the_cap() {
        let (cap, price) = (NanoUsd(1_000_003), NanoUsd(977));
        let budget = CallBudget::new(cap);
        let start = Barrier::new(64);
        let granted: i64 = thread::scope(|scope| {
            let takers: Vec<_> = (0..64).map(|_| scope.spawn(|| take_until_refused(&budget, &start, cap, price))).collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).sum()
        });
        assert_eq!(granted, cap.0 / price.0, "every dollar that fits is granted, not one more");
        assert_eq!(budget.spent(), NanoUsd(granted * price.0));
        assert!(budget.reserve(price).is_none());
    }

    fn take_until_refused(budget: &CallBudget, start: &Barrier, cap: NanoUsd, price: NanoUsd) -> i64 {
        start.wait();
        let mut granted = 0;
        while let Some(reservation) = budget.reserve(price) {
            assert!(budget.taken() <= cap);
            reservation.settle(price);
            granted += 1;
        }
        granted
    }

    #[test]
    fn the_ladder_goes_down_with_the_money() {
        let budget = CallBudget::new(NanoUsd(100));
        let mut rungs = vec![budget.rung()];
        for step in [59, 1, 25, 15] {
            budget.reserve(NanoUsd(step)).unwrap().settle(NanoUsd(step));
            rungs.push(budget.rung());
        }
        assert_eq!(rungs, [Rung::Full, Rung::Full, Rung::CheapOnly, Rung::Canned, Rung::End]);
        assert_eq!(CallBudget::new(NanoUsd::ZERO).rung(), Rung::End);
    }

    #[test]
    fn a_forgotten_reservation_counts_as_spent_and_a_released_one_does_not() {
        let budget = CallBudget::new(NanoUsd(100));
        drop(budget.reserve(NanoUsd(30)));
        assert_eq!(budget.spent(), NanoUsd(30));
        budget.reserve(NanoUsd(70)).unwrap().release();
        assert_eq!((budget.spent(), budget.taken()), (NanoUsd(30), NanoUsd(30)));
    }

    proptest! {
        #[test]
        fn spent_never_passes_taken_and_taken_never_passes_the_cap(
            cap in 0i64..10_000,
            asks in prop::collection::vec((0i64..3_000, 0u8..3), 0..60),
        ) {
            let budget = CallBudget::new(NanoUsd(cap));
            let mut open = Vec::new();
            for (amount, fate) in asks {
                if let Some(reservation) = budget.reserve(NanoUsd(amount)) {
                    match fate {
                        0 => reservation.settle(NanoUsd(amount / 2)),
                        1 => reservation.release(),
                        _ => open.push(reservation),
                    }
                }
                prop_assert!(budget.spent() <= budget.taken() && budget.taken() <= NanoUsd(cap));
            }
            drop(open);
            prop_assert_eq!(budget.spent(), budget.taken());
        }
    }
}
