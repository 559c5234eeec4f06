//! `<Dial>`: a second leg rings, and the two callees hear each other until one of them puts the phone down.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Twilio;
use super::calls::{Call, Control, Leg, Status};
use super::document::Document;
use super::form::Hook;
use super::heard::HeardLog;
use super::order::Events;
use super::progress::Progress;
use super::session::{Interrupt, SILENT, Session};
use super::twiml::Element;
use super::verbs::redirect;
use super::webhook::{Params, param};
use crate::simulator::callee::Callee;
use crate::simulator::casting::Cast;
use crate::simulator::persona::Persona;
use crate::simulator::truth::{TruthKind, TruthLine};

/// How a ringing leg went.
enum Rung {
    Answered(Arc<Persona>),
    Not(Status),
}

/// Dials, bridges, and goes on at `action` when there is one.
pub(super) async fn dial(session: &mut Session, document: &Document, verb: &Element) -> Result<(), Interrupt> {
    let mut leg = ChildLeg::place(session, document, verb);
    let went = leg.live(session, verb).await;
    let status = match (&went, leg.call.status()) {
        (Ok(status), _) => *status,
        (Err(_), Status::InProgress) => Status::Completed,
        (Err(_), _) => Status::Canceled,
    };
    leg.end(&session.twilio, status);
    went?;
    match verb.attribute("action") {
        Some(action) => Err(redirect(session, document, action, verb.attribute("method"), leg.outcome(status))),
        None => Ok(()),
    }
}

struct ChildLeg {
    call: Arc<Call>,
    told: mpsc::Receiver<Control>,
    progress: Progress,
}

impl ChildLeg {
    fn place(session: &Session, document: &Document, verb: &Element) -> Self {
        let number = verb.child("Number").unwrap_or(verb);
        let from = verb.attribute("callerId").unwrap_or(&session.call.from);
        let leg = Leg { to: number.text.trim(), from, parent: Some(&session.call.sid), queue_time_ms: 0 };
        let (call, told) = Call::new(&leg);
        session.twilio.calls.add(&call);
        let mut line = TruthLine::now(TruthKind::Created, Some(&call.sid), &call.to, &call.from);
        line.parent_call_sid = Some(session.call.sid.clone());
        session.twilio.truth.record(line);
        let mut progress =
            Progress::new(&session.twilio, progress_hook(document, number), Events::named(number.attribute("statusCallbackEvent")));
        progress.initiated(&call);
        Self { call, told, progress }
    }

    async fn live(&mut self, session: &mut Session, verb: &Element) -> Result<Status, Interrupt> {
        match self.ring(session, Duration::from_secs(verb.number("timeout", 30))).await? {
            Rung::Not(status) => Ok(status),
            Rung::Answered(persona) => self.bridge(session, persona, Duration::from_secs(verb.number("timeLimit", 14_400))).await,
        }
    }

    async fn ring(&mut self, session: &mut Session, patience: Duration) -> Result<Rung, Interrupt> {
        let twilio = Arc::clone(&session.twilio);
        let Cast::Callee(persona) = twilio.casting.cast(&self.call.to) else { return Ok(Rung::Not(Status::Failed)) };
        let ending = twilio.ringing(&persona, &self.call, patience);
        if ending.rings {
            self.enter(&twilio, Status::Ringing);
        }
        session.meanwhile(tokio::time::sleep(ending.after)).await?;
        self.call.note(|record, _| record.sip = ending.sip);
        Ok(match ending.unanswered {
            Some(status) => Rung::Not(status),
            None => Rung::Answered(persona),
        })
    }

    /// Each hears what the other said 20 ms ago.
    async fn bridge(&mut self, session: &mut Session, persona: Arc<Persona>, limit: Duration) -> Result<Status, Interrupt> {
        let twilio = Arc::clone(&session.twilio);
        self.enter(&twilio, Status::InProgress);
        let mut callee = Callee::new(persona, &twilio.stage.scenario.pace, twilio.chance, &self.call.to);
        let mut heard = HeardLog::new(&twilio, &self.call);
        let mut from_child = SILENT;
        let until = Instant::now() + limit;
        while Instant::now() < until && !matches!(self.told.try_recv(), Ok(Control::End)) {
            let parent = session.tick(&from_child).await?;
            let child = callee.tick(&parent.said);
            heard.add(&child.heard);
            if child.hung_up {
                break;
            }
            from_child = child.said;
        }
        Ok(Status::Completed)
    }

    fn enter(&mut self, twilio: &Twilio, status: Status) {
        twilio.enter(&self.call, status);
        self.progress.now(&self.call);
    }

    fn end(&mut self, twilio: &Twilio, status: Status) {
        self.enter(twilio, status);
    }

    fn outcome(&self, status: Status) -> Params {
        let answered = self.call.record().answered.is_some();
        vec![
            param("DialCallStatus", status.as_str()),
            param("DialCallSid", &self.call.sid),
            param("DialCallDuration", self.call.duration_s().to_string()),
            param("DialBridged", if answered { "true" } else { "false" }),
        ]
    }
}

fn progress_hook(document: &Document, number: &Element) -> Option<Hook> {
    document.hook(number.attribute("statusCallback")?, number.attribute("statusCallbackMethod"))
}
