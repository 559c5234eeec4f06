//! Takes a stream, holds its call, and leaves behind what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::call::desk::{CallDesk, NewStream, Refused, identify};
use crate::call::hold::{CallBrief, Senses, hold};
use crate::call::journal::CallReport;
use crate::call::ledger::Vendors;
use crate::call::phone::PhoneLink;
use crate::call::turn::LineName;
use crate::clock::SharedClock;
use crate::crash_point;
use crate::domain::callback::PromiseHours;
use crate::domain::campaign::CampaignSettings;
use crate::domain::dialing::DialTimings;
use crate::domain::ids::WorkerId;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::domain::zone::Address;
use crate::follow_up;
use crate::live::Live;
use crate::mind::analysis::answered;
use crate::mind::prompt::{LeadFacts, Script};
use crate::providers::Transfer;
use crate::public::PublicSide;
use crate::store::dial::{EarlierCall, HoldClaim, StreamClaim};
use crate::store::lead::Lead;
use crate::store::{Store, StoreError};
use crate::work::agents::{AgentError, Agents, ReadyAgent};
use crate::work::earlier_call;
use crate::work::finish_call::Finisher;
use crate::work::heartbeat::HeldCalls;
use crate::work::journal::{StoreJournal, Subject};
use crate::work::local_journal::{LocalJournal, Record, in_time};
use crate::work::silence::Silence;

/// Between two tries to write the end of a call while the database is away.
const AGAIN: Duration = Duration::from_secs(1);
/// How long the end of a call is tried to be written; after that it stays in the local journal.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long whoever has answered waits for what is only good to know.
const UNHEARD: Duration = Duration::from_millis(500);

/// Holds calls.
#[derive(Clone)]
pub struct HoldDesk {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// The services a call is held with.
    pub senses: Senses,
    /// Who is paid for what.
    pub vendors: Vendors,
    /// Who speaks.
    pub agents: Agents,
    /// This process.
    pub worker: WorkerId,
    /// The protocol's times.
    pub timings: DialTimings,
    /// The calls of this process.
    pub held: HeldCalls,
    /// Those who look on.
    pub live: Live,
    /// Takes what the database cannot.
    pub local: LocalJournal,
    /// Folds the outcome when ours was the last side to close.
    pub finisher: Finisher,
    /// Where the provider tells what came of a transfer.
    pub public: PublicSide,
    /// Ends every call politely.
    pub end_calls: CancellationToken,
    /// Waits for every call.
    pub tasks: TaskTracker,
}

/// A call that was claimed and cannot be held.
#[derive(Debug, thiserror::Error)]
enum BriefError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error("{0}")]
    Unfit(String),
}

impl BriefError {
    fn retry_helps(&self) -> bool {
        match self {
            Self::Store(error) | Self::Agent(AgentError::Store(error)) => error.retry_helps(),
            Self::Agent(_) | Self::Unfit(_) => false,
        }
    }
}

#[async_trait]
impl CallDesk for HoldDesk {
    async fn hold(&self, stream: NewStream, phone: PhoneLink) -> Result<(), Refused> {
        let silence = Silence::begin();
        let (desk, claim) = (self.clone(), self.claim(&stream, silence).await?);
        crash_point::pass("stream.claimed");
        // its own task: the socket may be lost, the call is still brought to its end
        identify(claim.attempt, claim.campaign);
        let held = self.tasks.spawn(async move { desk.hold_claimed(claim, phone, silence).await }.in_current_span());
        held.await.map_err(|_| Refused("the holder failed"))
    }
}

impl HoldDesk {
    async fn claim(&self, stream: &NewStream, silence: Silence) -> Result<HoldClaim, Refused> {
        let now = self.clock.now();
        // one that was made and not told finds its token used: its row is closed as one that nobody here holds
        let claim = || self.store.claim_stream(&stream.token, &stream.call_sid, self.worker, &self.timings, now);
        match silence.ask(StoreError::retry_helps, claim).await {
            Ok(StreamClaim::Held(claim)) => Ok(*claim),
            Ok(StreamClaim::Refused) => Err(Refused("its token is unknown, used or too late")),
            Ok(StreamClaim::Stray(told)) => {
                if let Err(error) = follow_up::heed(&self.store, &self.live, &told, now).await {
                    tracing::error!(attempt.id = %told.attempt, %error, "a stray call was not given back");
                }
                Err(Refused("its call is not the attempt's"))
            }
            Err(error) => {
                tracing::error!(%error, "a stream cannot be claimed");
                Err(Refused("the database does not answer"))
            }
        }
    }

    async fn hold_claimed(&self, claim: HoldClaim, phone: PhoneLink, silence: Silence) {
        let (signals, _held) = self.held.begin(claim.attempt);
        let (report, kept) = match silence.ask(BriefError::retry_helps, || self.brief(&claim)).await {
            Ok((brief, subject)) => {
                let (journal, written) = StoreJournal::start(self.store.clone(), Arc::clone(&self.clock), self.local.clone(), subject);
                let report = hold(brief, phone, self.senses.clone(), Arc::new(journal), signals, self.end_calls.child_token()).await;
                let kept = self.await_journal(written, &claim, &report).await;
                (report, kept)
            }
            Err(error) => (self.give_up(&claim, &error).await, None),
        };
        self.close(&claim, &report, kept).await;
    }

    /// The outcome is folded from what the journal wrote, so that is written first. While the database is away this takes
    /// long, and the end of the call must not be in memory alone: it is kept on this disk meanwhile.
    async fn await_journal(&self, mut written: JoinHandle<()>, claim: &HoldClaim, report: &CallReport) -> Option<u64> {
        if tokio::time::timeout(AGAIN, &mut written).await.is_ok() {
            return None;
        }
        let kept = self.keep(claim, report, self.clock.now()).await;
        let _ = written.await;
        kept
    }

    /// Nothing is known that could be said: the call is ended, and its outcome says that we failed.
    async fn give_up(&self, claim: &HoldClaim, error: &BriefError) -> CallReport {
        tracing::error!(%error, "an answered call cannot be held");
        if let Err(error) = self.senses.telephony.end(&claim.call_sid).await {
            tracing::warn!(%error, "it could not be ended either; its time limit will");
        }
        CallReport { outcome: None, slots: serde_json::json!({}) }
    }

    async fn brief(&self, claim: &HoldClaim) -> Result<(CallBrief, Subject), BriefError> {
        let version = claim.agent_version.ok_or_else(|| BriefError::Unfit("its campaign has no agent".to_owned()))?;
        let (agent, lead, campaign) = tokio::try_join!(
            async { Ok::<_, BriefError>(self.agents.at_hand(version).await?) },
            async { Ok(self.store.lead(claim.lead).await?) },
            async { Ok(self.store.campaign(claim.campaign).await?) },
        )?;
        let lead = lead.ok_or_else(|| BriefError::Unfit("its lead is gone".to_owned()))?;
        let settings = campaign.ok_or_else(|| BriefError::Unfit("its campaign is gone".to_owned()))?.checked_settings()?;
        let earlier = self.earlier(claim, &lead).await;
        let facts = self.facts(&lead, earlier.as_ref());
        let slots = earlier.as_ref().and_then(|call| call.slots.as_deref());
        let (hours, callbacks_left) = may_promise(&settings, &lead);
        let script = Script::new(&agent.texts, Arc::clone(&agent.definition), &facts);
        for error in script.troubles() {
            tracing::warn!(template = error.template(), "a template of the agent fails for this lead; `call show` says why");
        }
        let brief = CallBrief {
            attempt: claim.attempt,
            call_sid: claim.call_sid.clone(),
            clips: clips(&agent),
            script: Arc::new(script),
            hours,
            callbacks_left,
            answered: slots.map(|slots| answered(&agent.definition.slots, slots)).unwrap_or_default(),
            on_voicemail: settings.on_voicemail,
            transfer: settings.transfer_to.as_ref().map(|to| self.transfer(claim, to, settings.time_limit_handed_off())),
            max_duration: settings.max_duration,
            clock: Arc::clone(&self.clock),
            vendors: self.vendors,
        };
        let reasoning_model = agent.definition.models.reasoning.clone();
        let subject = Subject { attempt: claim.attempt, campaign: claim.campaign, reasoning_model };
        Ok((brief, subject))
    }

    fn transfer(&self, claim: &HoldClaim, to: &PhoneNumber, time_limit: Duration) -> Transfer {
        let result_url = self.public.transfer_url(claim.attempt, claim.send_no);
        Transfer { to: to.clone(), from: claim.from.clone(), result_url, time_limit }
    }

    fn facts(&self, lead: &Lead, earlier: Option<&EarlierCall>) -> LeadFacts {
        let zone = lead.zones.0.first().cloned().unwrap_or_else(|| "UTC".to_owned());
        let clock = jiff::tz::TimeZone::get(&zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let local_time = self.clock.now().in_zone(&clock).strftime("%A, %-d %B, %H:%M").to_string();
        let variables: BTreeMap<String, String> = lead.variables.0.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
        let earlier_call = earlier.map(|call| earlier_call::told(call, &clock));
        LeadFacts { first_name: variables.get("first_name").cloned(), variables, zone, local_time, earlier_call }
    }

    /// The last conversation, where there was one. The call goes on without it when it cannot be read in time.
    async fn earlier(&self, claim: &HoldClaim, lead: &Lead) -> Option<EarlierCall> {
        if lead.attempts < 2 {
            return None;
        }
        let asked = self.store.earlier_call(claim.lead, claim.attempt);
        let read = tokio::time::timeout(UNHEARD, asked).await.unwrap_or(Err(StoreError::Late));
        read.inspect_err(|error| tracing::warn!(%error, "the agent does not know what was said last time")).ok().flatten()
    }

    /// Writes our side's end until it is written, then folds the outcome if the provider's side is over too. While the
    /// database is away, the local journal remembers it.
    async fn close(&self, claim: &HoldClaim, report: &CallReport, mut kept: Option<u64>) {
        let (begun, at) = (tokio::time::Instant::now(), self.clock.now());
        while let Err(error) = self.try_close(claim, report, at).await {
            if !error.retry_helps() || begun.elapsed() > PATIENCE {
                return tracing::error!(attempt.id = %claim.attempt, %error, "the end of a call was not written; it is left behind");
            }
            if kept.is_none() {
                tracing::warn!(attempt.id = %claim.attempt, %error, "the end of a call was not written; kept on this disk until it is");
                kept = self.keep(claim, report, at).await;
            }
            tokio::time::sleep(AGAIN).await;
        }
        if let Some(number) = kept {
            self.local.written(number).await;
        }
    }

    async fn try_close(&self, claim: &HoldClaim, report: &CallReport, at: Timestamp) -> Result<(), StoreError> {
        let closing = self.store.close_hold(claim.attempt, claim.epoch, report.outcome.as_ref(), &report.slots, at);
        match in_time(closing).await? {
            Some(true) => self.finish(claim).await,
            Some(false) => {}
            None => tracing::warn!(attempt.id = %claim.attempt, "the hold was taken away before it closed"),
        }
        Ok(())
    }

    async fn keep(&self, claim: &HoldClaim, report: &CallReport, at: Timestamp) -> Option<u64> {
        let record = Record::Closed { attempt: claim.attempt, epoch: claim.epoch, report: report.clone(), at };
        let kept = self.local.keep(record).await;
        if let Err(error) = &kept {
            tracing::error!(%error, "the local journal cannot be written; the end of a call is in memory alone");
        }
        kept.ok()
    }

    async fn finish(&self, claim: &HoldClaim) {
        if let Err(error) = self.finisher.finish(claim.attempt).await {
            tracing::warn!(%error, "outcome not folded yet; the sweep does it");
        }
    }
}

/// What the agent may promise: callbacks in these hours, and how many.
fn may_promise(settings: &CampaignSettings, lead: &Lead) -> (PromiseHours, u32) {
    let stated = |name| lead.variables.get(name).and_then(Value::as_str);
    let address = Address { state: stated("state"), postal_code: stated("postal_code") };
    let hours = PromiseHours::of(settings, &lead.phone_number, &address.states(&lead.phone_number), &lead.zones);
    (hours, settings.max_callbacks.saturating_sub(u32::try_from(lead.callbacks).unwrap_or(0)))
}

/// A column of the list as text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The agent's rendered lines by name.
fn clips(agent: &ReadyAgent) -> BTreeMap<LineName, Bytes> {
    let named = LineName::ALL.iter().filter_map(|name| Some((*name, agent.clips.get(name.words(&agent.definition.lines))?.clone())));
    named.collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::callback::resolve;
    use crate::domain::campaign::file::CampaignFile;
    use crate::store::contract::fixtures;
    use crate::store::contract::support::with_sqlite;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_call_is_briefed_with_lawful_hours_in_all_zones_and_what_is_left_of_the_cap() {
        with_sqlite(|store| async move {
            let campaign = fixtures::campaign(&store, "spring").await;
            let lead = fixtures::lead(&store, campaign, 1).await;
            let mut lead = store.lead(lead).await.unwrap().unwrap();
            lead.zones.0 = vec!["America/Chicago".to_owned(), "America/New_York".to_owned()];
            // no calls on Sundays in Alabama
            lead.variables.0.insert("state".to_owned(), "AL".into());
            lead.callbacks = 2;
            let settings = CampaignFile::from_toml("caller_numbers = [\"+14155550200\"]").unwrap().settings().unwrap();
            let (hours, left) = may_promise(&settings, &lead);
            let friday = "2026-11-27T16:00:00Z".parse().unwrap();
            let earliest = |words: &str| {
                let chicago = TimeZone::get("America/Chicago").unwrap();
                resolve(words, friday, &hours).earliest.unwrap().in_zone(&chicago).strftime("%a %H:%M").to_string()
            };
            assert_eq!([earliest("Sunday at 3 pm"), earliest("tomorrow at 7:30 pm")], ["Mon 09:00", "Mon 09:00"]);
            assert_eq!((left, may_promise(&settings, &Lead { callbacks: 3, ..lead }).1), (1, 0));
        })
        .await;
    }
}
