//! Takes a stream, holds its call, and leaves behind what came of it.

mod brief;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use self::brief::BriefError;
use crate::call::desk::{CallDesk, NewStream, Refused, identify};
use crate::call::hold::{Senses, hold};
use crate::call::journal::CallReport;
use crate::call::ledger::Vendors;
use crate::call::phone::PhoneLink;
use crate::clock::SharedClock;
use crate::crash_point;
use crate::domain::dialing::DialTimings;
use crate::domain::ids::WorkerId;
use crate::domain::time::Timestamp;
use crate::follow_up;
use crate::live::Live;
use crate::public::PublicSide;
use crate::store::dial::{HoldClaim, StreamClaim};
use crate::store::{Store, StoreError};
use crate::work::agents::Agents;
use crate::work::finish_call::Finisher;
use crate::work::heartbeat::HeldCalls;
use crate::work::journal::StoreJournal;
use crate::work::local_journal::{LocalJournal, Record, in_time};
use crate::work::patience::Patience;
use crate::work::silence::Silence;

/// Between two tries to write the end of a call while the database is away.
const AGAIN: Duration = Duration::from_secs(1);
/// How long the end of a call is tried to be written in a process that was asked to stop; after that it stays in the local journal.
const PATIENCE: Duration = Duration::from_secs(300);

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
    /// The process was asked to stop.
    pub stop: CancellationToken,
    /// Ends every call politely.
    pub end_calls: CancellationToken,
    /// Waits for every call.
    pub tasks: TaskTracker,
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
                let (clock, local, stop) = (Arc::clone(&self.clock), self.local.clone(), self.stop.clone());
                let (journal, written) = StoreJournal::start(self.store.clone(), clock, local, subject, stop);
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

    /// Writes our side's end until it is written, however long that takes while this process lives, then folds the outcome if the
    /// provider's side is over too. While the database is away, the local journal remembers it.
    async fn close(&self, claim: &HoldClaim, report: &CallReport, mut kept: Option<u64>) {
        let (mut patience, at) = (Patience::new(self.stop.clone(), PATIENCE), self.clock.now());
        while let Err(error) = self.try_close(claim, report, at).await {
            if !error.retry_helps() || patience.is_over() {
                // what the database refuses is not waited for: its row is closed as one that nobody holds
                if let Some(number) = kept.filter(|_| !error.retry_helps()) {
                    self.local.written(number).await;
                }
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
