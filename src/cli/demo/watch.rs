//! Watches the campaign until nothing more happens today: a live view on a terminal, plain lines elsewhere.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::domain::attempt::AttemptState;
use crate::domain::ids::CampaignId;
use crate::domain::lead::LeadState;
use crate::store::campaign_status::CampaignStatus;
use crate::store::deferred::{TaskFilter, TaskState};
use crate::store::{Store, StoreError};

const LOOK: Duration = Duration::from_millis(200);
/// A lead due later than this waits for another day.
const TODAY: Duration = Duration::from_secs(3600);
/// Between two plain lines.
const LINE: Duration = Duration::from_secs(5);
/// How long summaries and scores are waited for.
const DEFERRED_WITHIN: Duration = Duration::from_secs(20);

/// How the watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every lead is done or waits for a later day.
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

    /// Until every lead is done for today and what was deferred has come back.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn until_done(&self, stop: &CancellationToken) -> Result<Ended, StoreError> {
        let mut told = tokio::time::Instant::now();
        loop {
            let status = self.store.campaign_status(self.campaign).await?;
            self.show(&status, &mut told);
            if self.is_done(&status).await? {
                break;
            }
            tokio::select! { () = stop.cancelled() => return Ok(self.close(Ended::Interrupted)), () = tokio::time::sleep(LOOK) => {} }
        }
        self.wait_for_deferred(stop).await?;
        Ok(self.close(Ended::Done))
    }

    async fn is_done(&self, status: &CampaignStatus) -> Result<bool, StoreError> {
        if status.in_state(LeadState::Active) > 0 || status.in_state(LeadState::New) > 0 {
            return Ok(false);
        }
        let today = self.clock.now() + TODAY;
        Ok(status.next_due.is_none_or(|due| due > today))
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
