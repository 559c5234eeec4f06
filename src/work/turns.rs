//! The turns of a dial: its account's and its campaign's before the claim, and one of its own just before the POST.

use std::sync::Arc;
use std::time::Duration;

use callfleet_jobs::pace::{PaceError, Pacer};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::domain::dialing::{calls_within, claim_pace, rest, send_pace, turn_lasts};
use crate::domain::ids::CampaignId;
use crate::telemetry::names;

/// Shared by every dial through one provider account.
const ACCOUNT_KEY: &str = "twilio:account";
/// The same account, just before the POST.
const SEND_KEY: &str = "twilio:send";
/// Open unless the provider is full.
const HELD_KEY: &str = "twilio:held";
const AT_ONCE: f64 = 1e6;
/// Whoever would wait longer for it meets a full provider.
const FULL: Duration = Duration::from_millis(100);
/// No turn before the claim is waited for longer. A whole dial is cut off after two minutes (`boot/roles.rs`), and
/// the turns it had taken would be lost; at a call in three minutes, again and again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A slow campaign's own turn is waited for no longer: a lead is armed three seconds before it. When the pacer has lost its memory it
/// is an interval away, and the dial gives its place in the worker back.
pub(crate) const LONGEST_OWN_WAIT: Duration = Duration::from_secs(6);

/// Gives turns to the dials of one account. Clones share what they know.
#[derive(Clone)]
pub struct Turns {
    pacer: Arc<dyn Pacer>,
    account_rate: f64,
    /// Slots that a dial asks for at once: more than one while this process is woken too late to use one.
    width: Arc<watch::Sender<u32>>,
}

impl Turns {
    /// By the fleet's pace, for an account of so many call starts per second.
    #[must_use]
    pub fn new(pacer: Arc<dyn Pacer>, account_rate: f64) -> Self {
        Self { pacer, account_rate, width: Arc::new(watch::Sender::new(1)) }
    }

    /// Waits until a dial of this campaign may be claimed. `false`: not for long; the ticket goes back and is rung again. The account's
    /// turn is as wide as the one before the POST will be: what is claimed faster than it can be sent would be held back, of this
    /// process and of the others.
    ///
    /// # Errors
    /// [`PaceError`] when the pace is not known; nothing may be dialed.
    pub async fn to_claim(&self, campaign: CampaignId, campaign_rate: f64) -> Result<bool, PaceError> {
        let account = self.pacer.turn(ACCOUNT_KEY, claim_pace(self.account_rate), self.slots(), LONGEST_WAIT).await?;
        if account.is_none() || campaign_rate >= self.account_rate {
            return Ok(account.is_some());
        }
        self.own(campaign, campaign_rate).await
    }

    /// A slower campaign's own turn comes last: turns that waited for the account would come out in a bunch, at its pace. By then the
    /// provider may be full again.
    async fn own(&self, campaign: CampaignId, campaign_rate: f64) -> Result<bool, PaceError> {
        let own = self.pacer.turn(&campaign_key(campaign), campaign_rate, 1, LONGEST_OWN_WAIT).await?;
        Ok(own.is_some() && self.pacer.acquire(HELD_KEY, AT_ONCE, FULL).await?)
    }

    /// Whether the pacer has to be told of a campaign's last call: it rests after each one, and the turns before are not known.
    pub(super) fn asks_about(&self, campaign: CampaignId, campaign_rate: f64) -> bool {
        !rest(campaign_rate, self.account_rate).is_zero() && self.pacer.asks_about(&campaign_key(campaign))
    }

    /// Tells the pacer how long ago a slow campaign called last; `None`: nobody yet.
    pub fn remember(&self, campaign: CampaignId, campaign_rate: f64, ago: Option<Duration>) {
        self.pacer.remember(&campaign_key(campaign), campaign_rate, ago.unwrap_or(Duration::MAX));
    }

    /// Claims take longer at one time than at another, and turns that were given out evenly come out in a bunch. What counts
    /// is when the provider is asked, so the last step before it keeps a distance of its own. `left` of the send window runs
    /// meanwhile: a dial that had its turn after a pause finds this open ([`Pacer`] waits for lost memory once). `false`: no turn
    /// before the window closes, and none is taken. At a low rate the next dial would wait for it, be late in its place, and so on.
    ///
    /// A turn is too old when the process slept longer than [`turn_lasts`]: used, it would join those of the others in their second.
    /// It is lost, and another one taken. The request has to begin at once after this.
    ///
    /// # Errors
    /// [`PaceError`] when the pace is not known; nothing may be sent.
    pub async fn to_send(&self, left: Duration) -> Result<bool, PaceError> {
        let (begun, rate) = (Instant::now(), send_pace(self.account_rate));
        loop {
            let slots = self.slots();
            let left = left.saturating_sub(begun.elapsed());
            let Some(turn) = self.pacer.turn(SEND_KEY, rate, slots, left).await? else { return Ok(false) };
            let age = turn.age();
            if age <= turn_lasts(self.account_rate, slots) {
                self.narrow(slots, age);
                return Ok(true);
            }
            metrics::counter!(names::TURNS_LOST).increment(1);
            self.widen(self.wider(slots));
        }
    }

    /// How wide the turns are, from now on.
    pub(super) fn widths(&self) -> watch::Receiver<u32> {
        self.width.subscribe()
    }

    #[cfg(test)]
    pub(super) fn set_width(&self, slots: u32) {
        self.width.send_replace(slots);
    }

    fn slots(&self) -> u32 {
        *self.width.borrow()
    }

    fn widen(&self, slots: u32) {
        self.width.send_if_modified(|width| {
            let is_wider = slots > *width;
            *width = slots.max(*width);
            is_wider
        });
    }

    /// Half of the slots, where these would have done; unless others have changed the width meanwhile.
    fn narrow(&self, slots: u32, age: Duration) {
        let half = slots / 2;
        if half > 0 && age <= turn_lasts(self.account_rate, half) {
            self.width.send_if_modified(|width| {
                let is_same = *width == slots;
                *width = if is_same { half } else { *width };
                is_same
            });
        }
    }

    /// A process that is always woken late dials slowly, with turns that last as long as it needs, and not never. Nobody needs more
    /// than a second's slots: the send window is shorter.
    fn wider(&self, slots: u32) -> u32 {
        slots.saturating_mul(2).min(calls_within(1.0, self.account_rate))
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

fn campaign_key(campaign: CampaignId) -> String {
    format!("twilio:campaign:{campaign}")
}

#[cfg(test)]
mod tests;
