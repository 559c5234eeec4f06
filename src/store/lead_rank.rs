//! Ranks: what the index `lead_due_by_class` has in front of the time. Within a queue and a class of hours the leads of one rank
//! stand together, in the order of their times, so the few ranks there are can be gone through with one look at the index each.

/// The rank of callbacks and retries.
pub(crate) const BY_TIME: i32 = 0;

/// Higher than every rank.
pub(crate) const ABOVE_ALL: i32 = 100;

/// A fresh lead's priority. Callbacks and retries go by time alone: they all have the same rank.
///
/// The index is made of this very expression (migration 13).
macro_rules! rank {
    () => {
        "(CASE WHEN next_kind = 'fresh' THEN priority ELSE 0 END)"
    };
}

/// The highest rank below another one that has fresh leads of the campaign `$1` in this state and class; NULL when none has.
macro_rules! next_rank {
    (of $state:literal, $class:literal, below $rank:literal) => {
        concat!(
            "(SELECT ",
            $crate::store::lead_rank::rank!(),
            " FROM lead WHERE campaign_id = $1 AND state = ",
            $state,
            " AND next_kind = 'fresh' AND hours_class = ",
            $class,
            " AND ",
            $crate::store::lead_rank::rank!(),
            " < ",
            $rank,
            " ORDER BY ",
            $crate::store::lead_rank::rank!(),
            " DESC LIMIT 1)"
        )
    };
}

/// When the first lead of the campaign `$1` in this state, kind, class and rank is due; NULL when there is none.
macro_rules! first_due {
    (of $state:literal, $kind:literal, $class:literal, $rank:literal) => {
        concat!(
            "(SELECT next_attempt_at FROM lead WHERE campaign_id = $1 AND state = ",
            $state,
            " AND next_kind = ",
            $kind,
            " AND hours_class = ",
            $class,
            " AND ",
            $crate::store::lead_rank::rank!(),
            " = ",
            $rank,
            " ORDER BY next_attempt_at LIMIT 1)"
        )
    };
}

pub(crate) use {first_due, next_rank, rank};
