//! One trial: a deployment begins, things go wrong, everything comes to rest or does not, and the checker speaks.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};

use super::cell;
use super::checker::rows::{Rows, Suppressed};
use super::checker::truth::Truth;
use super::checker::{Evidence, Invariant, Violation, check};
use super::deployment::{Changes, Deployment};
use super::fault::{Timeline, suppress};
use super::lane::Lane;
use super::mutant::{Mutant, PATIENCE_MS};
use super::patience::Patience;
use super::plan::Plan;
use super::settings::{self, CAMPAIGNS};

const STEP: Duration = Duration::from_millis(25);
/// Between two looks whether everything is at rest.
const LOOK: Duration = Duration::from_millis(200);
/// Two people are on the list of those nobody may call before the trial begins.
const SUPPRESSED: [usize; 2] = [3, 7];

/// A lead that is due later than this has its own time.
const SOON_MS: i64 = 20_000;

/// What a trial came to.
#[derive(Debug, Default)]
pub struct Report {
    pub seed: u64,
    pub leads: usize,
    pub calls: usize,
    pub rings: usize,
    pub violations: Vec<Violation>,
    pub faults: BTreeMap<String, u64>,
    /// Which build each role's processes were of, when two played.
    pub builds: Vec<String>,
    /// What a cell should have shown and did not.
    pub unseen: Vec<String>,
    /// What its time went into.
    pub laps: Vec<(&'static str, Duration)>,
}

/// Says what the time went into.
struct Stopwatch {
    lap_begun: Instant,
    laps: Vec<(&'static str, Duration)>,
}

impl Stopwatch {
    fn begin() -> Self {
        Self { lap_begun: Instant::now(), laps: Vec::new() }
    }

    fn lap(&mut self, what: &'static str) {
        self.laps.push((what, self.lap_begun.elapsed()));
        self.lap_begun = Instant::now();
    }
}

impl Report {
    fn broken(&self, invariants: &[Invariant]) -> usize {
        self.violations.iter().filter(|violation| invariants.contains(&violation.invariant)).count()
    }

    /// People who were rung twice.
    pub fn double(&self) -> usize {
        self.broken(&[Invariant::I1, Invariant::I2])
    }

    pub fn took(&self) -> Duration {
        self.laps.iter().map(|(_, time)| *time).sum()
    }

    /// Leads that were forgotten.
    pub fn lost(&self) -> usize {
        self.broken(&[Invariant::I3, Invariant::I6])
    }
}

/// Plays one trial in `folder`.
///
/// # Errors
/// When the trial itself could not be played; that says nothing about the product.
pub async fn play(lane: &mut Lane, plan: &Plan, mutant: Option<&Mutant>, folder: &Path) -> anyhow::Result<Report> {
    let mut watch = Stopwatch::begin();
    std::fs::create_dir_all(folder)?;
    let name = lane.database().await?;
    change_database(lane, &name, mutant).await.context("a trial's database")?;
    let changes = mutant.map_or(Changes::NONE, |mutant| mutant.changes);
    let mut deployment = Deployment::start(lane, plan, folder.to_owned(), name.clone(), changes).await?;
    let mut timeline = Timeline::begin(plan)?;
    watch.lap("begin");
    let patience = mutant.map_or(plan.times.patience(), |_| plan.times.of(PATIENCE_MS));
    let rests = until_rest(lane, &mut deployment, &mut timeline, Duration::from_millis(patience), &mut watch).await?;
    let evidence = gather(lane, &deployment, &timeline).await?;
    let mut report = Report { seed: plan.seed, leads: evidence.rows.leads.len(), ..Report::default() };
    report.calls = evidence.truth.calls.len();
    report.rings = evidence.truth.calls.iter().filter(|call| call.rang).count();
    report.violations = check(&evidence);
    if !rests && report.lost() == 0 {
        // whatever the rows looked like in the end, they were not at rest in time
        let what = "the trial did not come to rest in time".to_owned();
        report.violations.push(Violation { invariant: Invariant::I3, what });
    }
    let undrained = deployment.undrained.iter().map(|role| format!("a drained {} did not end in time: {role:?}", role.verb()));
    report.violations.extend(undrained.map(|what| Violation { invariant: Invariant::I3, what }));
    if plan.cell.is_some() {
        report.unseen = cell::visible(&evidence);
        if deployment.trusted() > 0 {
            report.unseen.push("an expired certificate was trusted".to_owned());
        }
    }
    report.faults = count_faults(&deployment, &timeline, &evidence.truth);
    report.builds = deployment.lines();
    drop(deployment);
    lane.drop_database(&name).await?;
    watch.lap("end");
    report.laps = watch.laps;
    Ok(report)
}

async fn change_database(lane: &Lane, name: &str, mutant: Option<&Mutant>) -> sqlx::Result<()> {
    let mut database = lane.rows(name).await?;
    for statement in mutant.into_iter().flat_map(|mutant| mutant.sql) {
        database.execute(*statement).await?;
    }
    for lead in SUPPRESSED {
        suppress(&mut database, &settings::number(lead)).await?;
    }
    database.close().await
}

/// Whether everything came to rest in time, and stayed so for as long as a send may still be under way: somebody who woke
/// up late must not ring after the checker has looked.
async fn until_rest(
    lane: &mut Lane,
    deployment: &mut Deployment,
    timeline: &mut Timeline,
    patience: Duration,
    watch: &mut Stopwatch,
) -> anyhow::Result<bool> {
    let (patience, mut rows, mut looked, mut rests_since) = (Patience::begin(patience), None, Instant::now(), None);
    let settled = Duration::from_millis(lane.times.longest_send());
    while !patience.is_over() {
        deployment.supervise()?;
        timeline.go_on(lane, deployment).await?;
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            let rests = timeline.is_over() && deployment.is_whole() && all_at_rest(lane, deployment, &mut rows).await;
            if rests && rests_since.is_none() {
                watch.lap("calls");
            }
            rests_since = rests.then(|| rests_since.unwrap_or(looked));
            if rests_since.is_some_and(|since: Instant| since.elapsed() >= settled) {
                watch.lap("rest");
                return Ok(true);
            }
        }
        tokio::time::sleep(STEP).await;
    }
    watch.lap("stuck");
    Ok(false)
}

/// Nothing is open, nothing is due soon, and nobody is on the phone. A database that does not answer is no rest.
async fn all_at_rest(lane: &Lane, deployment: &Deployment, rows: &mut Option<PgConnection>) -> bool {
    let open = open_rows(lane, &deployment.database, rows).await;
    if open.is_err() {
        *rows = None;
    }
    open.is_ok_and(|open| open == 0) && Truth::read(&deployment.truth()).is_ok_and(|truth| truth.live() == 0)
}

/// `rows` is a connection that is kept from look to look.
async fn open_rows(lane: &Lane, name: &str, rows: &mut Option<PgConnection>) -> sqlx::Result<i64> {
    let database = match rows {
        Some(open) => open,
        None => rows.insert(lane.rows(name).await?),
    };
    let sql = "SELECT (SELECT COUNT(*) FROM lead JOIN campaign ON campaign.id = lead.campaign_id
                WHERE campaign.name <> $2 AND (lead.state IN ('new', 'active') OR (lead.state = 'waiting'
                    AND next_attempt_at < EXTRACT(EPOCH FROM clock_timestamp()) * 1000 + $1)))
            + (SELECT COUNT(*) FROM attempt WHERE state NOT IN ('ended', 'withdrawn', 'absent')) + (SELECT COUNT(*) FROM open_number)";
    sqlx::query_scalar(sql).bind(SOON_MS).bind(CAMPAIGNS[2]).fetch_one(database).await
}

async fn gather(lane: &Lane, deployment: &Deployment, timeline: &Timeline) -> anyhow::Result<Evidence> {
    // a log that is not there would say that nobody was ever called
    anyhow::ensure!(deployment.truth().is_file(), "the network's log is gone: {}", deployment.truth().display());
    let mut database = lane.rows(&deployment.database).await?;
    let mut rows = Rows::read(&mut database).await?;
    database.close().await?;
    rows.rules = CAMPAIGNS.into_iter().map(|name| settings::rules(name, lane.times)).collect();
    rows.paused.clone_from(&timeline.paused);
    // whatever became of it in the rows
    rows.suppressed.extend(SUPPRESSED.map(|lead| Suppressed { phone_number: settings::number(lead), created_at: 0 }));
    rows.suppressed.extend(timeline.opted_out.iter().cloned());
    let accepted = settings::leads(lane.leads).into_iter().flatten().map(|(id, _)| id).collect();
    let exported = export(deployment).await.context("the export")?;
    Ok(Evidence { truth: Truth::read(&deployment.truth())?, rows, accepted, exported })
}

/// External ids in the exports of all campaigns.
async fn export(deployment: &Deployment) -> anyhow::Result<Vec<String>> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut ids = Vec::new();
    for campaign in CAMPAIGNS {
        let url = format!("http://{}/v1/campaigns/{campaign}/leads.csv", deployment.api());
        let csv = http.get(url).send().await?.error_for_status()?.text().await?;
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let column = reader.headers()?.iter().position(|name| name == "external_id").context("no column external_id")?;
        for row in reader.records() {
            ids.push(row?.get(column).unwrap_or_default().to_owned());
        }
    }
    Ok(ids)
}

fn count_faults(deployment: &Deployment, timeline: &Timeline, truth: &Truth) -> BTreeMap<String, u64> {
    let mut faults = truth.faults.clone();
    for kind in &timeline.done {
        *faults.entry((*kind).to_owned()).or_default() += 1;
    }
    let (older, changed) = deployment.older();
    let counted =
        [("crash point", deployment.crashed), ("connection", deployment.struck()), ("older build", older), ("change of build", changed)];
    for (kind, count) in counted {
        if count > 0 {
            *faults.entry(kind.to_owned()).or_default() += count;
        }
    }
    faults
}
