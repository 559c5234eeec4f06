//! Dispatcher and worker: due leads are armed, tickets ring, one send is claimed and posted.

use super::provider::Fate;
use super::rows::Attempt;
use super::world::{Event, World, millis};
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{self, Claim, PostAnswer, Switches};
use crate::domain::lead::LeadState;
use crate::domain::permit::{Denial, DialPermit};

impl World {
    pub(super) fn dispatch(&mut self) {
        for lead in 0..self.leads.len() {
            let due = matches!(self.leads[lead].state, LeadState::New | LeadState::Waiting) && self.leads[lead].next_at <= self.now;
            if due && self.leads[lead].number.is_none() {
                self.arm(lead);
            }
        }
    }

    pub(super) fn arm(&mut self, lead: usize) {
        let attempt = self.attempts.len();
        let lease_until = self.now + millis(self.policy.timings.ticket_lease);
        self.attempts.push(Attempt::new(lead, self.leads[lead].kind, lease_until));
        self.leads[lead].number = Some((attempt, None));
        self.leads[lead].attempts.push(attempt);
        self.active.push(attempt);
        self.leads[lead].become_state(LeadState::Active);
        self.ring(attempt, 1);
    }

    /// Tickets get lost and arrive twice.
    pub(super) fn ring(&mut self, attempt: usize, send_no: u32) {
        let copies = match self.chance.range(0, 100) {
            0..8 => 0,
            8..15 => 2,
            _ => 1,
        };
        self.score.lost_tickets += u64::from(copies == 0);
        for _ in 0..copies {
            let delay = self.chance.range(10, 70_000);
            self.after(delay, Event::Ticket { attempt, send_no });
        }
    }

    pub(super) fn ticket(&mut self, attempt: usize, send_no: u32) {
        let row = &self.attempts[attempt].row;
        let switches = Switches { queue_paused: false, campaign_dials: true };
        match dialing::claim(row.state, row.send_no, send_no, switches, permit()) {
            Claim::Claimed(_) => self.claimed(attempt, send_no),
            Claim::Stale => {}
            Claim::Withdraw(denial) => unreachable!("all gates are open: {denial:?}"),
        }
    }

    /// After the claim the sender may crash or stop, for longer than any deadline.
    pub(super) fn claimed(&mut self, attempt: usize, send_no: u32) {
        let deadline = self.now + millis(self.policy.timings.send_deadline);
        let row = &mut self.attempts[attempt];
        row.become_state(AttemptState::Sending);
        (row.intent, row.deadline) = (self.now, deadline);
        let pause = match self.chance.range(0, 100) {
            0..5 => return self.score.stopped += 1,
            5..12 => self.chance.range(900, 7_200_000),
            _ => self.chance.range(1, 200),
        };
        self.score.stopped += u64::from(pause > 800);
        self.after(pause, Event::Post { attempt, send_no, claimed_at: self.now });
    }

    pub(super) fn post(&mut self, attempt: usize, send_no: u32, claimed_at: u64) {
        let late = self.now - claimed_at > millis(self.policy.timings.send_window);
        if late && self.policy.keeps_send_window {
            return self.see(attempt, send_no, 1, Some(PostAnswer::HeldBack));
        }
        let timeout = millis(self.policy.timings.post_timeout);
        match Fate::draw(&mut self.chance, self.policy.provider_is_honest) {
            Fate::Taken { lag, answer } => {
                self.after(lag, Event::Accept { attempt, send_no });
                match answer.map(|wait| lag + wait).filter(|at| *at < timeout) {
                    Some(at) => self.see(attempt, send_no, at, None),
                    None => self.unknown(attempt, send_no, timeout, claimed_at),
                }
            }
            Fate::Refused { status, code } => {
                let answer = PostAnswer::NotProcessed { status, code: Some(code), retry_after: None };
                self.see(attempt, send_no, 300, Some(answer));
            }
            Fate::RefusedInWords => {
                self.after(200, Event::Accept { attempt, send_no });
                let answer = PostAnswer::NotProcessed { status: 429, code: Some(20429), retry_after: None };
                self.see(attempt, send_no, 300, Some(answer));
            }
            Fate::TakenLate => {
                let lag = self.chance.range(200_000, 3_000_000);
                self.after(lag, Event::Accept { attempt, send_no });
                self.unknown(attempt, send_no, timeout, claimed_at);
            }
            Fate::Lost => self.unknown(attempt, send_no, timeout, claimed_at),
        }
    }

    pub(super) fn unknown(&mut self, attempt: usize, send_no: u32, timeout: u64, claimed_at: u64) {
        let wait = self.chance.range(100, timeout + 1);
        self.score.lost_answers += 1;
        if self.policy.reconciles {
            self.see(attempt, send_no, wait, Some(PostAnswer::Unknown));
        } else {
            self.after(wait, Event::Post { attempt, send_no, claimed_at: claimed_at.max(self.now + wait) });
        }
    }

    /// The worker may crash before it has written what it saw, or write it very late.
    pub(super) fn see(&mut self, attempt: usize, send_no: u32, wait: u64, answer: Option<PostAnswer>) {
        let late = match self.chance.range(0, 100) {
            0..5 => return self.score.lost_answers += 1,
            5..8 => self.chance.range(1_000, 400_000),
            _ => 1,
        };
        self.after(wait + late, Event::Record { attempt, send_no, answer });
    }
}

/// Every gate is open in the model: it is about the protocol, not about the rules of calling.
fn permit() -> Result<DialPermit, Denial> {
    use std::time::Duration;

    use crate::domain::callback::keep::KeepRules;
    use crate::domain::caller::CallerChoice;
    use crate::domain::campaign::{CampaignSettings, CampaignState, Countries, OnVoicemail};
    use crate::domain::law::LawChoice;
    use crate::domain::money::NanoUsd;
    use crate::domain::permit::{PermitFacts, check};
    use crate::domain::redial::RedialTable;
    use crate::domain::time::Timestamp;
    use crate::domain::window::{CallingWindow, Hours};

    thread_local! {
        static SETTINGS: CampaignSettings = CampaignSettings {
            caller_numbers: Vec::new(),
            local_presence: true,
            countries: Countries::Any,
            law: LawChoice::LIFTED,
            starts_at: None,
            ends_at: None,
            calls_per_second: 1.0,
            lines: 1,
            weight: 1,
            window: CallingWindow { days: [Some(Hours { open: 0, close: 1_440 }); 7], holidays: Vec::new() },
            max_attempts: 99,
            max_attempts_per_day: 99,
            calls_per_caller: None,
            redial: RedialTable::default(),
            require_consent: false,
            on_voicemail: OnVoicemail::HangUp,
            transfer_to: None,
            ring_timeout: Duration::from_secs(25),
            max_duration: Duration::from_secs(300),
            budget: None,
            max_callbacks: 0,
            callbacks: KeepRules::HOUSE,
            breaker: crate::domain::campaign::breaker::Breaker::OFF,
        };
        static ZONES: Vec<String> = vec!["UTC".to_owned()];
    }
    SETTINGS.with(|settings| {
        ZONES.with(|zones| {
            let facts = PermitFacts {
                campaign: CampaignState::Running,
                settings,
                lead_stands: None,
                consent_basis: None,
                suppressed: None,
                stale_dnc_list: None,
                country: None,
                not_permitted: None,
                blocked_range: None,
                laws: &[],
                zones,
                placed_for_lead: 0,
                placed_to_number: &[],
                caller: CallerChoice::Use(0),
                spent_and_reserved: NanoUsd::ZERO,
                reserve: NanoUsd::ZERO,
                is_callback: false,
            };
            check(&facts, Timestamp::from_millis(0))
        })
    })
}
