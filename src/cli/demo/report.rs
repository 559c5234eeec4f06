//! What the demo did, in numbers taken from the rows and from nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::outcomes::{meaning, outcome};
use crate::call::journal::{EventKind, TurnTimings};
use crate::domain::campaign::CampaignState;
use crate::domain::count::counted;
use crate::domain::ids::CampaignId;
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::mind::ledger::{Service, Tier};
use crate::store::cost::CostReport;
use crate::store::deferred::{TaskFilter, TaskState};
use crate::store::dial::CallFilter;
use crate::store::lead::{Lead, LeadFilter};
use crate::store::{Store, StoreError};

/// Rows read at once; a demo has at most 100,000 leads.
const PAGE: u32 = 1000;
/// Calls whose timings are read.
const CALLS: u32 = 200_000;

/// The report.
#[derive(Debug, Serialize)]
pub struct Report {
    campaign: Option<CampaignState>,
    /// Why the campaign is in this state, when something or somebody said so.
    reason: Option<String>,
    leads: usize,
    seconds: f64,
    states: BTreeMap<String, usize>,
    outcomes: BTreeMap<String, usize>,
    dials: usize,
    opt_outs: usize,
    callbacks: Vec<Callback>,
    reply_ms: Spread,
    greeting_ms: Spread,
    tokens_in: i64,
    tokens_cached: i64,
    tokens_out: i64,
    summaries_and_scores: usize,
    /// Those whose batch has not come back.
    summaries_and_scores_waiting: usize,
    cost_usd: Costs,
}

#[derive(Debug, Serialize)]
struct Callback {
    external_id: Option<String>,
    words: String,
    local_time: String,
    zone: String,
}

#[derive(Debug, Default, Serialize)]
struct Spread {
    count: usize,
    p50: Option<u64>,
    p95: Option<u64>,
}

#[derive(Debug, Default, Serialize)]
struct Costs {
    llm: f64,
    llm_all_expensive: f64,
    llm_batched: f64,
    speech: f64,
    telephone: f64,
    total: f64,
    baseline: f64,
}

impl Report {
    /// Reads everything.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn gather(store: &Store, campaign: CampaignId, took: Duration) -> Result<Self, StoreError> {
        let leads = all_leads(store, campaign).await?;
        let (replies, greetings) = latencies(store, campaign).await?;
        let cost = store.cost_report(Some(campaign)).await?;
        let row = store.campaign(campaign).await?;
        let llm = || cost.lines.iter().filter(|line| line.service == Service::Llm);
        Ok(Self {
            campaign: row.as_ref().map(|row| row.state),
            reason: row.and_then(|row| row.state_reason),
            leads: leads.len(),
            seconds: (took.as_secs_f64() * 10.0).round() / 10.0,
            states: count(leads.iter().map(|lead| lead.state.to_string())),
            outcomes: count(leads.iter().map(outcome)),
            dials: usize::try_from(leads.iter().map(|lead| lead.placed).sum::<i32>()).unwrap_or(0),
            opt_outs: leads.iter().filter(|lead| lead.opt_out).count(),
            callbacks: leads.iter().filter_map(callback).collect(),
            reply_ms: spread(replies),
            greeting_ms: spread(greetings),
            tokens_in: llm().map(|line| line.tokens_in).sum(),
            tokens_cached: llm().map(|line| line.tokens_cached).sum(),
            tokens_out: llm().map(|line| line.tokens_out).sum(),
            summaries_and_scores: tasks(store, &[TaskState::Done]).await?,
            summaries_and_scores_waiting: tasks(store, &[TaskState::Waiting, TaskState::Batched]).await?,
            cost_usd: costs(&cost),
        })
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out).expect("writing to a String cannot fail");
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n  {}, {}, {:.1} s\n", counted(self.leads, "lead"), counted(self.dials, "call"), self.seconds)?;
        self.write_standstill(out)?;
        for (word, leads) in &self.outcomes {
            writeln!(out, "  {word:<20} {leads:>5}   {}", meaning(word))?;
        }
        writeln!(out, "\n  opt-outs  {} (suppressed everywhere at once)", self.opt_outs)?;
        self.write_callbacks(out)?;
        writeln!(out, "  reply     {}   from the end of the callee's turn to our first sound", self.reply_ms)?;
        writeln!(out, "  greeting  {}   from the open line to our first sound", self.greeting_ms)?;
        self.write_tokens(out)?;
        self.write_costs(out)
    }

    /// Who reads that leads were not called has to read why.
    fn write_standstill(&self, out: &mut String) -> std::fmt::Result {
        match self.campaign {
            Some(state @ (CampaignState::Paused | CampaignState::Halted | CampaignState::Cancelled)) => {
                let why = self.reason.as_deref().unwrap_or("nobody new is dialed");
                writeln!(out, "  the campaign is {state}: {why}\n")
            }
            _ => Ok(()),
        }
    }

    fn write_tokens(&self, out: &mut String) -> std::fmt::Result {
        let (cached, there) = (self.tokens_cached, self.summaries_and_scores);
        write!(out, "  tokens    {} in ({cached} cached), {} out; {there} summaries and scores", self.tokens_in, self.tokens_out)?;
        match self.summaries_and_scores_waiting {
            0 => writeln!(out),
            waiting => writeln!(out, ", {waiting} more still wait for their batch"),
        }
    }

    fn write_callbacks(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "  callbacks {}", self.callbacks.len())?;
        for callback in &self.callbacks {
            let id = callback.external_id.as_deref().unwrap_or("-");
            writeln!(out, "            {id}: {} {}  (\"{}\")", callback.local_time, callback.zone, callback.words)?;
        }
        Ok(())
    }

    fn write_costs(&self, out: &mut String) -> std::fmt::Result {
        let cost = &self.cost_usd;
        let expensive = cost.llm_all_expensive;
        if expensive > 0.0 {
            let saved = 100.0 * (1.0 - cost.llm / expensive);
            writeln!(out, "  models    ${:.4}, {saved:.0} % below everything on the expensive model (${expensive:.4})", cost.llm)?;
        }
        let (llm, speech, telephone) = (cost.llm, cost.speech, cost.telephone);
        writeln!(out, "  cost      ${:.4} in all: models ${llm:.4}, speech ${speech:.4}, telephone ${telephone:.4}", cost.total)
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.p50, self.p95) {
            (Some(p50), Some(p95)) => write!(f, "p50 {}, p95 {} ({})", ms(p50), ms(p95), self.count),
            _ => f.write_str("not measured"),
        }
    }
}

/// Whole milliseconds were counted, so none of them is less than one.
fn ms(ms: u64) -> String {
    if ms == 0 { "under 1 ms".to_owned() } else { format!("{ms} ms") }
}

async fn all_leads(store: &Store, campaign: CampaignId) -> Result<Vec<Lead>, StoreError> {
    let (filter, mut leads) = (LeadFilter { campaign: Some(campaign), ..LeadFilter::default() }, Vec::new());
    loop {
        let page = store.leads(&filter, leads.last().map(|lead: &Lead| lead.id), PAGE).await?;
        let last = page.len() < PAGE as usize;
        leads.extend(page);
        if last {
            return Ok(leads);
        }
    }
}

/// How many summaries and scores are in one of these states.
async fn tasks(store: &Store, states: &[TaskState]) -> Result<usize, StoreError> {
    let mut count = 0;
    for state in states {
        let filter = TaskFilter { state: Some(*state), ..TaskFilter::default() };
        count += store.tasks(filter, None, u32::MAX >> 1).await?.len();
    }
    Ok(count)
}

/// Milliseconds of every reply and every greeting.
async fn latencies(store: &Store, campaign: CampaignId) -> Result<(Vec<u64>, Vec<u64>), StoreError> {
    let (mut replies, mut greetings) = (Vec::new(), Vec::new());
    let filter = CallFilter { campaign: Some(campaign), ..CallFilter::default() };
    for attempt in store.attempts(filter, CALLS).await?.iter().filter(|attempt| attempt.held_by.is_some()) {
        for stored in store.call_events(attempt.id).await? {
            match stored.event.kind {
                EventKind::FirstAudio => greetings.push(stored.event.offset_ms),
                EventKind::Timings => {
                    let timings: Option<TurnTimings> = serde_json::from_str(&stored.event.body).ok();
                    replies.extend(timings.and_then(|timings| timings.reply_ms()));
                }
                _ => {}
            }
        }
    }
    Ok((replies, greetings))
}

fn count(words: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

fn callback(lead: &Lead) -> Option<Callback> {
    let zone = lead.callback_zone.clone()?;
    Some(Callback {
        external_id: lead.external_id.clone(),
        words: lead.callback_words.clone().unwrap_or_default(),
        local_time: local(lead.callback_at?, &zone),
        zone,
    })
}

fn local(at: Timestamp, zone: &str) -> String {
    let clock = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.in_zone(&clock).strftime("%a %d %b %H:%M").to_string()
}

fn spread(mut values: Vec<u64>) -> Spread {
    values.sort_unstable();
    let at = |share: usize| values.get((values.len() * share / 100).min(values.len().saturating_sub(1))).copied();
    Spread { count: values.len(), p50: at(50), p95: at(95) }
}

fn costs(report: &CostReport) -> Costs {
    let sum = |of: &dyn Fn(&crate::store::cost::CostLine) -> Option<NanoUsd>| report.lines.iter().filter_map(of).sum::<NanoUsd>().as_usd();
    Costs {
        llm: sum(&|line| (line.service == Service::Llm).then_some(line.cost)),
        llm_all_expensive: sum(&|line| (line.service == Service::Llm).then_some(line.baseline)),
        llm_batched: sum(&|line| (line.service == Service::Llm && line.tier == Tier::Batch).then_some(line.cost)),
        speech: sum(&|line| matches!(line.service, Service::Stt | Service::Tts).then_some(line.cost)),
        telephone: sum(&|line| (line.service == Service::Telephony).then_some(line.cost)),
        total: report.cost.as_usd(),
        baseline: report.baseline.as_usd(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::campaign::CampaignChange;
    use crate::store::contract::fixtures::{at, attempt, campaign, lead};
    use crate::store::contract::support::with_sqlite;
    use crate::store::deferred::{NewTask, TaskKind};

    #[tokio::test]
    async fn it_says_why_the_campaign_stands_still_and_what_has_not_come_back() {
        with_sqlite(async |store| {
            let id = campaign(&store, "demo").await;
            let call = attempt(&store, id, lead(&store, id, 1).await).await;
            let task = |kind| NewTask { kind, attempt: call, campaign: id, model: "a", prompt_version: None, request: "{}", due_at: at(9) };
            store.defer_tasks(&[task(TaskKind::Summary), task(TaskKind::Score)], at(0)).await.unwrap();
            store.open_batch("a", 1, at(1)).await.unwrap().unwrap();
            let report = async || Report::gather(&store, id, Duration::from_secs(1)).await.unwrap();
            let before = report().await;
            assert_eq!(
                (before.campaign, before.summaries_and_scores, before.summaries_and_scores_waiting),
                (Some(CampaignState::Draft), 0, 2)
            );
            assert!(
                before.text().contains("0 summaries and scores, 2 more still wait for their batch")
                    && !before.text().contains("the campaign is")
            );

            for (from, to, reason) in [
                (CampaignState::Draft, CampaignState::Running, None),
                (CampaignState::Running, CampaignState::Halted, Some("budget: spent")),
            ] {
                let _ = store.change_campaign_state(id, CampaignChange { from, to, reason, actor: "test" }, at(2)).await.unwrap();
            }
            let halted = serde_json::to_value(report().await).unwrap();
            assert_eq!((&halted["campaign"], &halted["reason"]), (&"halted".into(), &"budget: spent".into()));
            assert!(report().await.text().contains("the campaign is halted: budget: spent"));
        })
        .await;
    }
}
