//! The life of a call, from the queue to its end. One task each.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::Twilio;
use super::amd::verdict;
use super::calls::{Call, Control, Status};
use super::order::CallOrder;
use super::progress::Progress;
use super::session::{Interrupt, Session};
use super::verbs;
use super::webhook::{Params, param};
use crate::simulator::callee::Callee;
use crate::simulator::persona::Persona;

/// A call that was not answered yet.
pub(super) struct Life {
    pub twilio: Arc<Twilio>,
    pub call: Arc<Call>,
    pub told: mpsc::Receiver<Control>,
    pub order: CallOrder,
    pub persona: Arc<Persona>,
    pub progress: Progress,
}

/// The call will not be answered, and this is its final status.
struct Unanswered(Status);

impl Life {
    /// Lives it.
    pub(super) async fn live(mut self, turn: Instant) {
        match self.until_answered(turn).await {
            Ok(()) => self.talk().await,
            Err(Unanswered(status)) => end(&self.twilio, &self.call, &mut self.progress, status),
        }
    }

    async fn until_answered(&mut self, turn: Instant) -> Result<(), Unanswered> {
        self.wait_until(turn).await?;
        self.progress.initiated(&self.call);
        let setup = Duration::from_millis(self.twilio.stage.scenario.pace.setup_ms);
        self.wait_until(Instant::now() + setup).await?;
        let ringing = self.twilio.ringing(&self.persona, &self.call, self.order.ring_timeout);
        if ringing.rings {
            self.enter(Status::Ringing);
        }
        self.wait_until(Instant::now() + ringing.after).await?;
        self.call.note(|record, _| record.sip = ringing.sip);
        ringing.unanswered.map_or(Ok(()), |status| Err(Unanswered(status)))
    }

    fn enter(&mut self, status: Status) {
        self.twilio.enter(&self.call, status);
        self.progress.now(&self.call);
    }

    /// Waits, and does what the API says meanwhile.
    async fn wait_until(&mut self, time: Instant) -> Result<(), Unanswered> {
        loop {
            tokio::select! {
                biased;
                () = self.twilio.stage.stop.cancelled() => return Err(Unanswered(Status::Canceled)),
                Some(control) = self.told.recv() => self.obey(control)?,
                () = sleep_until(time) => return Ok(()),
            }
        }
    }

    fn obey(&mut self, control: Control) -> Result<(), Unanswered> {
        match control {
            Control::End => return Err(Unanswered(Status::Canceled)),
            Control::Redirect { to, fallback } => {
                self.order.twiml = to;
                self.order.fallback = fallback;
            }
            Control::TimeLimit(limit) => self.order.time_limit = limit,
            Control::Progress(hook) => self.progress.redirect(hook),
        }
        Ok(())
    }

    /// Everything after the answer.
    async fn talk(mut self) {
        self.enter(Status::InProgress);
        let Self { twilio, call, told, order, persona, progress } = self;
        let callee = Callee::new(Arc::clone(&persona), &twilio.stage.scenario.pace, twilio.chance, &call.to);
        let mut session = Session::begin(twilio, call, progress, told, callee, order.time_limit);
        if let Ok(extra) = prepare(&mut session, &order, &persona).await {
            verbs::run(&mut session, order.twiml, order.fallback, extra).await;
        }
        session.write_down_heard();
        let (twilio, call) = (Arc::clone(&session.twilio), Arc::clone(&session.call));
        end(&twilio, &call, &mut session.progress, Status::Completed);
    }
}

/// Digits first, then detection: in the background, or with the TwiML waiting for it.
async fn prepare(session: &mut Session, order: &CallOrder, persona: &Persona) -> Result<Params, Interrupt> {
    if let Some(digits) = &order.send_digits {
        verbs::press(session, digits).await?;
    }
    let Some(asked) = &order.detection else { return Ok(Vec::new()) };
    let verdict = verdict(persona, &session.twilio.stage.scenario.pace, asked);
    if let Some(hook) = &asked.background {
        session.expect_verdict(verdict, hook.clone());
        return Ok(Vec::new());
    }
    session.meanwhile(sleep(Duration::from_millis(verdict.after_ms))).await?;
    session.call.note(|record, _| record.answered_by = Some(verdict.answered_by));
    Ok(vec![param("MachineDetectionDuration", verdict.after_ms.to_string())])
}

fn end(twilio: &Twilio, call: &Call, progress: &mut Progress, status: Status) {
    twilio.enter(call, status);
    progress.now(call);
}
