//! How far apart two dials of a campaign begin, by its own rate and the account's.

use std::time::Duration;

/// The account's rate is not used to the last call: pacing and the provider count seconds differently.
pub const SHARE_OF_RATE: f64 = 0.95;

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
    fn the_slower_of_both_rates_sets_the_distance() {
        let ms = Duration::from_millis;
        let table = [(1.0, 1.0, ms(1_053)), (0.5, 1.0, ms(2_000)), (10.0, 2.0, ms(527)), (1.99, 2.0, ms(527)), (1.0, 100.0, ms(1_000))];
        for (campaign, account, apart) in table {
            assert_eq!(spacing(campaign, account), apart, "{campaign} of {account}");
        }
    }
}
