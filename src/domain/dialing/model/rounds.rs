//! What goes round: sweeper, reconciler, the last look before a number is free, poller.

use std::time::Duration;

use super::calls::naming;
use super::provider::{id, sid};
use super::world::{Event, ROUND, World, millis};
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{self, LeadStep, Look, PollAnswer, Polled, Reconciled, StaleRow, Swept, Switches, UnsureRow, Watch};

impl World {
    pub(super) fn round(&mut self) {
        if self.chance.percent(3) {
            self.score.list_outages += 1;
            self.provider.list_down_until = self.now + self.chance.range(1_000, 300_000);
        }
        let restarted = self.chance.percent(2);
        self.dispatch();
        let mut place = 0;
        while let Some(attempt) = self.active.get(place).copied() {
            if self.is_open(attempt) {
                self.sweep(attempt);
                self.reconcile(attempt, restarted);
                self.rest(attempt);
                self.poll(attempt);
                place += 1;
            } else {
                self.active.remove(place);
            }
        }
        self.after(self.until_next_round(), Event::Round);
    }

    /// Rounds that would find nothing are left out: without an open attempt nothing can happen before the next event, the
    /// next lead that is due, or the end of a number's rest.
    fn until_next_round(&self) -> u64 {
        if self.active.iter().any(|attempt| self.attempts[*attempt].row.state.is_open()) {
            return ROUND;
        }
        let due = self.leads.iter().filter_map(|lead| match lead.number {
            Some((_, until)) => until,
            None => (!lead.state.is_terminal()).then_some(lead.next_at),
        });
        let next = due.chain(self.next_event()).min().unwrap_or(self.now);
        next.saturating_sub(self.now).div_ceil(ROUND).max(1) * ROUND
    }

    /// Closed attempts matter only while their number rests.
    pub(super) fn is_open(&self, attempt: usize) -> bool {
        let row = &self.attempts[attempt];
        row.row.state.is_open() || self.leads[row.lead].number.is_some_and(|(holder, _)| holder == attempt)
    }

    pub(super) fn sweep(&mut self, attempt: usize) {
        let row = &self.attempts[attempt];
        if row.row.provider_ended_at.is_some() && row.row.state.is_open() {
            return self.finish(attempt);
        }
        if !self.policy.sweeps {
            return;
        }
        let signed = |time: u64| i64::try_from(time).unwrap();
        let stale = StaleRow {
            state: row.row.state,
            lease_until_db: signed(row.lease_until),
            deadline_db: Some(signed(row.deadline)),
            rearm_db: row.rearm_at.map(signed),
            switches: Switches { queue_paused: false, campaign_dials: true },
        };
        let lease_until = self.now + millis(self.policy.timings.ticket_lease);
        let send_no = row.row.send_no;
        let swept = dialing::sweep(&stale, signed(self.now));
        let row = &mut self.attempts[attempt];
        match swept {
            Swept::Leave | Swept::Withdraw => {}
            Swept::Unsure => row.become_state(AttemptState::Unknown),
            Swept::Ring => {
                row.lease_until = lease_until;
                self.ring(attempt, send_no);
            }
            Swept::Rearm => {
                row.become_state(AttemptState::Ready);
                (row.row.send_no, row.lease_until, row.rearm_at) = (send_no + 1, lease_until, None);
                self.ring(attempt, send_no + 1);
            }
        }
    }

    pub(super) fn reconcile(&mut self, attempt: usize, restarted: bool) {
        if self.attempts[attempt].row.state != AttemptState::Unknown {
            return;
        }
        let (now, timings) = (self.boot(), self.policy.timings);
        let (unsure, look) = (self.unsure(attempt), self.look(attempt));
        let mut watch = self.attempts[attempt].watch.filter(|_| !restarted).unwrap_or(Watch::begin(now));
        let decided = dialing::reconcile(&unsure, &look, &mut watch, now, &timings);
        self.attempts[attempt].watch = Some(watch);
        match decided {
            Reconciled::Bind { call_sid, cancel, .. } => self.bind(attempt, &call_sid, &cancel),
            Reconciled::Wait { .. } => {}
            Reconciled::Absent => self.absent(attempt),
        }
    }

    pub(super) fn bind(&mut self, attempt: usize, call_sid: &str, cancel: &[String]) {
        let send_no = self.attempts[attempt].row.send_no;
        self.take(attempt, &naming(send_no, call_sid), false);
        for stray in cancel {
            self.provider.cancel(id(stray));
        }
    }

    pub(super) fn absent(&mut self, attempt: usize) {
        let (now, timings) = (self.time(), self.policy.timings);
        self.attempts[attempt].become_state(AttemptState::Absent);
        let lead = self.attempts[attempt].lead;
        let absences = self.leads[lead].attempts.iter().filter(|a| self.attempts[**a].row.state == AttemptState::Absent).count();
        let step = if absences > timings.absent_redials as usize {
            LeadStep::parked("lost again")
        } else {
            LeadStep::waiting(self.attempts[attempt].kind, now + timings.absent_hold, "lost")
        };
        self.leads[lead].step(&step);
        self.leads[lead].number = Some((attempt, Some(self.now + millis(timings.absent_hold))));
    }

    /// The last look before a resting number is given back.
    pub(super) fn rest(&mut self, attempt: usize) {
        let lead = self.attempts[attempt].lead;
        let rested = self.leads[lead].number.is_some_and(|(holder, until)| holder == attempt && until.is_some_and(|at| at <= self.now));
        if !rested {
            return;
        }
        match dialing::last_look(&self.unsure(attempt), &self.look(attempt), &self.policy.timings) {
            Reconciled::Bind { call_sid, cancel, .. } => self.bind(attempt, &call_sid, &cancel),
            Reconciled::Wait { .. } => {}
            Reconciled::Absent => self.leads[lead].number = None,
        }
    }

    pub(super) fn unsure(&self, attempt: usize) -> UnsureRow {
        let row = &self.attempts[attempt];
        let known = |ours: &dyn Fn(usize, u32) -> bool, signed_only: bool| {
            let of_lead = self.leads[row.lead].attempts.iter();
            of_lead
                .flat_map(|a| self.attempts[*a].seen.iter().map(move |seen| (*a, *seen)))
                .filter(|(a, (_, send_no, signed))| ours(*a, *send_no) && (*signed || !signed_only))
                .map(|(_, (call, ..))| sid(call))
                .collect()
        };
        UnsureRow {
            intent_db: i64::try_from(row.intent).unwrap(),
            deadline_db: i64::try_from(row.deadline).unwrap(),
            taken: known(&|a, send_no| a != attempt || send_no != row.row.send_no, false),
            named: known(&|a, send_no| a == attempt && send_no == row.row.send_no, true),
        }
    }

    pub(super) fn look(&self, attempt: usize) -> Look {
        self.provider.list(self.attempts[attempt].lead, self.now).map_or(Look::Down, Look::Listed)
    }

    pub(super) fn poll(&mut self, attempt: usize) {
        let row = &self.attempts[attempt];
        let live = row.row.state.is_live() && row.row.provider_ended_at.is_none();
        let Some(call_sid) = row.row.call_sid.as_ref().filter(|_| live).cloned() else { return };
        let (silent, placed) = (self.now - row.news_at, self.now - row.intent);
        if silent < millis(self.policy.timings.silent_after) {
            return;
        }
        let answer = if self.chance.percent(10) { PollAnswer::Down } else { self.provider.fetch(id(&call_sid)) };
        let since = Duration::from_millis;
        match dialing::poll(row.row.send_no, &call_sid, answer, since(placed), since(silent), &self.policy.timings) {
            Polled::News(news) => self.take(attempt, &news, false),
            Polled::TakeBack => self.provider.cancel(id(&call_sid)),
            Polled::Wait { .. } => {}
        }
    }
}
