//! Due leads become armed attempts and tickets, as many as there are free lines.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use callfleet_jobs::backend::redis::WINDOW;
use jiff::tz::TimeZone;

use super::bell::Bell;
use super::share::{Demand, share};
use super::{Duty, Scheduler};
use crate::crash_point;
use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::domain::dialing::{FreePlaces, free_places, rest, room_ahead, turns_apart};
use crate::domain::dnc::{self, ListDate};
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::time::Timestamp;
use crate::live::LiveEvent;
use crate::store::StoreError;
use crate::store::campaign::{Campaign, CampaignChange};
use crate::store::dial::{ArmOrder, Arming, DueLead, OpenCount};
use crate::store::dnc::DncList;
use crate::store::queue_control::DIAL_QUEUE;
use crate::store::worker::LiveLines;
use crate::telemetry::names;

/// Leads armed in one transaction: enough to share a wait for the disk, few enough that nobody waits long for their locks.
const TOGETHER: usize = 50;

/// A campaign that dials, with what it wants and uses.
struct Dialing {
    campaign: Campaign,
    settings: CampaignSettings,
    due: Vec<DueLead>,
    open: u32,
}

/// The dispatcher.
pub struct Dispatcher {
    scheduler: Scheduler,
}

impl Dispatcher {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler }
    }
}

#[async_trait]
impl Duty for Dispatcher {
    const NAME: &'static str = "dispatch";

    async fn round(&mut self) -> Result<(), StoreError> {
        let begun = Instant::now();
        if self.scheduler.lookout.clock_fits() && !self.scheduler.store.is_queue_paused(DIAL_QUEUE).await? {
            self.scheduler.tick().await?;
        }
        metrics::histogram!(names::TICK).record(begun.elapsed().as_secs_f64());
        Ok(())
    }
}

impl Scheduler {
    /// One look: what is due is armed, as far as lines, pace and gates allow.
    ///
    /// # Errors
    /// The database cannot be read or written; what was armed stays armed.
    pub async fn tick(&self) -> Result<(), StoreError> {
        let campaigns = self.begun_campaigns().await?;
        let (lines, counts) = self.store.lines_and_open(self.timings.holder_silence).await?;
        let mut bell = Bell::of_round(&self.queue, &self.lookout);
        let free = self.free_lines(&campaigns, &counts, lines, &mut bell).await;
        let lists = self.dnc_lists().await?;
        let mut dialing = Vec::new();
        for campaign in campaigns {
            dialing.extend(self.look_at(campaign, &counts, free, &lists).await?);
        }
        let demands: Vec<Demand> = dialing.iter().map(Dialing::demand).collect();
        for (campaign, lines) in dialing.iter().zip(share(free.for_fast, &demands)) {
            self.arm_leads(campaign, lines, &mut bell).await?;
        }
        Ok(())
    }

    async fn dnc_lists(&self) -> Result<Vec<ListDate>, StoreError> {
        Ok(self.store.dnc_lists().await?.iter().map(DncList::date).collect())
    }

    pub(super) async fn dialing_campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        self.store.campaigns_in(&[CampaignState::Running, CampaignState::Draining]).await
    }

    /// Those that dial, among them those whose own time has come.
    async fn begun_campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        let known = self.store.campaigns_in(&[CampaignState::Scheduled, CampaignState::Running, CampaignState::Draining]).await?;
        let (scheduled, dialing): (Vec<Campaign>, Vec<Campaign>) =
            known.into_iter().partition(|campaign| campaign.state == CampaignState::Scheduled);
        if self.begin_scheduled(&scheduled).await? { self.dialing_campaigns().await } else { Ok(dialing) }
    }

    /// What live workers can still hold, and what the pacer can let through in the next seconds.
    async fn free_lines(&self, campaigns: &[Campaign], counts: &[OpenCount], lines: LiveLines, bell: &mut Bell<'_>) -> FreePlaces {
        let by_lines = u32::try_from(lines.free).unwrap_or(0);
        let (of_slow, of_fast): (Vec<OpenCount>, Vec<OpenCount>) = counts.iter().partition(|count| self.is_slow(campaigns, count.campaign));
        let ready = |counts: &[OpenCount]| total(counts, |state| state == AttemptState::Ready);
        let free = free_places(self.account_rate, ready(&of_slow), ready(&of_fast)).at_most(by_lines);
        if free.for_fast == 0 { free } else { free.at_most(free_tickets(bell).await) }
    }

    /// Whether a campaign rests between its calls. One that was paused just now has nobody waiting for long.
    fn is_slow(&self, campaigns: &[Campaign], id: CampaignId) -> bool {
        let settings = campaigns.iter().find(|campaign| campaign.id == id).and_then(|campaign| campaign.checked_settings().ok());
        settings.is_some_and(|settings| !self.rest(&settings).is_zero())
    }

    /// Campaigns begin at their own time; whether the time of one has come.
    async fn begin_scheduled(&self, scheduled: &[Campaign]) -> Result<bool, StoreError> {
        let (now, mut begun) = (self.clock.now(), false);
        for campaign in scheduled {
            let start = campaign.checked_settings().ok().and_then(|settings| settings.starts_at);
            if start.is_none_or(|start| start <= now) {
                tracing::info!(campaign.name, "start time reached");
                self.change(campaign, CampaignState::Running, Some("start time reached")).await?;
                begun = true;
            }
        }
        Ok(begun)
    }

    /// What a campaign could use now; completes it when nothing is left to do.
    async fn look_at(
        &self,
        campaign: Campaign,
        counts: &[OpenCount],
        free: FreePlaces,
        lists: &[ListDate],
    ) -> Result<Option<Dialing>, StoreError> {
        let settings = match campaign.checked_settings() {
            Ok(settings) => settings,
            Err(error) => return self.halt(&campaign, &error.to_string()).await.map(|()| None),
        };
        if campaign.state == CampaignState::Running && settings.ends_at.is_some_and(|end| end <= self.clock.now()) {
            tracing::info!(campaign.name, "end time reached");
            return self.change(&campaign, CampaignState::Draining, Some("end time reached")).await.map(|()| None);
        }
        let own: Vec<OpenCount> = counts.iter().filter(|count| count.campaign == campaign.id).copied().collect();
        let (open, ready) = (total(&own, AttemptState::is_open), total(&own, |state| state == AttemptState::Ready));
        let today = self.clock.now().in_zone(&TimeZone::UTC).date();
        // the whole campaign waits: a permit denied lead by lead would move every one of them
        let lists_are_new = dnc::too_old(lists, &settings.countries, today).is_none();
        let waits = self.rests(&campaign, &settings, ready).await || !lists_are_new;
        let free = if self.rest(&settings).is_zero() { free.for_fast } else { free.for_slow };
        let room = if waits { 0 } else { self.room(&settings, open, ready).min(free) };
        let kinds: &[DialKind] = if campaign.state == CampaignState::Draining { &[DialKind::Callback] } else { DialKind::ALL };
        if let Some(after) = campaign.look_again_after {
            self.store.look_again(campaign.id, after, self.clock.now()).await?;
        }
        let due = if room == 0 { Vec::new() } else { self.due(&campaign, &settings, kinds, room).await? };
        if due.is_empty() && open == 0 {
            self.complete_if_done(&campaign).await?;
        }
        Ok(Some(Dialing { campaign, settings, due, open }))
    }

    /// Whether a slow campaign has dialed too short a while ago to arm the next lead.
    async fn rests(&self, campaign: &Campaign, settings: &CampaignSettings, ready: u32) -> bool {
        if ready > 0 {
            self.rests.note(campaign.id, self.clock.now());
        } else if !self.rests.knows(campaign.id) && !self.rest(settings).is_zero() {
            self.learn_last_call(campaign, settings).await;
        }
        self.rests_until(campaign.id, settings).is_some()
    }

    /// What cannot be read holds up neither the others nor this one: its next lead waits for its turn all the same.
    async fn learn_last_call(&self, campaign: &Campaign, settings: &CampaignSettings) {
        let since = self.clock.now() - turns_apart(settings.calls_per_second);
        match self.store.last_call(campaign.id, since).await {
            Ok(last) => self.rests.learn(campaign.id, last),
            Err(error) => tracing::warn!(campaign.name, %error, "the last call of a slow campaign is not known; it is asked for again"),
        }
    }

    fn rest(&self, settings: &CampaignSettings) -> Duration {
        rest(settings.calls_per_second, self.account_rate)
    }

    /// Until when a campaign arms nobody because its own pace is slow; `None` when it may now.
    #[must_use]
    pub fn rests_until(&self, campaign: CampaignId, settings: &CampaignSettings) -> Option<Timestamp> {
        self.rests.until(campaign, self.rest(settings), self.clock.now())
    }

    /// By its own lines and its own pace, with so many attempts open and so many of them waiting for their turn.
    fn room(&self, settings: &CampaignSettings, open: u32, ready: u32) -> u32 {
        let by_pace = room_ahead(settings.calls_per_second, self.account_rate, ready);
        settings.lines.saturating_sub(open).min(by_pace)
    }

    /// Only classes whose hours are open are looked at: the others cost one look at the clock each.
    async fn due(
        &self,
        campaign: &Campaign,
        settings: &CampaignSettings,
        kinds: &[DialKind],
        room: u32,
    ) -> Result<Vec<DueLead>, StoreError> {
        let now = self.clock.now();
        let mut classes = self.store.hours_classes(campaign.id).await?;
        self.rotation.go_on(campaign.id, &mut classes);
        let open: Vec<i64> = classes.iter().filter(|class| class.is_open(settings, now)).map(|class| class.id).collect();
        self.store.due_leads_in(campaign.id, &open, kinds, now, room).await
    }

    async fn arm_leads(&self, dialing: &Dialing, lines: u32, bell: &mut Bell<'_>) -> Result<(), StoreError> {
        let due = &dialing.due[..dialing.due.len().min(lines as usize)];
        for leads in due.chunks(TOGETHER) {
            if bell.is_silent() {
                return Ok(());
            }
            let orders: Vec<ArmOrder<'_>> = leads.iter().map(|lead| self.order(dialing, lead)).collect();
            let armings = match self.store.arm_all(&orders, self.clock.now()).await {
                Ok(armings) => armings,
                Err(error) if error.retry_helps() => return Err(error),
                Err(_) => self.arm_one_by_one(&orders).await?,
            };
            crash_point::pass("arm.after");
            if armings.iter().any(|arming| armed(arming).is_some()) {
                self.rests.note(dialing.campaign.id, self.clock.now());
            }
            if let Some(last) = leads.iter().rfind(|lead| lead.kind == DialKind::Fresh) {
                self.rotation.note(dialing.campaign.id, last.class);
            }
            bell.ring_all(armings.iter().filter_map(armed)).await;
        }
        Ok(())
    }

    fn order<'a>(&'a self, dialing: &'a Dialing, lead: &DueLead) -> ArmOrder<'a> {
        ArmOrder {
            lead: lead.lead,
            settings: &dialing.settings,
            agent_version: dialing.campaign.agent_version_id,
            reserve: self.reserve.of(&dialing.settings),
            timings: &self.timings,
        }
    }

    /// One lead that cannot be read must not hold up the others of its batch.
    async fn arm_one_by_one(&self, orders: &[ArmOrder<'_>]) -> Result<Vec<Arming>, StoreError> {
        let mut armings = Vec::with_capacity(orders.len());
        for order in orders {
            match self.store.arm(order, self.clock.now()).await {
                Ok(arming) => armings.push(arming),
                Err(error) if error.retry_helps() => return Err(error),
                Err(error) => tracing::error!(lead.id = %order.lead, %error, "a lead cannot be armed; the others go on"),
            }
        }
        Ok(armings)
    }

    async fn complete_if_done(&self, campaign: &Campaign) -> Result<(), StoreError> {
        if self.store.has_leads_left(campaign.id, campaign.state == CampaignState::Draining).await? {
            return Ok(());
        }
        tracing::info!(campaign.name, "campaign completed");
        self.change(campaign, CampaignState::Completed, None).await
    }

    pub(super) async fn halt(&self, campaign: &Campaign, reason: &str) -> Result<(), StoreError> {
        tracing::error!(campaign.name, reason, "campaign halted");
        self.change(campaign, CampaignState::Halted, Some(reason)).await
    }

    async fn change(&self, campaign: &Campaign, to: CampaignState, reason: Option<&str>) -> Result<(), StoreError> {
        let change = CampaignChange { from: campaign.state, to, reason, actor: "scheduler" };
        let now = self.clock.now();
        // another change that was faster is as good
        if self.store.change_campaign_state(campaign.id, change, now).await?.is_changed() {
            self.live.tell(LiveEvent::campaign(campaign.id, to.as_str(), now));
        }
        Ok(())
    }
}

impl Dialing {
    fn demand(&self) -> Demand {
        Demand { weight: self.settings.weight, wants: u32::try_from(self.due.len()).unwrap_or(u32::MAX), uses: self.open }
    }
}

/// What is armed without a ticket would wait for the sweep; without a queue nothing is armed.
async fn free_tickets(bell: &mut Bell<'_>) -> u32 {
    let free = bell.waiting().await.map_or(0, |waiting| WINDOW.saturating_sub(waiting));
    u32::try_from(free).unwrap_or(0)
}

fn armed(arming: &Arming) -> Option<(AttemptId, u32)> {
    match arming {
        Arming::Armed(attempt) => Some((*attempt, 1)),
        _ => None,
    }
}

fn total(counts: &[OpenCount], of: impl Fn(AttemptState) -> bool) -> u32 {
    let sum: i64 = counts.iter().filter(|count| of(count.state)).map(|count| count.attempts).sum();
    u32::try_from(sum).unwrap_or(u32::MAX)
}
