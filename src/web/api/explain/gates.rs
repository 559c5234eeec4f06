//! Each gate of a campaign: whether it is open, what it sees, and when it opens by itself.

use super::{Facts, GateJson};
use crate::domain::campaign::CampaignState;
use crate::domain::campaign::gate::CampaignGate;
use crate::domain::count::{are, counted};
use crate::domain::dialing::{pace_text, rest, rests_until};
use crate::domain::lead::LeadState;
use crate::domain::permit::budget_allows;
use crate::domain::time::Timestamp;
use crate::store::worker::LiveLines;
use crate::web::api::change;

/// Opens what calls have taken.
const END_OF_A_CALL: &str = "the end of a call";

impl Facts {
    /// What one gate sees.
    pub(super) fn look(&self, gate: CampaignGate) -> GateJson {
        match gate {
            CampaignGate::Campaign => self.state(),
            CampaignGate::Settings => self.settings(),
            CampaignGate::DncAge => self.dnc_age(),
            CampaignGate::Queue => self.queue(),
            CampaignGate::Scheduler => self.scheduler(),
            CampaignGate::Lines => self.workers(),
            CampaignGate::Clock => self.clocks(),
            CampaignGate::Tickets => self.tickets(),
            CampaignGate::Provider => self.provider(),
            CampaignGate::Budget => self.budget(),
            CampaignGate::Breaker => self.breaker(),
            CampaignGate::Hours => self.calling_hours(),
            CampaignGate::Pace => self.pace(),
        }
    }

    fn state(&self) -> GateJson {
        let campaign = &self.campaign;
        let why = campaign.state_reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let starts_at = campaign.checked_settings().ok().and_then(|settings| settings.starts_at);
        let detail = match campaign.state {
            CampaignState::Running => "the campaign is running".to_owned(),
            CampaignState::Draining => "the campaign is draining: only promised callbacks are still called".to_owned(),
            // what was said at its start is no reason why it waits
            CampaignState::Scheduled => "the campaign is scheduled: it waits for its start time (`schedule.start`)".to_owned(),
            state => format!("the campaign is {state}{why}{}", self.left_parked()),
        };
        let open = matches!(campaign.state, CampaignState::Running | CampaignState::Draining);
        let opens_at = starts_at.filter(|_| campaign.state == CampaignState::Scheduled);
        GateJson { opens_at, ..gate(CampaignGate::Campaign, open, detail) }
    }

    /// A campaign ends while leads of it wait for a person; what most of them wait for is told.
    fn left_parked(&self) -> String {
        let parked = || self.waits.iter().filter(|wait| wait.state == LeadState::Parked);
        let most = parked().find_map(|wait| wait.wait_reason.as_deref());
        let Some(why) = most.filter(|_| self.campaign.state == CampaignState::Completed) else { return String::new() };
        let all = self.status.in_state(LeadState::Parked);
        let alike: i64 = parked().filter(|wait| wait.wait_reason.as_deref() == Some(why)).map(|wait| wait.leads).sum();
        let of_them = if alike < all { format!(", {alike} of them") } else { String::new() };
        format!(" and {} {} parked{of_them}: {why}", counted(all, "lead"), are(&all))
    }

    fn settings(&self) -> GateJson {
        let to_do = change::to_do(&self.campaign, self.status.total());
        let detail = if to_do.is_empty() { "settings, agent and leads are there".to_owned() } else { to_do.join("; ") };
        gate(CampaignGate::Settings, to_do.is_empty(), detail)
    }

    fn dnc_age(&self) -> GateJson {
        gate(CampaignGate::DncAge, self.ages.stale.is_empty(), self.ages.told())
    }

    fn queue(&self) -> GateJson {
        let detail = if self.queue_paused { "the dial queue is paused: callfleet queue resume dial" } else { "the dial queue runs" };
        gate(CampaignGate::Queue, !self.queue_paused, detail.to_owned())
    }

    fn scheduler(&self) -> GateJson {
        let active = self.dialers.scheduler.is_some();
        let detail = if active { "a scheduler is active".to_owned() } else { format!("no scheduler is active: {}", self.run("scheduler")) };
        gate(CampaignGate::Scheduler, active, detail)
    }

    /// A fleet's roles are started one by one.
    fn run(&self, role: &str) -> String {
        let process = if self.is_fleet { role } else { "up" };
        format!("run `callfleet {process}`")
    }

    fn workers(&self) -> GateJson {
        let LiveLines { workers, lines, free } = self.lines;
        let detail = match (workers, free) {
            (0, _) => format!("no worker is alive: {}", self.run("worker")),
            (_, 0) => format!("no line is free: {} of {}", counted(lines, "line"), counted(workers, "worker")),
            _ => format!("{free} of {} of {} {} free", counted(lines, "line"), counted(workers, "worker"), are(&free)),
        };
        let taken = workers > 0 && free == 0;
        GateJson { opened_by: taken.then_some(END_OF_A_CALL), ..gate(CampaignGate::Lines, free > 0, detail) }
    }

    fn budget(&self) -> GateJson {
        let (spent, taken) = (self.status.spent, self.status.spent + self.status.reserved);
        let settings = self.campaign.checked_settings().ok();
        match settings.and_then(|settings| settings.budget.map(|budget| (settings, budget))) {
            None => gate(CampaignGate::Budget, true, "no budget is set".to_owned()),
            Some((settings, budget)) => {
                let reserve = self.reserve.of(&settings);
                let value = format!("{taken} of {budget} are spent or reserved, and a call may need {}", self.reserve.told(&settings));
                let open = budget_allows(budget, taken, reserve);
                let waits = !open && budget_allows(budget, spent, reserve);
                GateJson { opened_by: waits.then_some(END_OF_A_CALL), ..gate(CampaignGate::Budget, open, value) }
            }
        }
    }

    /// Once it trips, the campaign is halted within seconds, and its state says so.
    fn breaker(&self) -> GateJson {
        match &self.breaker {
            Some(circuit) => gate(CampaignGate::Breaker, !circuit.trips, circuit.told.clone()),
            None => gate(CampaignGate::Breaker, true, "the settings cannot be read".to_owned()),
        }
    }

    fn calling_hours(&self) -> GateJson {
        let all: i64 = self.hours.iter().map(|class| class.leads).sum();
        let inside: i64 = self.hours.iter().filter(|class| class.open).map(|class| class.leads).sum();
        let never: i64 = self.hours.iter().filter(|class| !class.open && class.opens_at.is_none()).map(|class| class.leads).sum();
        let noun = if all == 1 { "lead" } else { "leads" };
        let mut value = format!("{inside} of {all} {noun} to call {} inside their calling hours", are(&inside));
        let due = self.due();
        let all_due_wait = due > 0 && self.hours.iter().all(|class| !class.open || class.due == 0);
        if all_due_wait && inside > 0 {
            value.push_str(&format!(", but none of the {due} that {} due", are(&due)));
        }
        let open = self.hours.is_empty() || (inside > 0 && !all_due_wait);
        if let Some(due_at) = self.due_after_an_opening().filter(|_| !open) {
            value.push_str(&format!(", and nobody is due before {due_at}"));
        }
        if never > 0 {
            value.push_str(&format!("; {never} can never be called: their zones, the campaign's hours and the law leave no moment"));
        }
        GateJson { opens_at: self.next_call().filter(|_| !open), ..gate(CampaignGate::Hours, open, value) }
    }

    /// Leads that are due now, inside their hours or not.
    pub(super) fn due(&self) -> i64 {
        self.hours.iter().map(|class| class.due).sum()
    }

    /// When the first lead may be called that may not be now.
    pub(super) fn next_call(&self) -> Option<Timestamp> {
        self.hours.iter().filter_map(|class| class.next_call).min()
    }

    /// When the first lead is due, where nobody is and hours open before that.
    fn due_after_an_opening(&self) -> Option<Timestamp> {
        let opens_at = self.hours.iter().filter_map(|class| class.opens_at).min()?;
        let due_at = self.hours.iter().filter_map(|class| class.next_at).min()?;
        (self.due() == 0 && due_at > opens_at).then_some(due_at)
    }

    /// As the dispatcher reckons it; while somebody waits for his turn already, the next one rests.
    fn pace(&self) -> GateJson {
        let Ok(settings) = self.campaign.checked_settings() else {
            return gate(CampaignGate::Pace, true, "the settings cannot be read".to_owned());
        };
        let rate = settings.calls_per_second.min(self.account_rate);
        let rest = rest(settings.calls_per_second, self.account_rate);
        let opens_at = self.last_call.and_then(|last| rests_until(last, rest, self.now));
        let last = match self.last_call {
            _ if rest.is_zero() => String::new(),
            Some(last) => format!(", and the last one began at {last}"),
            None => ", and none began for as long".to_owned(),
        };
        let value = format!("its pace is {}{last}", pace_text(rate));
        GateJson { opens_at, ..gate(CampaignGate::Pace, opens_at.is_none(), value) }
    }
}

pub(super) fn gate(gate: CampaignGate, open: bool, value: String) -> GateJson {
    GateJson { gate, open, rule: gate.about(), value, opens_at: None, opened_by: None }
}
