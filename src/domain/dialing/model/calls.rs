//! The provider's calls and what becomes known of them: answers, callbacks, refusals, ends.

use std::time::Duration;

use super::provider::{id, sid};
use super::world::{Event, World, millis};
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{self, CallEnd, CallStatus, Callback, HolderSide, LeadHistory, LeadStep, Meeting, PostAnswer, PostClass};
use crate::domain::lead::LeadState;
use crate::domain::outcome::{Disposition, Flags, Outcome};
use crate::domain::time::Timestamp;

impl World {
    pub(super) fn accept(&mut self, attempt: usize, send_no: u32) {
        let lead = self.attempts[attempt].lead;
        let list_lag = if self.chance.percent(20) { self.chance.range(1_000, 80_000) } else { self.chance.range(0, 800) };
        let call = self.provider.create(lead, attempt, send_no, self.now, list_lag);
        let (ring, answer) = (self.chance.range(500, 9_000), self.chance.range(2_000, 20_000));
        let talk = self.chance.range(1_000, 120_000);
        self.after(10, Event::Progress { call, status: CallStatus::Initiated });
        match self.chance.range(0, 100) {
            0..10 => self.after(ring, Event::Progress { call, status: CallStatus::Busy }),
            10..15 => self.after(ring, Event::Progress { call, status: CallStatus::Failed }),
            15..35 => {
                self.after(ring, Event::Progress { call, status: CallStatus::Ringing });
                self.after(ring + 25_000, Event::Progress { call, status: CallStatus::NoAnswer });
            }
            _ => {
                self.after(ring, Event::Progress { call, status: CallStatus::Ringing });
                self.after(ring + answer, Event::Progress { call, status: CallStatus::InProgress });
                self.after(ring + answer + talk, Event::Progress { call, status: CallStatus::Completed });
            }
        }
    }

    /// The truth moves on, and callbacks about it are lost, late, or sent twice.
    pub(super) fn progress(&mut self, id: usize, status: CallStatus) {
        let call = &mut self.provider.calls[id];
        if call.status.is_final() {
            return;
        }
        call.status = status;
        call.rang |= matches!(status, CallStatus::Ringing | CallStatus::InProgress | CallStatus::Busy);
        let news = Callback {
            send_no: call.send_no,
            call_sid: sid(id),
            status: Some(status),
            sequence: Some(i32::from(status.rank()) - 1),
            sip_code: None,
            duration_s: None,
            answered_by: None,
        };
        let attempt = call.attempt;
        let copies = if self.chance.percent(25) { 0 } else { self.chance.range(1, 3) };
        self.score.lost_hooks += u64::from(copies == 0);
        for _ in 0..copies {
            let late = self.chance.percent(15);
            self.score.late_hooks += u64::from(late);
            let delay = if late { self.chance.range(1_000, 900_000) } else { self.chance.range(5, 500) };
            self.after(delay, Event::Hook { attempt, news: news.clone() });
        }
    }

    pub(super) fn record(&mut self, attempt: usize, send_no: u32, answer: Option<PostAnswer>) {
        let Some(answer) = answer.or_else(|| self.answer_of(attempt, send_no)) else { return };
        let row = &self.attempts[attempt].row;
        let ours = row.state == AttemptState::Sending && row.send_no == send_no;
        match dialing::classify(&answer) {
            PostClass::Placed { call_sid } => self.take(attempt, &naming(send_no, &call_sid), true),
            PostClass::Unknown if ours => self.attempts[attempt].become_state(AttemptState::Unknown),
            PostClass::Refused { refusal, .. } if ours => self.refused(attempt, &refusal),
            PostClass::Unknown | PostClass::Refused { .. } => {}
        }
    }

    pub(super) fn answer_of(&self, attempt: usize, send_no: u32) -> Option<PostAnswer> {
        let call = self.provider.calls.iter().position(|call| call.attempt == attempt && call.send_no == send_no)?;
        Some(PostAnswer::Placed { call_sid: sid(call) })
    }

    pub(super) fn refused(&mut self, attempt: usize, refusal: &dialing::Refusal) {
        let (now, timings) = (self.time(), self.policy.timings);
        let row = &mut self.attempts[attempt];
        let nth = refusal.nth(row.refusals, row.row.send_no);
        row.refusals += u32::from(refusal.adds_up());
        row.become_state(AttemptState::Refused);
        match refusal.plan(row.kind, nth, false, now, &timings).attempt {
            Ok(wait) => row.rearm_at = Some(self.now + millis(wait)),
            Err(step) => {
                row.become_state(AttemptState::Ended);
                self.close(attempt, &step);
            }
        }
    }

    pub(super) fn close(&mut self, attempt: usize, step: &LeadStep) {
        let lead = &mut self.leads[self.attempts[attempt].lead];
        lead.number = lead.number.filter(|(holder, _)| *holder != attempt);
        lead.step(step);
    }

    /// What the store does around the fold.
    pub(super) fn take(&mut self, attempt: usize, news: &Callback, signed: bool) {
        let call = id(&news.call_sid);
        let seen = &mut self.attempts[attempt].seen;
        match seen.iter_mut().find(|(known, ..)| *known == call) {
            Some(known) => known.2 |= signed,
            None => seen.push((call, news.send_no, signed)),
        }
        let was = self.attempts[attempt].row.state;
        let lead_open = was != AttemptState::Absent || self.make_room(attempt);
        let now = self.time();
        let folded = dialing::fold(&self.attempts[attempt].row, news, lead_open, now);
        if folded.cancel {
            self.provider.cancel(call);
        }
        self.write(attempt, was, folded);
    }

    pub(super) fn write(&mut self, attempt: usize, was: AttemptState, folded: dialing::Folded) {
        if folded.meeting == Meeting::Adopt {
            self.score.adopted += 1;
            assert!(was.may_become(AttemptState::Placed));
        }
        if was == AttemptState::Absent && folded.meeting == Meeting::Adopt {
            let lead = &mut self.leads[self.attempts[attempt].lead];
            lead.become_state(LeadState::Active);
            lead.number = Some((attempt, None));
            if !self.active.contains(&attempt) {
                self.active.push(attempt);
            }
        }
        let row = &mut self.attempts[attempt];
        (row.row, row.news_at, row.rearm_at) = (folded.row, self.now, row.rearm_at.filter(|_| folded.meeting == Meeting::Stray));
        if folded.finish && !self.chance.percent(10) {
            self.after(50, Event::Finish { attempt });
        }
    }

    /// An absent attempt comes back unless a newer one was sent; one that is only armed is given back.
    pub(super) fn make_room(&mut self, attempt: usize) -> bool {
        let lead = self.attempts[attempt].lead;
        if let Some((holder, _)) = self.leads[lead].number.filter(|(holder, _)| *holder != attempt) {
            if self.attempts[holder].row.state != AttemptState::Ready {
                return false;
            }
            self.attempts[holder].become_state(AttemptState::Withdrawn);
            let kind = self.attempts[holder].kind;
            let now = self.time();
            self.close(holder, &LeadStep::waiting(kind, now, "an earlier call rings after all"));
        }
        true
    }

    pub(super) fn finish(&mut self, attempt: usize) {
        let now = self.time();
        let row = self.attempts[attempt].row.clone();
        let (Some(status), true, true) = (row.status, row.provider_ended_at.is_some(), row.state.is_open()) else { return };
        let end = CallEnd { status, sip_code: None, answered_by: None, rang: row.ringing_at.is_some() || row.answered_at.is_some() };
        let talked = Outcome { disposition: Disposition::NotQualified, reason: None, flags: Flags::default(), callback: None };
        let holder = if row.answered_at.is_some() { HolderSide::Closed(Some(talked)) } else { HolderSide::Never };
        let verdict = dialing::finish(Some(&end), holder, Flags::default()).expect("both sides are over");
        let kind = self.attempts[attempt].kind;
        let tries = u32::try_from(self.leads[self.attempts[attempt].lead].attempts.len()).unwrap();
        let history = LeadHistory {
            placed: tries,
            max_attempts: 6,
            like_this: tries,
            same_reason: tries,
            callbacks: 0,
            max_callbacks: 0,
            suppressed: false,
        };
        let redial = |_, tries, ended: Timestamp| (tries < 4).then(|| ended + Duration::from_secs(300));
        let step = dialing::next_step(&verdict, kind, &history, now, &self.policy.timings, redial);
        self.attempts[attempt].become_state(AttemptState::Ended);
        self.close(attempt, &step);
    }
}

pub(super) fn naming(send_no: u32, call_sid: &str) -> Callback {
    let call_sid = call_sid.to_owned();
    Callback { send_no, call_sid, status: None, sequence: None, sip_code: None, duration_s: None, answered_by: None }
}
