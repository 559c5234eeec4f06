//! Watches the campaign until nothing more happens today: a live view on a terminal, plain lines elsewhere.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::domain::attempt::AttemptState;
use crate::domain::campaign::CampaignState;
use crate::domain::ids::CampaignId;
use crate::domain::lead::LeadState;
use crate::domain::time::Timestamp;
use crate::store::campaign_status::CampaignStatus;
use crate::store::deferred::{TaskFilter, TaskState};
use crate::store::{Store, StoreError};

const LOOK: Duration = Duration::from_millis(200);
/// A lead due later than this waits for another day.
const TODAY: Duration = Duration::from_secs(3600);
/// Between two plain lines.
const LINE: Duration = Duration::from_secs(5);
/// How long summaries and scores are waited for; the report counts those that did not come.
const DEFERRED_WITHIN: Duration = Duration::from_secs(20);

/// How the watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every lead is done or waits for a later day, or the campaign stands still; its row says why.
    Done,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

/// The view.
pub struct Watch<'a> {
    store: &'a Store,
    clock: &'a SharedClock,
    campaign: CampaignId,
    screen: Option<Screen>,
    silent: bool,
}

struct Screen {
    leads: ProgressBar,
    calls: ProgressBar,
    outcomes: ProgressBar,
}

impl<'a> Watch<'a> {
    /// Takes the terminal when there is one and nobody asked for JSON.
    #[must_use]
    pub fn new(store: &'a Store, clock: &'a SharedClock, campaign: CampaignId, json: bool) -> Self {
        let screen = (!json && std::io::stderr().is_terminal()).then(Screen::open);
        Self { store, clock, campaign, screen, silent: json }
    }

    /// Until nothing more happens today and what was deferred has come back.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn until_done(&self, stop: &CancellationToken) -> Result<Ended, StoreError> {
        let mut told = tokio::time::Instant::now();
        loop {
            // the state before the counts: in a campaign that stood still then, nothing has become active since
            let state = self.store.campaign(self.campaign).await?.map(|campaign| campaign.state);
            let status = self.store.campaign_status(self.campaign).await?;
            self.show(&status, &mut told);
            if is_over(state, &status, self.clock.now()) {
                break;
            }
            tokio::select! { () = stop.cancelled() => return Ok(self.close(Ended::Interrupted)), () = tokio::time::sleep(LOOK) => {} }
        }
        self.wait_for_deferred(stop).await?;
        Ok(self.close(Ended::Done))
    }

    async fn wait_for_deferred(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let deadline = tokio::time::Instant::now() + DEFERRED_WITHIN;
        while tokio::time::Instant::now() < deadline && !stop.is_cancelled() {
            let mut open = 0;
            for state in [TaskState::Waiting, TaskState::Batched] {
                let filter = TaskFilter { state: Some(state), ..TaskFilter::default() };
                open += self.store.tasks(filter, None, 1000).await?.len();
            }
            if open == 0 {
                return Ok(());
            }
            self.say_calls(&format!("{open} summaries and scores wait for their batch"));
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    fn show(&self, status: &CampaignStatus, told: &mut tokio::time::Instant) {
        let (total, done) = (status.total(), settled(status));
        match &self.screen {
            Some(screen) => {
                screen.leads.set_length(u64::try_from(total).unwrap_or(0));
                screen.leads.set_position(u64::try_from(done).unwrap_or(0));
                screen.calls.set_message(calls(status));
                screen.outcomes.set_message(outcomes(status));
            }
            None if !self.silent && told.elapsed() >= LINE => {
                *told = tokio::time::Instant::now();
                eprintln!("{done}/{total} leads settled; {}; {}", calls(status), outcomes(status));
            }
            None => {}
        }
    }

    fn say_calls(&self, text: &str) {
        if let Some(screen) = &self.screen {
            screen.calls.set_message(text.to_owned());
        }
    }

    fn close(&self, ended: Ended) -> Ended {
        if let Some(screen) = &self.screen {
            for bar in [&screen.leads, &screen.calls, &screen.outcomes] {
                bar.finish_and_clear();
            }
        }
        ended
    }
}

impl Screen {
    fn open() -> Self {
        let all = MultiProgress::new();
        let bar =
            ProgressStyle::with_template("  leads     {wide_bar} {pos}/{len}  {elapsed}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let line = |label: &str| {
            ProgressStyle::with_template(&format!("  {label} {{wide_msg}}")).unwrap_or_else(|_| ProgressStyle::default_spinner())
        };
        let leads = all.add(ProgressBar::new(0).with_style(bar));
        let calls = all.add(ProgressBar::new_spinner().with_style(line("calls    ")));
        let outcomes = all.add(ProgressBar::new_spinner().with_style(line("outcomes ")));
        leads.enable_steady_tick(LOOK);
        Self { leads, calls, outcomes }
    }
}

/// Whether nothing more happens today: no call is under way, and none is due or the campaign begins none.
fn is_over(state: Option<CampaignState>, status: &CampaignStatus, now: Timestamp) -> bool {
    if status.in_state(LeadState::Active) > 0 {
        return false;
    }
    let is_due = status.in_state(LeadState::New) > 0 || status.next_due.is_some_and(|due| due <= now + TODAY);
    !is_due || state.is_none_or(CampaignState::stands_still)
}

/// Leads that nothing more happens to today, as far as their state tells.
fn settled(status: &CampaignStatus) -> i64 {
    status.leads.iter().filter(|(state, _)| state.is_terminal()).map(|(_, leads)| leads).sum()
}

fn calls(status: &CampaignStatus) -> String {
    let count = |state: AttemptState| status.attempts.iter().find(|(of, _)| *of == state).map_or(0, |(_, n)| *n);
    let (ringing, talking) = (count(AttemptState::Ringing) + count(AttemptState::Placed), count(AttemptState::Talking));
    format!("{} queued, {ringing} ringing, {talking} talking", count(AttemptState::Ready) + count(AttemptState::Sending))
}

fn outcomes(status: &CampaignStatus) -> String {
    let mut text = String::new();
    for (disposition, leads) in &status.dispositions {
        let comma = if text.is_empty() { "" } else { ", " };
        write!(text, "{comma}{leads} {disposition}").expect("writing to a String cannot fail");
    }
    if text.is_empty() { "none yet".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(leads: &[(LeadState, i64)], due_s: Option<i64>) -> CampaignStatus {
        let next_due = due_s.map(|due| Timestamp::from_millis(due * 1_000));
        CampaignStatus { leads: leads.to_vec(), next_due, ..CampaignStatus::default() }
    }

    #[test]
    fn it_is_over_when_nothing_is_due_today_or_nobody_is_dialed_any_more() {
        use CampaignState::{Cancelled, Completed, Draining, Halted, Paused, Running};
        let is_over = |state, status: &CampaignStatus| is_over(Some(state), status, Timestamp::from_millis(0));
        let fresh = status(&[(LeadState::New, 3), (LeadState::Finished, 1)], Some(0));
        let due = status(&[(LeadState::Waiting, 1)], Some(60));
        let tomorrow = status(&[(LeadState::Waiting, 1), (LeadState::Finished, 4)], Some(86_400));
        let live = status(&[(LeadState::Active, 1), (LeadState::New, 3)], Some(0));
        for state in [Running, Draining] {
            assert!(!is_over(state, &fresh) && !is_over(state, &due) && !is_over(state, &live), "{state}");
            assert!(is_over(state, &tomorrow) && is_over(state, &status(&[(LeadState::Finished, 5)], None)), "{state}");
        }
        for state in [Halted, Paused, Cancelled, Completed] {
            assert!(is_over(state, &fresh) && is_over(state, &due) && is_over(state, &tomorrow), "{state}");
            assert!(!is_over(state, &live), "a call of a campaign that is {state} goes on");
        }
    }
}
