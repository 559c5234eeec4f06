//! Folds the outcome of an attempt: the telephone's part of the bill, the row's end, and the work that may wait.

use std::time::Duration;

use callfleet_jobs::Verdict;
use callfleet_jobs::kinds::FinishCall;
use uuid::Uuid;

use crate::clock::SharedClock;
use crate::crash_point;
use crate::domain::dialing::DialTimings;
use crate::domain::ids::{AttemptId, LedgerId};
use crate::domain::money::NanoUsd;
use crate::domain::outcome::Reason;
use crate::domain::time::Timestamp;
use crate::live::{Live, LiveEvent, Whose};
use crate::mind::ledger::{LedgerEntry, Purpose, Service, Tier, UsageSource};
use crate::providers::Usage;
use crate::store::dial::{Charge, Ending, Finished, FinishedCall};
use crate::store::{Store, StoreError};
use crate::telemetry::names;
use crate::work::campaigns::Campaigns;
use crate::work::defer::Deferrer;
use crate::work::journal::{count, price};

/// A call whose holder is still at it is looked at again after this.
const LATER: Duration = Duration::from_secs(1);

/// How far back missed work is looked for, and how much of it in one round.
const MISSED_WITHIN: Duration = Duration::from_secs(15 * 60);
const MISSED_AT_ONCE: u32 = 100;

/// Folds outcomes.
#[derive(Clone)]
pub struct Finisher {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// The protocol's times.
    pub timings: DialTimings,
    /// Those who look on.
    pub live: Live,
    /// How each campaign calls.
    pub campaigns: Campaigns,
    /// Takes summaries and scores.
    pub deferrer: Deferrer,
}

impl Finisher {
    /// The job. A second arrival finds the attempt ended and has nothing to do.
    pub async fn handle(&self, job: FinishCall) -> Verdict {
        match self.finish(AttemptId(job.attempt)).await {
            Ok(Finished::Done(_) | Finished::Already) => Verdict::Done,
            Ok(Finished::NotYet) => Verdict::Snooze(LATER),
            Err(error) => Verdict::Retry(error.to_string()),
        }
    }

    /// Folds an outcome, if both sides are over.
    ///
    /// # Errors
    /// The database cannot be read or written; nothing was folded.
    pub async fn finish(&self, attempt: AttemptId) -> Result<Finished, StoreError> {
        let Some(ending) = self.store.ending(attempt).await? else { return Ok(Finished::Already) };
        let Some(settings) = self.campaigns.settings(ending.campaign()).await? else { return Ok(Finished::Already) };
        let now = self.clock.now();
        if let Some(charge) = ending.charge() {
            self.bill(&ending, &charge, now).await?;
        }
        crash_point::pass("outcome.before_save");
        let finished = self.store.finish(&ending, &settings, &self.timings, now).await?;
        if let Finished::Done(call) = &finished {
            self.told(call, &ending, now);
            self.defer(call).await?;
        }
        Ok(finished)
    }

    fn told(&self, call: &FinishedCall, ending: &Ending, now: Timestamp) {
        let disposition = call.outcome.disposition.as_str();
        let whose = Whose { campaign: call.campaign, attempt: call.attempt, lead: call.lead, number: ending.number() };
        self.live.tell(LiveEvent::outcome(whose, disposition, now));
        metrics::counter!(names::OUTCOMES, "disposition" => disposition).increment(1);
        let reason = call.outcome.reason.map(Reason::as_str);
        tracing::info!(attempt.id = %call.attempt, disposition, reason, "attempt ended");
    }

    async fn defer(&self, call: &FinishedCall) -> Result<(), StoreError> {
        if !call.conversed {
            return Ok(());
        }
        self.deferrer.defer(call.attempt, call.campaign).await
    }

    /// Conversations whose worker died between folding the outcome and writing down what may wait.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn plan_missed(&self) -> Result<(), StoreError> {
        let since = self.clock.now() - MISSED_WITHIN;
        for attempt in self.store.unplanned_conversations(since, MISSED_AT_ONCE).await? {
            if let Some(campaign) = self.store.campaign_of_attempt(attempt).await? {
                self.deferrer.defer(attempt, campaign.id).await?;
            }
        }
        Ok(())
    }

    /// The provider bills calls that were answered: talk time, the media stream, and who answered.
    async fn bill(&self, ending: &Ending, charge: &Charge, now: Timestamp) -> Result<(), StoreError> {
        let mut entries = vec![entry(ending, charge, 1, "call", charge.talked_ms, now)];
        if charge.streamed {
            entries.push(entry(ending, charge, 2, "stream", charge.talked_ms, now));
        }
        if charge.detected {
            entries.push(entry(ending, charge, 3, "amd", 1, charge.answered_at));
        }
        let new = self.store.append_ledger(&entries, now).await?;
        // what was billed before stands first
        entries.iter().rev().take(usize::try_from(new).unwrap_or(0)).for_each(count);
        Ok(())
    }
}

/// Ids are made from the attempt's, so that billing twice writes once.
fn entry(ending: &Ending, charge: &Charge, item: u128, model: &str, units: u64, at: Timestamp) -> LedgerEntry {
    let mut entry = LedgerEntry {
        id: LedgerId(Uuid::from_u128(ending.attempt().0.as_u128() ^ (item << 64))),
        at,
        campaign: Some(ending.campaign()),
        attempt: Some(ending.attempt()),
        turn: None,
        service: Service::Telephony,
        purpose: Purpose::Call,
        provider: "twilio".to_owned(),
        model: model.to_owned(),
        prompt_version: None,
        route_reason: None,
        tier: Tier::Standard,
        usage: Usage::default(),
        units,
        usage_source: UsageSource::Provider,
        cost: NanoUsd::ZERO,
        baseline: NanoUsd::ZERO,
        first_ms: None,
        total_ms: None,
        finish: Some(charge.status.as_str().to_owned()),
        cache_hit: false,
        retry_of: None,
        text: None,
    };
    price(&mut entry, "");
    entry
}
