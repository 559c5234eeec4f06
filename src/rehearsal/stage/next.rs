//! Where the clock goes next, whose time that was, and how a run ends when there is nowhere to go.

use jiff::tz::TimeZone;

use super::{Stage, TICK};
use crate::clock::Clock;
use crate::domain::campaign::CampaignState;
use crate::domain::dnc::{self, ListDate};
use crate::domain::time::Timestamp;
use crate::domain::window::Open;
use crate::rehearsal::tally::{Ending, Limit};
use crate::store::StoreError;
use crate::store::dnc::DncList;

/// Every lead may need a look to be moved out of the way; more looks in a row than that move nothing.
const PATIENCE: u64 = 10;

/// When the next lead is due, and from when on it may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Due {
    at: Timestamp,
    opens: Timestamp,
}

impl Stage {
    /// When something happens next; or how the run ended.
    pub(super) async fn next(&mut self) -> Result<Result<Timestamp, Ending>, StoreError> {
        let (now, open) = (self.clock.now(), self.agenda.under_way());
        if let Some(start) = self.order.settings.starts_at.filter(|start| *start > now && open == 0) {
            return Ok(self.go(now, start, None));
        }
        let looks = self.halted.is_none() && self.agenda.dials() == 0 && open < self.order.lines();
        let due = if looks { self.due(now).await? } else { None };
        if open == 0 && (due.is_some() || self.halted.is_some()) && self.is_spent() {
            return Ok(Err(Ending::BudgetSpent));
        }
        if open == 0
            && self.idle_rounds > 0
            && due.is_some_and(|due| due.opens <= now)
            && let Some(list) = self.too_old(now).await?
        {
            return Ok(Err(Ending::ListTooOld(list)));
        }
        let end = self.order.settings.ends_at.filter(|end| *end > now && (due.is_some() || open > 0));
        // what is due now and was not taken is looked at again when the dispatcher would
        let opens = due.map(|due| if self.idle_rounds > 0 { due.opens.max(now + TICK) } else { due.opens });
        let opens = opens.map(|opens| self.rests_until().map_or(opens, |rested| opens.max(rested)));
        match [self.agenda.next(), opens, end].into_iter().flatten().min() {
            None => Ok(self.over().await?.map_or(Ok(now), Err)),
            Some(_) if self.idle_rounds > self.outlook.leads + PATIENCE => Ok(Err(Ending::Stuck)),
            Some(next) => Ok(self.go(now, next, due)),
        }
    }

    /// Until when the dispatcher arms nobody because the campaign's own pace is slow.
    fn rests_until(&self) -> Option<Timestamp> {
        self.scheduler.rests_until(self.order.campaign.id, &self.order.settings)
    }

    /// To the next moment, unless that is beyond the longest run.
    fn go(&mut self, now: Timestamp, next: Timestamp, due: Option<Due>) -> Result<Timestamp, Ending> {
        let until = self.order.until();
        self.account(now, next.min(until), due);
        if next > until {
            return Err(Ending::TooLong);
        }
        // a jump to somebody's time is no idle round
        if next > now + TICK {
            self.idle_rounds = 0;
        }
        Ok(next.max(now))
    }

    /// What is spent leaves no room for another call, and nothing is reserved any more.
    fn is_spent(&self) -> bool {
        let spent = self.outlook.spent + self.run.bill.sum();
        let settings = &self.order.settings;
        settings.budget.is_some_and(|budget| spent + self.order.deployment.reserve.of(settings) > budget)
    }

    /// A list by which the dispatcher calls nobody any more; nobody renews it in a rehearsal.
    async fn too_old(&self, now: Timestamp) -> Result<Option<String>, StoreError> {
        let lists: Vec<ListDate> = self.store.dnc_lists().await?.iter().map(DncList::date).collect();
        let today = now.in_zone(&TimeZone::UTC).date();
        let told = |list: dnc::StaleList| format!("on {today} the list {} is as old as it may not be ({} days)", list.name, list.most_days);
        Ok(dnc::too_old(&lists, &self.order.settings.countries, today).map(told))
    }

    /// The first lead that is due and may be called then, over all classes of hours.
    async fn due(&self, now: Timestamp) -> Result<Option<Due>, StoreError> {
        let settings = &self.order.settings;
        let drains = self.order.state() == CampaignState::Draining || settings.ends_at.is_some_and(|end| end <= now);
        let first = self.store.first_due_by_class(self.order.campaign.id, drains).await?;
        let opening = |(id, due): (i64, Timestamp)| {
            let class = self.classes.iter().find(|class| class.id == id)?;
            let at = due.max(now);
            match class.open(settings, at) {
                Open::Yes => Some(Due { at, opens: at }),
                Open::Until(opens) => opens.map(|opens| Due { at, opens }),
            }
        };
        Ok(first.into_iter().filter_map(opening).min_by_key(|due| (due.opens, due.at)))
    }

    /// Nothing will happen any more: why? `None` while the campaign has just begun to drain and is looked at once more.
    async fn over(&mut self) -> Result<Option<Ending>, StoreError> {
        if let Some(why) = self.halted.take() {
            return Ok(Some(Ending::Halted(why)));
        }
        let campaign = self.store.campaign(self.order.campaign.id).await?;
        let state = campaign.as_ref().map_or(CampaignState::Cancelled, |campaign| campaign.state);
        let has_ended = self.order.settings.ends_at.is_some_and(|end| end <= self.clock.now());
        Ok(match state {
            CampaignState::Completed if has_ended => Some(Ending::EndTime),
            CampaignState::Completed => Some(Ending::Completed),
            CampaignState::Halted => Some(Ending::Halted(campaign.and_then(|campaign| campaign.state_reason).unwrap_or_default())),
            CampaignState::Draining if self.idle_rounds < 3 => None,
            _ => Some(Ending::NeverOpens),
        })
    }

    /// Where the time from `now` to `next` goes.
    fn account(&mut self, now: Timestamp, next: Timestamp, due: Option<Due>) {
        let (open, span) = (self.agenda.under_way(), next.since(now));
        let left = self.outlook.leads.saturating_sub(self.ended + u64::from(open));
        let rests = due.is_some_and(|due| due.opens <= now) && self.rests_until().is_some();
        if self.agenda.dials() > 0 || rests {
            self.run.spend(Limit::Rate, span);
        } else if open > 0 && left == 0 {
            self.run.spend(Limit::LastCalls, span);
        } else if open >= self.order.lines() {
            self.run.spend(Limit::Lines, span);
        } else {
            // nobody is due until `at`, and from then until it opens hours are in the way
            let closes = due.map_or(next, |due| due.at.max(now).min(next));
            self.run.spend(Limit::Waiting, closes.since(now));
            self.run.spend(Limit::Hours, next.since(closes));
        }
    }
}
