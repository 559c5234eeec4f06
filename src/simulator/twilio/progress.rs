//! Reports how a call goes on: the status callbacks, in order.

use std::sync::Arc;

use jiff::Timestamp;

use super::Twilio;
use super::callbacks::Deliveries;
use super::calls::{Call, Status};
use super::form::Hook;
use super::order::Events;
use super::resource::date;
use super::webhook::{Params, param};

/// The reporter of one leg.
#[derive(Debug)]
pub(super) struct Progress {
    account_sid: String,
    deliveries: Deliveries,
    hook: Option<Hook>,
    events: Events,
    sequence: u32,
}

impl Progress {
    pub(super) fn new(twilio: &Arc<Twilio>, hook: Option<Hook>, events: Events) -> Self {
        let account_sid = twilio.account().account_sid.clone();
        Self { account_sid, deliveries: Deliveries::begin(twilio), hook, events, sequence: 0 }
    }

    /// From now on reports go there.
    pub(super) fn redirect(&mut self, hook: Hook) {
        self.hook = Some(hook);
    }

    pub(super) fn deliveries(&self) -> &Deliveries {
        &self.deliveries
    }

    /// The call was taken from the queue; for REST it still is queued.
    pub(super) fn initiated(&mut self, call: &Call) {
        self.report(call, "initiated", self.events.initiated, Vec::new());
    }

    /// The call has the status it has now.
    pub(super) fn now(&mut self, call: &Call) {
        let status = call.status();
        let wanted = match status {
            Status::Queued => false,
            Status::Ringing => self.events.ringing,
            Status::InProgress => self.events.answered,
            _ => self.events.completed,
        };
        let extra = if status.is_final() { ending(call) } else { Vec::new() };
        self.report(call, status.as_str(), wanted, extra);
    }

    /// Every event has its number, also those nobody asked for.
    fn report(&mut self, call: &Call, status: &str, wanted: bool, extra: Params) {
        let sequence = self.sequence;
        self.sequence += 1;
        let Some(hook) = self.hook.as_ref().filter(|_| wanted) else { return };
        let mut params = about(call, &self.account_sid, status);
        params.extend([
            param("Timestamp", date(Timestamp::now())),
            param("CallbackSource", "call-progress-events"),
            param("SequenceNumber", sequence.to_string()),
        ]);
        params.extend(extra);
        self.deliveries.post(hook, format!("{} {sequence}", call.to), params);
    }
}

fn ending(call: &Call) -> Params {
    let seconds = call.duration_s();
    let mut extra = vec![param("CallDuration", seconds.to_string()), param("Duration", seconds.div_ceil(60).to_string())];
    if let Some(sip) = call.record().sip {
        extra.push(param("SipResponseCode", sip.to_string()));
    }
    extra
}

/// The fields every webhook of a call carries.
pub(super) fn about(call: &Call, account_sid: &str, status: &str) -> Params {
    let mut params = vec![
        param("CallSid", &call.sid),
        param("AccountSid", account_sid),
        param("From", &call.from),
        param("To", &call.to),
        param("Caller", &call.from),
        param("Called", &call.to),
        param("CallStatus", status),
        param("Direction", call.direction),
        param("ApiVersion", "2010-04-01"),
    ];
    for (side, number) in [("From", &call.from), ("Caller", &call.from), ("To", &call.to), ("Called", &call.to)] {
        params.extend(["City", "State", "Zip"].map(|part| param(&format!("{side}{part}"), "")));
        params.push(param(&format!("{side}Country"), if number.starts_with("+1") { "US" } else { "" }));
    }
    if let Some(parent) = &call.parent {
        params.push(param("ParentCallSid", parent));
    }
    if let Some(answered_by) = call.record().answered_by {
        params.push(param("AnsweredBy", answered_by));
    }
    params
}
