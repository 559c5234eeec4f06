//! An answered call as it runs: every 20 ms the callee hears what is played and says what they say, until somebody ends it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Twilio;
use super::amd::Verdict;
use super::calls::{Call, Control};
use super::form::Hook;
use super::heard::HeardLog;
use super::order::Source;
use super::pacing::Pacer;
use super::progress::Progress;
use super::webhook::{Params, param};
use crate::simulator::callee::{Callee, FRAME_BYTES, Frame, Moment};
use crate::simulator::voice::SILENCE;

/// Nothing is played.
pub(in crate::simulator) const SILENT: Frame = [SILENCE; FRAME_BYTES];

/// What ends a verb before its time.
#[derive(Debug)]
pub(super) enum Interrupt {
    /// The callee put the phone down, the time is up, the API or the TwiML ended the call, or the simulator stops.
    Over,
    /// The call goes on with other TwiML.
    Redirected { to: Source, fallback: Option<Hook>, extra: Params },
}

/// A one-way stream's share of each 20 ms: what the callee said and what they heard.
pub(super) type Fork = mpsc::Sender<(Frame, Frame)>;

/// The call between answer and end.
#[derive(Debug)]
pub(super) struct Session {
    pub twilio: Arc<Twilio>,
    pub call: Arc<Call>,
    pub progress: Progress,
    told: mpsc::Receiver<Control>,
    callee: Callee,
    pacer: Pacer,
    answered: Instant,
    time_limit: Duration,
    heard: HeardLog,
    forks: Vec<Fork>,
    pending: Option<(Verdict, Option<Hook>)>,
}

impl Session {
    pub(super) fn begin(
        twilio: Arc<Twilio>,
        call: Arc<Call>,
        progress: Progress,
        told: mpsc::Receiver<Control>,
        callee: Callee,
        time_limit: Duration,
    ) -> Self {
        let heard = HeardLog::new(&twilio, &call);
        Self {
            twilio,
            call,
            progress,
            told,
            callee,
            pacer: Pacer::start(),
            answered: Instant::now(),
            time_limit,
            heard,
            forks: Vec::new(),
            pending: None,
        }
    }

    /// Posts this verdict when its time has come, while everything else goes on.
    pub(super) fn expect_verdict(&mut self, verdict: Verdict, hook: Option<Hook>) {
        self.pending = Some((verdict, hook));
    }

    pub(super) fn add_fork(&mut self, fork: Fork) {
        self.forks.push(fork);
    }

    /// Waits for the next 20 ms or for what interrupts. May be dropped at any time.
    pub(super) async fn due(&mut self) -> Result<(), Interrupt> {
        loop {
            tokio::select! {
                biased;
                () = self.twilio.stage.stop.cancelled() => return Err(Interrupt::Over),
                Some(control) = self.told.recv() => self.obey(control)?,
                () = self.pacer.due() => return Ok(()),
            }
        }
    }

    /// Takes the 20 ms that are due.
    pub(super) fn step(&mut self, played: &Frame) -> Result<Moment, Interrupt> {
        self.pacer.advance();
        if self.answered.elapsed() >= self.time_limit {
            return Err(Interrupt::Over);
        }
        self.post_verdict_when_due();
        let moment = self.callee.tick(played);
        self.heard.add(&moment.heard);
        self.forks.retain(|fork| !matches!(fork.try_send((moment.said, *played)), Err(mpsc::error::TrySendError::Closed(_))));
        if moment.hung_up { Err(Interrupt::Over) } else { Ok(moment) }
    }

    pub(super) async fn tick(&mut self, played: &Frame) -> Result<Moment, Interrupt> {
        self.due().await?;
        self.step(played)
    }

    /// Plays audio to its end.
    pub(super) async fn play(&mut self, audio: &[u8]) -> Result<(), Interrupt> {
        for piece in audio.chunks(FRAME_BYTES) {
            let mut frame = SILENT;
            frame[..piece.len()].copy_from_slice(piece);
            self.tick(&frame).await?;
        }
        Ok(())
    }

    /// Plays silence for so long.
    pub(super) async fn pause(&mut self, time: Duration) -> Result<(), Interrupt> {
        self.meanwhile(tokio::time::sleep(time)).await
    }

    /// Lives on in silence until some other work is done.
    pub(super) async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Interrupt> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                due = self.due() => due?,
            }
            self.step(&SILENT)?;
        }
    }

    /// What was heard so far is written down: something ended.
    pub(super) fn write_down_heard(&mut self) {
        self.heard.write_down();
    }

    fn obey(&mut self, control: Control) -> Result<(), Interrupt> {
        match control {
            Control::End => return Err(Interrupt::Over),
            Control::Redirect { to, fallback } => return Err(Interrupt::Redirected { to, fallback, extra: Vec::new() }),
            Control::TimeLimit(limit) => self.time_limit = limit,
            Control::Progress(hook) => self.progress.redirect(hook),
        }
        Ok(())
    }

    fn post_verdict_when_due(&mut self) {
        let elapsed = u64::try_from(self.answered.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Some((verdict, hook)) = self.pending.take_if(|(verdict, _)| verdict.after_ms <= elapsed) else { return };
        self.call.note(|record, _| record.answered_by = Some(verdict.answered_by));
        let Some(hook) = hook else {
            self.twilio.notices.give(21_262, &self.call.sid, "a verdict about who answered has no callback to go to");
            return;
        };
        let params = vec![
            param("CallSid", &self.call.sid),
            param("AccountSid", &self.twilio.account().account_sid),
            param("AnsweredBy", verdict.answered_by),
            param("MachineDetectionDuration", verdict.after_ms.to_string()),
        ];
        self.progress.deliveries().post(&hook, format!("{} amd", self.call.to), params);
    }
}
