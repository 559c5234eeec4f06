//! One dial: pace → claim → send window → one POST → what it proved → the row.
//!
//! The order is the promise. Everything before the claim can be thrown away; from the claim on, the row says that a call
//! may exist, and only the row's reconciler may decide that it does not.

mod answer;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callfleet_jobs::kinds::DialLead;
use callfleet_jobs::pace::PaceError;
use callfleet_jobs::{Handler, Verdict};
use tokio_util::sync::CancellationToken;

use crate::boottime;
use crate::clock::SharedClock;
use crate::crash_point;
use crate::domain::campaign::{CampaignSettings, OnVoicemail};
use crate::domain::dialing::DialTimings;
use crate::domain::ids::{AgentVersionId, AttemptId, WorkerId};
use crate::domain::reserve::CallReserve;
use crate::live::Live;
use crate::lookout::Lookout;
use crate::providers::{DialAnswer, DialLine, DialRequest, ProviderError, Telephony};
use crate::public::PublicSide;
use crate::store::dial::{ClaimAsk, ClaimOutcome, Claimed, ReadyTicket};
use crate::store::{Store, StoreError};
use crate::telemetry::names;
use crate::work::admission::Admission;
use crate::work::agents::Agents;
use crate::work::campaigns::Campaigns;
use crate::work::earlier_paces;
use crate::work::in_hand::InHand;
use crate::work::kept_ticket::KeptTicket;
use crate::work::turns::Turns;

/// Dials armed attempts.
pub struct DialDesk {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// The fleet's pace.
    pub turns: Turns,
    /// The telephone company.
    pub telephony: Arc<dyn Telephony>,
    /// Who speaks: made ready before the phone rings.
    pub agents: Agents,
    /// How each campaign calls.
    pub campaigns: Campaigns,
    /// Those who look on.
    pub live: Live,
    /// Whether this machine's time can be trusted.
    pub lookout: Lookout,
    /// This process.
    pub worker: WorkerId,
    /// The protocol's times.
    pub timings: DialTimings,
    /// Worst case of one call.
    pub reserve: CallReserve,
    /// Where the provider reports.
    pub public: PublicSide,
    /// From then on nothing more is claimed.
    pub stop: CancellationToken,
}

/// A dial that could not be decided now; its row is as it was, or as the sweep expects it.
#[derive(Debug, thiserror::Error)]
enum DialError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Pace(#[from] PaceError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

#[async_trait]
impl Handler<DialLead> for DialDesk {
    async fn handle(&self, ticket: DialLead) -> Verdict {
        match self.dial(AttemptId(ticket.attempt), ticket.send_no).await {
            Ok(()) => Verdict::Done,
            // the row still waits: the sweep rings again, nothing is retried in line
            Err(error) => Verdict::Retry(format!("attempt {} not dialed: {error}", ticket.attempt)),
        }
    }
}

impl DialDesk {
    async fn dial(&self, attempt: AttemptId, send_no: u32) -> Result<(), DialError> {
        if !self.lookout.clock_fits() {
            // the row still waits: another machine, or this one once its clock is right, takes the next ticket
            counted("clock");
            return Ok(());
        }
        let mut in_hand = InHand::begin();
        crash_point::pass("ticket.taken");
        let Some((ticket, settings)) = self.look(attempt, send_no).await? else {
            counted("stale");
            return Ok(());
        };
        let (line, ()) = tokio::join!(self.telephony.connect(), self.warm(attempt, ticket.agent_version));
        let line = self.reached(line).await?;
        let kept = KeptTicket { store: &self.store, attempt, send_no, lease: self.timings.ticket_lease };
        let turn = tokio::select! {
            biased;
            // the row still waits, and whoever works on is rung again
            () = self.stop.cancelled() => {
                counted("stopping");
                return Ok(());
            }
            turn = in_hand.aside(kept.until(self.turns.to_claim(ticket.campaign, settings.calls_per_second))) => turn.transpose()?,
        };
        if turn != Some(true) {
            counted(if turn.is_some() { "no_turn" } else { "stale" });
            return Ok(());
        }
        let begun = boottime::now();
        crash_point::pass("claim.before");
        match self.claim(attempt, send_no, &ticket, &settings).await? {
            ClaimOutcome::Stale => counted("stale"),
            ClaimOutcome::Withdrawn(denial) => {
                tracing::info!(attempt.id = %attempt, gate = %denial.gate, "attempt given back at the claim");
                counted("denied");
            }
            ClaimOutcome::Claimed(claimed) => {
                crash_point::pass("claim.after");
                self.send(*claimed, &settings, line, begun, in_hand).await?;
            }
        }
        Ok(())
    }

    /// A stale ticket must not burn a turn of the pacer.
    async fn look(&self, attempt: AttemptId, send_no: u32) -> Result<Option<(ReadyTicket, Arc<CampaignSettings>)>, DialError> {
        let Some(ticket) = self.store.ready_ticket(attempt, send_no, self.clock.now()).await? else { return Ok(None) };
        let Some(settings) = self.campaigns.settings(ticket.campaign).await? else { return Ok(None) };
        earlier_paces::tell(&self.turns, &self.store, ticket.campaign, settings.calls_per_second, self.clock.now()).await?;
        Ok(Some((ticket, settings)))
    }

    /// A way that is not found is told, else the rows show leads that are due and lines that are free. The row still waits.
    async fn reached(&self, line: Result<Box<dyn DialLine>, ProviderError>) -> Result<Box<dyn DialLine>, ProviderError> {
        let problem = line.as_ref().err().map(|error| format!("the provider cannot be reached: {}", error.what));
        if problem.is_some() {
            counted("unreachable");
        }
        if let Err(error) = self.lookout.found_provider(problem, self.timings.ticket_lease).await {
            tracing::warn!(%error, "whether the provider can be reached was not written; the next dial says it again");
        }
        line
    }

    /// The greeting must lie ready when the callee answers. An agent that cannot be made ready is told by whoever holds.
    async fn warm(&self, attempt: AttemptId, speaker: Option<AgentVersionId>) {
        if let Some(version) = speaker
            && let Err(error) = self.agents.ready(version).await
        {
            tracing::warn!(attempt.id = %attempt, %error, "the agent is not ready before its call");
        }
    }

    async fn claim(
        &self,
        attempt: AttemptId,
        send_no: u32,
        seen: &ReadyTicket,
        settings: &CampaignSettings,
    ) -> Result<ClaimOutcome, StoreError> {
        let (worker, reserve, seen) = (self.worker, self.reserve.of(settings), Some(seen));
        let ask = ClaimAsk { attempt, send_no, worker, settings, reserve, timings: &self.timings, seen };
        self.store.claim(&ask, self.clock.now()).await
    }

    /// From here on the row says that a call may exist.
    async fn send(
        &self,
        claimed: Claimed,
        settings: &CampaignSettings,
        line: Box<dyn DialLine>,
        begun: Duration,
        in_hand: InHand,
    ) -> Result<(), DialError> {
        let (attempt, send_no) = (claimed.attempt, claimed.send_no);
        let request = self.request(&claimed, settings);
        let admission = Admission { turns: self.turns.clone(), window: self.timings.send_window, begun, in_hand };
        let answer = line.dial(claimed.permit, request, Box::pin(admission.wait())).await;
        if matches!(answer, DialAnswer::Placed { .. }) {
            // the provider created the call before it answered: an upper bound
            metrics::histogram!(names::ACCEPT_LAG).record(boottime::now().saturating_sub(begun).as_secs_f64());
        }
        crash_point::pass("post.after");
        self.record(attempt, send_no, &answer).await
    }

    fn request(&self, claimed: &Claimed, settings: &CampaignSettings) -> DialRequest {
        let callback = self.public.callback_url(claimed.attempt, claimed.send_no);
        DialRequest {
            to: claimed.to.clone(),
            from: claimed.from.clone(),
            media_url: self.public.media_url(),
            stream_parameters: vec![("token".to_owned(), claimed.stream_token.clone())],
            apology: "Sorry, we have a technical problem. Goodbye.".to_owned(),
            status_callback: callback.clone(),
            amd_callback: Some(callback),
            detect_message_end: settings.on_voicemail == OnVoicemail::LeaveMessage,
            ring_timeout: settings.ring_timeout,
            time_limit: settings.time_limit(),
        }
    }
}

fn counted(class: &'static str) {
    metrics::counter!(names::DIALS, "class" => class).increment(1);
}
