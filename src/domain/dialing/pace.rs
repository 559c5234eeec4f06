//! How far apart two dials of a campaign begin, by its own rate and the account's, and how many may wait for their turn.

use std::time::Duration;

/// The account's rate is not used to the last call: pacing and the provider count seconds differently.
pub const SHARE_OF_RATE: f64 = 0.95;

/// Attempts may wait for the pacer so many seconds: what is armed too early only goes stale.
const SECONDS_AHEAD: f64 = 3.0;

/// Attempts that may wait for the account's turns. At least two, so that the next dial can already connect while one waits.
#[must_use]
pub fn account_ahead(account_rate: f64) -> u32 {
    ahead(account_rate).max(2)
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

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is checked to lie between 0 and 1000")]
fn ahead(rate: f64) -> u32 {
    ((rate * SECONDS_AHEAD).ceil() as u32).max(1)
}

/// The time between two dials of a campaign that has the account for itself, in whole milliseconds, rounded up. Rates are
/// calls per second, more than 0.
#[must_use]
pub fn spacing(campaign_rate: f64, account_rate: f64) -> Duration {
    let by_account = 1.0 / (account_rate * SHARE_OF_RATE);
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
    fn only_who_is_slower_than_the_account_and_than_one_call_in_three_seconds_rests() {
        let secs = Duration::from_secs;
        let table = [(0.1, 1.0, secs(7)), (0.25, 1.0, secs(1)), (0.5, 1.0, secs(0)), (0.1, 0.1, secs(0)), (1e-300, 1.0, Duration::MAX)];
        for (campaign, account, rests) in table {
            assert_eq!(rest(campaign, account), rests, "{campaign} of {account}");
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
