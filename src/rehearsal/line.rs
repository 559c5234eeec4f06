//! The telephone line of a rehearsal: dials and ends calls as a worker and the provider would, through the real store.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use uuid::Uuid;

use super::bill::Bill;
use super::callee::Reply;
use super::dice::Dice;
use super::order::Order;
use super::people::{Pickup, Wish};
use crate::domain::dialing::{CallStatus, Callback, PostClass};
use crate::domain::hours_class::HoursClass;
use crate::domain::ids::{AttemptId, LeadId, LedgerId, WorkerId};
use crate::domain::money::NanoUsd;
use crate::domain::outcome::{Disposition, Flags, Outcome, PromisedCallback, Reason};
use crate::domain::time::Timestamp;
use crate::domain::window::Open;
use crate::domain::zone::Address;
use crate::mind::ledger::{LedgerEntry, Purpose, Service, Tier, UsageSource};
use crate::providers::Usage;
use crate::store::dial::{ClaimAsk, ClaimOutcome, Finished, FinishedCall, StreamClaim};
use crate::store::{Store, StoreError};

/// A call that the provider would have.
#[derive(Debug)]
pub struct LiveCall {
    attempt: AttemptId,
    send_no: u32,
    lead: LeadId,
    sid: String,
    stream_token: String,
    placed_at: Timestamp,
    reply: Reply,
}

impl LiveCall {
    /// When it is over.
    pub fn ends_at(&self) -> Timestamp {
        self.placed_at + self.reply.length()
    }
}

/// A call that was.
#[derive(Debug)]
pub struct EndedCall {
    /// What the store made of it.
    pub finished: FinishedCall,
    /// How it went.
    pub reply: Reply,
    /// What it cost.
    pub bill: Bill,
}

/// Dials and ends.
#[derive(Debug)]
pub struct Line {
    store: Store,
    order: Arc<Order>,
    worker: WorkerId,
    seed: u64,
    /// Calls to each lead so far.
    tries: HashMap<LeadId, u32>,
}

impl Line {
    /// A line of one run.
    pub fn new(store: Store, order: Arc<Order>, worker: WorkerId, seed: u64) -> Self {
        Self { store, order, worker, seed, tries: HashMap::new() }
    }

    /// Claims and places; `None` when a gate closed or the ticket is stale.
    pub async fn dial(&mut self, attempt: AttemptId, send_no: u32, now: Timestamp) -> Result<Option<LiveCall>, StoreError> {
        let (settings, dialing) = (&self.order.settings, &self.order.deployment);
        let ask = ClaimAsk {
            attempt,
            send_no,
            worker: self.worker,
            settings,
            reserve: dialing.reserve.of(settings),
            timings: &dialing.timings,
            seen: None,
        };
        let ClaimOutcome::Claimed(claimed) = self.store.claim(&ask, now).await? else { return Ok(None) };
        let sid = format!("CA{}", attempt.0.simple());
        let placed = PostClass::Placed { call_sid: sid.clone() };
        self.store.record_answer(attempt, send_no, &placed, &dialing.timings, now).await?;
        let tries = self.tries.entry(claimed.lead).or_default();
        *tries += 1;
        let reply = self.order.people.reply(Dice::of(self.seed, claimed.lead.0, *tries), settings);
        let (lead, stream_token) = (claimed.lead, claimed.stream_token);
        Ok(Some(LiveCall { attempt, send_no, lead, sid, stream_token, placed_at: now, reply }))
    }

    /// The end of a call: its holder closes, the provider reports, the bill is written, the outcome is folded. `None` when
    /// somebody else folded it.
    pub async fn end(&self, call: &LiveCall, now: Timestamp) -> Result<Option<EndedCall>, StoreError> {
        let timings = &self.order.deployment.timings;
        if let Some(wish) = call.reply.wish {
            self.converse(call, wish, now).await?;
        }
        self.store.provider_callback(call.attempt, &call.news(), timings, now).await?;
        let bill = self.order.voices.bill(&call.reply, self.order.settings.on_voicemail, now);
        if bill.sum() > NanoUsd::ZERO {
            self.store.append_ledger(&[self.entry(call, bill.sum(), now)], now).await?;
        }
        let Some(ending) = self.store.ending(call.attempt).await? else { return Ok(None) };
        match self.store.finish(&ending, &self.order.settings, timings, now).await? {
            Finished::Done(finished) => Ok(Some(EndedCall { finished: *finished, reply: call.reply, bill })),
            Finished::NotYet | Finished::Already => Ok(None),
        }
    }

    /// A worker takes the call when it is answered, and closes its side with what it heard.
    async fn converse(&self, call: &LiveCall, wish: Wish, now: Timestamp) -> Result<(), StoreError> {
        let (timings, answered) = (&self.order.deployment.timings, call.placed_at + call.reply.ring);
        let claimed = self.store.claim_stream(&call.stream_token, &call.sid, self.worker, timings, answered).await?;
        let StreamClaim::Held(hold) = claimed else { return Ok(()) };
        let outcome = self.outcome(call.lead, wish, now).await?;
        self.store.close_hold(hold.attempt, hold.epoch, Some(&outcome), &json!({}), now).await?;
        Ok(())
    }

    async fn outcome(&self, lead: LeadId, wish: Wish, now: Timestamp) -> Result<Outcome, StoreError> {
        let (disposition, reason) = match wish {
            Wish::Qualified => (Disposition::Qualified, Some(Reason::Completed)),
            Wish::NotQualified => (Disposition::NotQualified, Some(Reason::Completed)),
            Wish::Callback => (Disposition::Callback, None),
            Wish::OptOut => (Disposition::Dnc, Some(Reason::OptOut)),
            Wish::HungUp => (Disposition::Incomplete, Some(Reason::HungUp)),
        };
        let callback = if wish == Wish::Callback { self.tomorrow(lead, now).await? } else { None };
        Ok(Outcome { disposition, reason, flags: Flags { opt_out: wish == Wish::OptOut, ..Flags::default() }, callback })
    }

    /// The same time on the callee's next day, or when calls may begin after that: an agent promises nothing else.
    async fn tomorrow(&self, lead: LeadId, now: Timestamp) -> Result<Option<PromisedCallback>, StoreError> {
        let Some(lead) = self.store.lead(lead).await? else { return Ok(None) };
        let (name, zone) = known_zone(&lead.zones).unwrap_or_else(|| ("UTC".to_owned(), TimeZone::UTC));
        let next_day = now.in_zone(&zone).checked_add(1.day()).map_or(now + Duration::from_secs(86_400), |day| Timestamp::from_zoned(&day));
        let stated = |name| lead.variables.get(name).and_then(Value::as_str);
        let address = Address { state: stated("state"), postal_code: stated("postal_code") };
        let class = HoursClass::of(&lead.phone_number, &address.states(&lead.phone_number), &lead.zones);
        let earliest = match class.open(&self.order.settings, next_day) {
            Open::Until(Some(opens)) => opens,
            Open::Yes | Open::Until(None) => next_day,
        };
        Ok(Some(PromisedCallback { words: "tomorrow at the same time".to_owned(), earliest, latest: None, zone: name, agreement: None }))
    }

    /// One entry for the whole call: the budget looks at sums.
    fn entry(&self, call: &LiveCall, cost: NanoUsd, at: Timestamp) -> LedgerEntry {
        LedgerEntry {
            id: LedgerId(Uuid::now_v7()),
            at,
            campaign: Some(self.order.campaign.id),
            attempt: Some(call.attempt),
            turn: None,
            service: Service::Telephony,
            purpose: Purpose::Call,
            provider: "rehearsal".to_owned(),
            model: "call".to_owned(),
            prompt_version: None,
            route_reason: None,
            tier: Tier::Standard,
            usage: Usage::default(),
            units: call.reply.talk.as_secs() * 1000,
            usage_source: UsageSource::Estimated,
            cost,
            baseline: cost,
            first_ms: None,
            total_ms: None,
            finish: None,
            cache_hit: false,
            retry_of: None,
            text: None,
        }
    }
}

fn known_zone(zones: &[String]) -> Option<(String, TimeZone)> {
    let name = zones.first()?;
    Some((name.clone(), TimeZone::get(name).ok()?))
}

impl LiveCall {
    /// What the provider reports at the end.
    fn news(&self) -> Callback {
        let (status, sip_code, answered_by) = match self.reply.answer {
            Pickup::Human => (CallStatus::Completed, 200, Some("human")),
            Pickup::Voicemail => (CallStatus::Completed, 200, Some("machine_start")),
            Pickup::NoAnswer => (CallStatus::NoAnswer, 487, None),
            Pickup::Busy => (CallStatus::Busy, 486, None),
            Pickup::Failed => (CallStatus::Failed, 503, None),
            Pickup::DeadNumber => (CallStatus::Failed, 404, None),
        };
        Callback {
            send_no: self.send_no,
            call_sid: self.sid.clone(),
            status: Some(status),
            sequence: Some(1),
            sip_code: Some(sip_code),
            duration_s: self.reply.is_answered().then(|| u32::try_from(self.reply.talk.as_secs()).unwrap_or(u32::MAX)),
            answered_by: answered_by.map(str::to_owned),
        }
    }
}
