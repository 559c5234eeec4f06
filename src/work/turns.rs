//! The turns of a dial: its campaign's and its account's before the claim, and one of its own just before the POST.

use std::sync::Arc;
use std::time::Duration;

use callfleet_jobs::pace::{PaceError, Pacer};

use crate::domain::dialing::SHARE_OF_RATE;
use crate::domain::ids::CampaignId;

/// Shared by every dial through one provider account.
const ACCOUNT_KEY: &str = "twilio:account";
/// The same account, just before the POST.
const SEND_KEY: &str = "twilio:send";
/// Faster than claims come, so that what piled up behind a slow one is gone soon; slower than the rate, so that a request that
/// the network holds up a little does not join too many others.
pub const SHARE_OF_RATE_AT_SEND: f64 = 0.975;
/// Open unless the provider is full.
const HELD_KEY: &str = "twilio:held";
const AT_ONCE: f64 = 1e6;
/// Neither of the two turns before the claim is waited for longer. A whole dial is cut off after two minutes (`boot/roles.rs`), and
/// the turns it had taken would be lost; at a call in three minutes, again and again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Gives turns to the dials of one account.
#[derive(Clone)]
pub struct Turns {
    /// The fleet's pace.
    pub pacer: Arc<dyn Pacer>,
    /// Call starts per second of the account.
    pub account_rate: f64,
}

impl Turns {
    /// Waits until a dial of this campaign may be claimed. `false`: not for long; the ticket goes back and is rung again. A slow
    /// campaign takes its turn only when the provider is not full: it has no other for minutes.
    ///
    /// # Errors
    /// [`PaceError`] when the pace is not known; nothing may be dialed.
    pub async fn to_claim(&self, campaign: CampaignId, campaign_rate: f64) -> Result<bool, PaceError> {
        if campaign_rate < self.account_rate {
            let key = format!("twilio:campaign:{campaign}");
            let is_open = self.pacer.acquire(HELD_KEY, AT_ONCE, LONGEST_WAIT).await?;
            if !is_open || !self.pacer.acquire(&key, campaign_rate, LONGEST_WAIT).await? {
                return Ok(false);
            }
        }
        self.pacer.acquire(ACCOUNT_KEY, self.account_rate * SHARE_OF_RATE, LONGEST_WAIT).await
    }

    /// Claims take longer at one time than at another, and turns that were given out evenly come out in a bunch. What counts
    /// is when the provider is asked, so the last step before it keeps a distance of its own. `left` of the send window runs
    /// meanwhile: a dial that had its turn after a pause finds this open ([`Pacer`] waits for lost memory once). `false`: no turn
    /// before the window closes, and none is taken. At a low rate the next dial would wait for it, be late in its place, and so on.
    ///
    /// # Errors
    /// [`PaceError`] when the pace is not known; nothing may be sent.
    pub async fn to_send(&self, left: Duration) -> Result<bool, PaceError> {
        self.pacer.acquire(SEND_KEY, self.account_rate * SHARE_OF_RATE_AT_SEND, left).await
    }

    /// Gives no turn to anybody for a while: the provider said that it is full.
    ///
    /// # Errors
    /// [`PaceError`] when the fleet could not be told.
    pub async fn hold_back(&self, pause: Duration) -> Result<(), PaceError> {
        self.pacer.hold_back(HELD_KEY, pause).await?;
        self.pacer.hold_back(ACCOUNT_KEY, pause).await
    }
}

#[cfg(test)]
mod tests {
    use callfleet_jobs::pace::LocalPacer;
    use tokio::time::Instant;

    use super::*;

    fn turns(account_rate: f64) -> Turns {
        Turns { pacer: Arc::new(LocalPacer::default()), account_rate }
    }

    /// Rung again every quarter of a minute, as the sweep does.
    async fn rung_until_it_dials(turns: &Turns, campaign: CampaignId, rate: f64) -> Duration {
        let begun = Instant::now();
        while !turns.to_claim(campaign, rate).await.unwrap() {
            tokio::time::sleep(Duration::from_secs(15)).await;
        }
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_in_five_minutes_is_made_though_no_dial_waits_so_long() {
        let waited = rung_until_it_dials(&turns(1.0), CampaignId::new(), 1.0 / 300.0).await;
        assert!((300..=330).contains(&waited.as_secs()), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_pause_of_the_provider_is_not_waited_out_with_a_turn_in_hand() {
        let turns = turns(1.0);
        turns.hold_back(Duration::from_secs(600)).await.unwrap();
        let begun = Instant::now();
        assert!(!turns.to_claim(CampaignId::new(), 1.0).await.unwrap());
        assert!(begun.elapsed() <= LONGEST_WAIT, "{:?}", begun.elapsed());
        let waited = rung_until_it_dials(&turns, CampaignId::new(), 1.0).await;
        assert!((570..=630).contains(&waited.as_secs()), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_campaign_loses_no_turn_to_a_provider_that_is_full() {
        let turns = turns(1.0);
        turns.hold_back(Duration::from_secs(590)).await.unwrap();
        let waited = rung_until_it_dials(&turns, CampaignId::new(), 1.0 / 300.0).await;
        assert!((590..=620).contains(&waited.as_secs()), "{waited:?}");
    }
}
