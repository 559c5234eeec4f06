//! A running campaign whose gates are all open, and the steps that most checks begin with.

use std::time::Duration;

use serde_json::json;

use crate::domain::campaign::{CampaignSettings, CampaignState, Countries, OnVoicemail};
use crate::domain::dialing::{CallStatus, Callback, DialTimings, PostClass, Refusal};
use crate::domain::ids::{AttemptId, CampaignId, LeadId, WorkerId};
use crate::domain::law::LawChoice;
use crate::domain::money::NanoUsd;
use crate::domain::phone::PhoneNumber;
use crate::domain::redial::RedialTable;
use crate::domain::time::Timestamp;
use crate::domain::window::{CallingWindow, Hours};
use crate::store::campaign::CampaignChange;
use crate::store::contract::fixtures::{self, at};
use crate::store::db::on_db;
use crate::store::dial::{ArmOrder, Arming, ClaimAsk, ClaimOutcome, Claimed, LeadView, ReadyTicket, Recorded, Told};
use crate::store::queue_control::DIAL_QUEUE;
use crate::store::{Store, StoreError};

pub(super) const NOW: i64 = 1_000;

pub(super) struct Bench {
    pub store: Store,
    pub campaign: CampaignId,
    pub settings: CampaignSettings,
    pub timings: DialTimings,
    pub worker: WorkerId,
    pub reserve: NanoUsd,
}

pub(super) fn now() -> Timestamp {
    at(NOW)
}

fn settings() -> CampaignSettings {
    let all_day = Some(Hours { open: 0, close: 24 * 60 });
    CampaignSettings {
        caller_numbers: vec![PhoneNumber::from_e164("+14155550100").unwrap()],
        local_presence: true,
        countries: Countries::Any,
        law: LawChoice::LIFTED,
        starts_at: None,
        ends_at: None,
        calls_per_second: 1.0,
        lines: 5,
        weight: 1,
        window: CallingWindow { days: [all_day; 7], holidays: Vec::new() },
        max_attempts: 4,
        max_attempts_per_day: 9,
        calls_per_caller: None,
        redial: RedialTable::default(),
        require_consent: true,
        on_voicemail: OnVoicemail::HangUp,
        transfer_to: None,
        ring_timeout: Duration::from_secs(25),
        max_duration: Duration::from_secs(300),
        budget: None,
        max_callbacks: 2,
        callbacks: crate::domain::callback::keep::KeepRules::HOUSE,
        breaker: crate::domain::campaign::breaker::Breaker::OFF,
    }
}

impl Bench {
    pub async fn new(store: Store) -> Self {
        let timings = DialTimings { absent_hold: Duration::ZERO, ..DialTimings::default() };
        let campaign = running(&store, "bench").await;
        Self { store, campaign, settings: settings(), timings, worker: WorkerId::new(), reserve: NanoUsd(5) }
    }

    /// What is kept of the stream's token: whoever was told it may send.
    pub async fn token_kept(&self, attempt: AttemptId) -> Option<String> {
        let kept: Result<Option<String>, StoreError> = on_db!(self.store.db, read, conn => {
            Ok(sqlx::query_scalar("SELECT stream_token FROM attempt WHERE id = $1").bind(attempt).fetch_one(conn).await?)
        });
        kept.unwrap()
    }

    pub async fn change_state(&self, from: CampaignState, to: CampaignState) {
        let change = CampaignChange { from, to, reason: None, actor: "test" };
        assert!(self.store.change_campaign_state(self.campaign, change, now()).await.unwrap().is_changed());
    }

    pub async fn pause_dials(&self, paused: bool) {
        assert!(self.store.set_queue_paused(DIAL_QUEUE, paused, "test", now()).await.unwrap());
    }

    pub async fn lead(&self, n: u64) -> LeadId {
        fixtures::lead(&self.store, self.campaign, n).await
    }

    pub async fn view(&self, lead: LeadId) -> LeadView {
        self.store.lead_view(lead).await.unwrap().unwrap()
    }

    fn order(&self, lead: LeadId) -> ArmOrder<'_> {
        ArmOrder { lead, settings: &self.settings, agent_version: None, reserve: self.reserve, timings: &self.timings }
    }

    pub async fn try_arm(&self, lead: LeadId, at: Timestamp) -> Arming {
        self.store.arm(&self.order(lead), at).await.unwrap()
    }

    pub async fn arm_all(&self, leads: &[LeadId]) -> Vec<Arming> {
        let orders: Vec<ArmOrder<'_>> = leads.iter().map(|lead| self.order(*lead)).collect();
        self.store.arm_all(&orders, now()).await.unwrap()
    }

    pub async fn arm(&self, lead: LeadId) -> AttemptId {
        let Arming::Armed(attempt) = self.try_arm(lead, now()).await else { panic!("not armed") };
        attempt
    }

    pub async fn ask_claim(&self, attempt: AttemptId, send_no: u32) -> Result<ClaimOutcome, StoreError> {
        self.claim_as_seen(attempt, send_no, None).await
    }

    pub async fn look(&self, attempt: AttemptId, send_no: u32) -> Option<ReadyTicket> {
        self.store.ready_ticket(attempt, send_no, now()).await.unwrap()
    }

    pub fn ask<'a>(&'a self, attempt: AttemptId, send_no: u32, seen: Option<&'a ReadyTicket>) -> ClaimAsk<'a> {
        let (worker, settings, reserve) = (self.worker, &self.settings, self.reserve);
        ClaimAsk { attempt, send_no, worker, settings, reserve, timings: &self.timings, seen }
    }

    pub async fn claim_as_seen(&self, attempt: AttemptId, send_no: u32, seen: Option<&ReadyTicket>) -> Result<ClaimOutcome, StoreError> {
        self.store.claim(&self.ask(attempt, send_no, seen), now()).await
    }

    pub async fn try_claim(&self, attempt: AttemptId, send_no: u32) -> ClaimOutcome {
        self.ask_claim(attempt, send_no).await.unwrap()
    }

    pub async fn claim(&self, attempt: AttemptId, send_no: u32) -> Claimed {
        let ClaimOutcome::Claimed(claimed) = self.try_claim(attempt, send_no).await else { panic!("not claimed") };
        *claimed
    }

    /// A lead that is armed and claimed: the POST may be on the wire.
    pub async fn sending(&self, n: u64) -> Claimed {
        let lead = self.lead(n).await;
        self.claim(self.arm(lead).await, 1).await
    }

    /// A call that is placed as `sid`.
    pub async fn placed(&self, n: u64, sid: &str) -> Claimed {
        let claimed = self.sending(n).await;
        assert!(matches!(self.answer(&claimed, sid).await, Recorded::Placed(_)));
        claimed
    }

    pub async fn answer(&self, claimed: &Claimed, sid: &str) -> Recorded {
        let placed = PostClass::Placed { call_sid: sid.to_owned() };
        self.record(claimed, &placed).await
    }

    pub async fn refuse(&self, claimed: &Claimed, status: u16, code: u32) -> Recorded {
        let refusal = Refusal::of(status, Some(code), None);
        self.record(claimed, &PostClass::Refused { refusal, code: Some(code) }).await
    }

    pub async fn record(&self, claimed: &Claimed, class: &PostClass) -> Recorded {
        let (recorded, country) = self.store.record_answer(claimed.attempt, claimed.send_no, class, &self.timings, now()).await.unwrap();
        if let Some(country) = country {
            self.store.park_country(&country, &self.timings, now()).await;
        }
        recorded
    }

    pub async fn callback(&self, attempt: AttemptId, news: &Callback) -> Told {
        self.store.provider_callback(attempt, news, &self.timings, now()).await.unwrap().unwrap()
    }

    pub async fn finish(&self, attempt: AttemptId) -> crate::store::dial::Finished {
        let ending = self.store.ending(attempt).await.unwrap().unwrap();
        self.store.finish(&ending, &self.settings, &self.timings, now()).await.unwrap()
    }

    /// The provider ends the call with this status, and the outcome is folded.
    pub async fn end(&self, claimed: &Claimed, sid: &str, status: CallStatus) -> crate::store::dial::Finished {
        assert!(self.callback(claimed.attempt, &news(sid, status, 3)).await.finish);
        self.finish(claimed.attempt).await
    }
}

pub(super) async fn running(store: &Store, name: &str) -> CampaignId {
    let campaign = fixtures::campaign(store, name).await;
    let start = CampaignChange { from: CampaignState::Draft, to: CampaignState::Running, reason: None, actor: "test" };
    assert!(store.change_campaign_state(campaign, start, at(0)).await.unwrap().is_changed());
    campaign
}

pub(super) fn news(sid: &str, status: CallStatus, sequence: i32) -> Callback {
    Callback {
        send_no: 1,
        call_sid: sid.to_owned(),
        status: Some(status),
        sequence: Some(sequence),
        sip_code: None,
        duration_s: status.is_final().then_some(9),
        answered_by: None,
    }
}

pub(super) fn slots() -> serde_json::Value {
    json!({ "interested": true })
}
