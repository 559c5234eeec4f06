//! How far apart two dials of a campaign begin, by its own rate and the account's, and how many may wait for their turn.

use std::time::Duration;

use crate::domain::campaign::duration;
use crate::domain::count::counted;
use crate::domain::time::Timestamp;

/// Claims come no faster than at this share of the pace at which requests go, so that what piled up behind a slow one is gone soon.
const OF_SENDS: f64 = 0.95 / 0.975;
/// Requests never go at more than this share of the account's rate: pacing and the provider count seconds differently.
const OF_RATE: f64 = 0.975;
/// Seconds that any request may be late and no second have too many. A machine holds a process up for some tens of milliseconds
/// again and again; with less, a busy fleet of a high rate would lose more turns to that than a slower pace costs.
const LEEWAY: f64 = 0.1;

/// Just before the POST: requests per second of an account of this rate.
#[must_use]
pub fn send_pace(account_rate: f64) -> f64 {
    (account_rate * OF_RATE).min((account_rate.floor() + 1.0) / (1.0 + LEEWAY))
}

/// Before the claim: dials per second of an account of this rate.
#[must_use]
pub fn claim_pace(account_rate: f64) -> f64 {
    send_pace(account_rate) * OF_SENDS
}

/// How late after its slot a request may be at the provider, some of them, while no second sees more than the rate and one.
///
/// Slots are `1 / pace` apart. Of `k` requests that are seen within a second, the last one's slot is less than a second and this leeway
/// after the first one's, so `k - 1` is less than `(1 + leeway) × pace`, which is the next whole number above the rate. Slots that are farther apart, because nobody used those between them, make it fewer.
#[must_use]
pub fn leeway(account_rate: f64) -> Duration {
    let seconds = (account_rate.floor() + 1.0) / send_pace(account_rate) - 1.0;
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// How old a turn of so many slots may be when its request begins. Half of the leeway is the process's; the other half is left to the
/// network and the provider's own eyes. Slots that nobody else has are time for whoever has them.
#[must_use]
pub fn turn_lasts(account_rate: f64, slots: u32) -> Duration {
    let further = f64::from(slots.saturating_sub(1)) / send_pace(account_rate);
    leeway(account_rate) / 2 + Duration::try_from_secs_f64(further).unwrap_or(Duration::MAX)
}

/// A process whose turns are wide keeps so many dials under way at least: each one has statements and its POST to wait for.
const DIALS_AT_LEAST: u32 = 4;

/// Dials that a process of so many may have under way while its turns are of so many slots: one for each turn of the others. Turns of
/// two slots come and go in every process, and the dials of those are not worth a pause.
#[must_use]
pub fn dials_abreast(all: u32, slots: u32) -> u32 {
    if slots > 2 { (all / slots).max(DIALS_AT_LEAST).min(all) } else { all }
}

/// Attempts may wait for the pacer so many seconds: what is armed too early only goes stale.
const SECONDS_AHEAD: f64 = 3.0;

/// Attempts that may wait for the account's turns. At least two, so that the next dial can already connect while one waits.
fn account_ahead(account_rate: f64) -> u32 {
    ahead(account_rate).max(2)
}

/// How many more may wait for the account's turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreePlaces {
    /// Of campaigns that rest between their calls.
    pub for_slow: u32,
    /// Of any other.
    pub for_fast: u32,
}

impl FreePlaces {
    /// No more than so many of either.
    #[must_use]
    pub fn at_most(self, limit: u32) -> Self {
        Self { for_slow: self.for_slow.min(limit), for_fast: self.for_fast.min(limit) }
    }
}

/// What is left where so many attempts of campaigns that rest, and of others, are waiting. An attempt of the former waits for its
/// own campaign's turn first, and when the pacer has lost its memory that is an interval away: so they hold up no more than half of
/// the places for the others, however many they are.
#[must_use]
pub fn free_places(account_rate: f64, slow: u32, fast: u32) -> FreePlaces {
    let all = account_ahead(account_rate);
    FreePlaces {
        for_slow: all.saturating_sub(slow).saturating_sub(fast),
        for_fast: all.saturating_sub(slow.min(all / 2)).saturating_sub(fast),
    }
}

/// Further attempts that a campaign may arm, `ready` of which wait for their turn already. Those beyond its own pace would take
/// the places of faster campaigns: below one call in three seconds one waits at a time.
#[must_use]
pub fn room_ahead(campaign_rate: f64, account_rate: f64, ready: u32) -> u32 {
    ahead(campaign_rate.min(account_rate)).saturating_sub(ready)
}

/// How long a campaign whose own pace is slower than the account's arms nobody after its last dial: then the next attempt waits for
/// its turn no longer than those of fast campaigns do. Armed at once, it would take a place of the account and of a worker for
/// as long as its pace lets it wait, and a few such campaigns would take all of them.
#[must_use]
pub fn rest(campaign_rate: f64, account_rate: f64) -> Duration {
    let seconds = if campaign_rate < account_rate { (1.0 / campaign_rate - SECONDS_AHEAD).max(0.0) } else { 0.0 };
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// How far two turns of a campaign lie apart by its own rate: a call that began longer ago keeps nobody waiting.
#[must_use]
pub fn turns_apart(campaign_rate: f64) -> Duration {
    Duration::try_from_secs_f64(1.0 / campaign_rate).unwrap_or(Duration::MAX)
}

/// Until when a campaign rests whose last dial was then; `None` when it does not now. A clock that was put back ends the rest.
#[must_use]
pub fn rests_until(last: Timestamp, rest: Duration, now: Timestamp) -> Option<Timestamp> {
    (last <= now && now < last + rest).then(|| last + rest)
}

/// A pace as people say it: `2.5 calls a second`, `1 call in 5m`.
#[must_use]
pub fn pace_text(rate: f64) -> String {
    if rate * SECONDS_AHEAD >= 1.0 {
        return format!("{} a second", counted(rate, "call"));
    }
    let apart = Duration::try_from_secs_f64((1.0 / rate).round()).unwrap_or(Duration::MAX);
    format!("1 call in {}", duration::text(apart))
}

fn ahead(rate: f64) -> u32 {
    calls_within(SECONDS_AHEAD, rate)
}

/// Calls that begin within so many seconds, the last one included though it may be cut off; at least one.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is checked to lie between 0 and 1000")]
pub fn calls_within(seconds: f64, rate: f64) -> u32 {
    ((rate * seconds).ceil() as u32).max(1)
}

/// The time between two dials of a campaign that has the account for itself, in whole milliseconds, rounded up. Rates are
/// calls per second, more than 0.
#[must_use]
pub fn spacing(campaign_rate: f64, account_rate: f64) -> Duration {
    let by_account = 1.0 / claim_pace(account_rate);
    let by_campaign = if campaign_rate < account_rate { 1.0 / campaign_rate } else { 0.0 };
    Duration::from_secs_f64((by_account.max(by_campaign) * 1000.0).ceil() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_arms_no_more_than_its_own_pace_needs() {
        let table = [
            // campaign, account, ready, room
            (0.1, 1.0, 0, 1),
            (0.1, 1.0, 1, 0),
            (0.1, 1.0, 7, 0),
            (1.0 / 3.0, 1.0, 0, 1),
            (0.4, 1.0, 0, 2),
            (1.0, 1.0, 1, 2),
            (50.0, 1.0, 0, 3),
            (2.5, 10.0, 3, 5),
            (1_000.0, 1_000.0, 0, 3_000),
        ];
        for (campaign, account, ready, room) in table {
            assert_eq!(room_ahead(campaign, account, ready), room, "{campaign} of {account} with {ready}");
        }
    }

    #[test]
    fn for_the_account_two_may_wait_at_least() {
        for (account, ahead) in [(0.1, 2), (0.5, 2), (1.0, 3), (2.5, 8), (100.0, 300)] {
            assert_eq!(account_ahead(account), ahead, "{account}");
        }
    }

    #[test]
    fn slow_campaigns_hold_up_no_more_than_half_of_the_places() {
        let table = [
            // account, slow, fast, free for slow and for fast
            (1.0, 0, 0, (3, 3)),
            (1.0, 1, 0, (2, 2)),
            (1.0, 7, 0, (0, 2)),
            (1.0, 7, 2, (0, 0)),
            (0.1, 5, 0, (0, 1)),
            (10.0, 20, 4, (6, 11)),
        ];
        for (account, slow, fast, (for_slow, for_fast)) in table {
            assert_eq!(free_places(account, slow, fast), FreePlaces { for_slow, for_fast }, "{account} with {slow} and {fast}");
        }
        assert_eq!(free_places(1.0, 0, 0).at_most(1), FreePlaces { for_slow: 1, for_fast: 1 });
    }

    #[test]
    fn only_who_is_slower_than_the_account_and_than_one_call_in_three_seconds_rests() {
        let secs = Duration::from_secs;
        let table = [(0.1, 1.0, secs(7)), (0.25, 1.0, secs(1)), (0.5, 1.0, secs(0)), (0.1, 0.1, secs(0)), (1e-300, 1.0, Duration::MAX)];
        for (campaign, account, rests) in table {
            assert_eq!(rest(campaign, account), rests, "{campaign} of {account}");
        }
    }

    #[test]
    fn a_turn_lasts_no_longer_than_the_rate_and_one_allow() {
        let us = Duration::from_micros;
        let table = [(0.4, us(1_564_102)), (1.0, us(1_051_282)), (2.5, us(230_769)), (40.0, us(100_000)), (1_000.0, us(100_000))];
        for (account, late) in table {
            let leeway = leeway(account);
            assert!(leeway.abs_diff(late) <= us(1), "{leeway:?} at {account}");
            // as many as are ever seen in a second: its slots, and those before it that come late
            let seen = ((1.0 + leeway.as_secs_f64()) * send_pace(account) - 1e-6).ceil();
            assert!(seen <= account + 1.0, "{seen} at {account}");
        }
        assert!(turn_lasts(40.0, 1).abs_diff(us(50_000)) <= us(1));
        assert!(turn_lasts(40.0, 4).abs_diff(us(50_000 + 3_300_000 / 41)) <= us(1));
    }

    #[test]
    fn whoever_takes_wide_turns_has_fewer_dials_under_way_and_never_none() {
        let table = [(50, 1, 50), (50, 2, 50), (50, 4, 12), (50, 8, 6), (50, 64, 4), (3, 64, 3), (0, 4, 0)];
        for (all, slots, abreast) in table {
            assert_eq!(dials_abreast(all, slots), abreast, "{all} of {slots}");
        }
    }

    #[test]
    fn a_high_rate_leaves_room_for_late_requests_and_a_low_one_has_it() {
        let table = [(0.4, 0.975), (1.0, 0.975), (10.0, 0.975), (40.0, 41.0 / 44.0), (1_000.0, 0.91)];
        for (account, share) in table {
            assert!((send_pace(account) / account - share).abs() < 1e-9, "{account}");
            assert!(claim_pace(account) < send_pace(account), "{account}");
        }
    }

    #[test]
    fn a_pace_is_said_in_the_unit_that_fits() {
        let table = [
            (40.0, "40 calls a second"),
            (1.0, "1 call a second"),
            (0.5, "0.5 calls a second"),
            (0.2, "1 call in 5s"),
            (0.003_33, "1 call in 5m"),
        ];
        for (rate, said) in table {
            assert_eq!(pace_text(rate), said);
        }
    }

    #[test]
    fn the_slower_of_both_rates_sets_the_distance() {
        let ms = Duration::from_millis;
        let table = [(1.0, 1.0, ms(1_053)), (0.5, 1.0, ms(2_000)), (10.0, 2.0, ms(527)), (1.99, 2.0, ms(527)), (1.0, 100.0, ms(1_000))];
        for (campaign, account, apart) in table {
            assert_eq!(spacing(campaign, account), apart, "{campaign} of {account}");
        }
    }
}
