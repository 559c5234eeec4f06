//! Carrying out what a plan says, at its time; everything that begins also ends.

use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::checker::rows::{Paused, Suppressed};
use super::deployment::Deployment;
use super::lane::Lane;
use super::plan::{Fault, Plan};
use super::settings::{self, CAMPAIGNS};

/// An operator's request that failed is made again after this.
const AGAIN: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Copy)]
enum Act {
    Begin(Fault),
    End(Fault),
}

/// What is still to happen.
pub struct Timeline {
    acts: Vec<(Instant, Act)>,
    pub paused: Vec<Paused>,
    pub opted_out: Vec<Suppressed>,
    /// What happened, for the summary.
    pub done: Vec<&'static str>,
    http: reqwest::Client,
}

impl Timeline {
    pub fn begin(plan: &Plan) -> anyhow::Result<Self> {
        let now = Instant::now();
        let acts = plan.faults.iter().map(|(at, fault)| (now + *at, Act::Begin(*fault))).collect();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
        Ok(Self { acts, paused: Vec::new(), opted_out: Vec::new(), done: Vec::new(), http })
    }

    pub fn is_over(&self) -> bool {
        self.acts.is_empty()
    }

    /// Does whatever is due.
    pub async fn go_on(&mut self, lane: &mut Lane, deployment: &mut Deployment) -> anyhow::Result<()> {
        let now = Instant::now();
        let due: Vec<Act> = self.acts.extract_if(.., |(at, _)| *at <= now).map(|(_, act)| act).collect();
        for act in due {
            match act {
                Act::Begin(fault) => self.start(fault, lane, deployment).await?,
                Act::End(fault) => self.end(fault, lane, deployment).await?,
            }
        }
        Ok(())
    }

    fn later(&mut self, after: Duration, act: Act) {
        self.acts.push((Instant::now() + after, act));
    }

    async fn start(&mut self, fault: Fault, lane: &mut Lane, deployment: &mut Deployment) -> anyhow::Result<()> {
        let ms = Duration::from_millis;
        match fault {
            Fault::Kill(role) => deployment.kill(role),
            Fault::Stop { role, ms: time } => deployment.stop(role, ms(time)),
            Fault::Drain(role) => {
                // one that is being started is asked when it runs
                if !deployment.drain(role) {
                    self.later(AGAIN, Act::Begin(fault));
                    return Ok(());
                }
            }
            Fault::BlackHole { net, ms: time } => {
                deployment.black_hole(net, true);
                self.later(ms(time), Act::End(fault));
            }
            Fault::Heal => deployment.heal()?,
            Fault::FlushRedis => _ = lane.flush_redis().await,
            Fault::KillRedis { away_ms } => {
                lane.redis.kill();
                self.later(ms(away_ms), Act::End(fault));
            }
            Fault::KillPostgres { away_ms } => {
                lane.postgres.kill();
                self.later(ms(away_ms), Act::End(fault));
            }
            Fault::Pause { campaign, ms: time } => return self.pause(fault, campaign, ms(time), deployment).await,
            Fault::OptOut { lead } => return self.opt_out(fault, lead, lane, deployment).await,
        }
        self.done.push(fault.kind());
        Ok(())
    }

    async fn end(&mut self, fault: Fault, lane: &mut Lane, deployment: &Deployment) -> anyhow::Result<()> {
        match fault {
            Fault::BlackHole { net, .. } => deployment.black_hole(net, false),
            Fault::KillRedis { .. } => lane.redis.up()?,
            Fault::KillPostgres { .. } => {
                lane.postgres.up()?;
                if !lane.postgres.answers() {
                    self.later(AGAIN, Act::End(fault));
                }
            }
            Fault::Pause { campaign, .. } => {
                // from the first request on it may run again, whatever became of the answer
                let now = wall_clock();
                self.paused.iter_mut().for_each(|span| span.until_ms = span.until_ms.min(now));
                // a campaign that was completed meanwhile cannot be resumed, which is as good
                if self.ask(campaign, "resume", deployment).await.is_err() {
                    self.later(AGAIN, Act::End(fault));
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn pause(&mut self, fault: Fault, campaign: usize, time: Duration, deployment: &Deployment) -> anyhow::Result<()> {
        match self.ask(campaign, "pause", deployment).await {
            Ok(true) => {
                self.paused.push(Paused { campaign: CAMPAIGNS[campaign].to_owned(), from_ms: wall_clock(), until_ms: i64::MAX });
                self.done.push(fault.kind());
                self.later(time, Act::End(fault));
            }
            // it is completed already
            Ok(false) => {}
            // perhaps it was paused all the same: then asking again says so
            Err(_) => self.later(AGAIN, Act::Begin(fault)),
        }
        Ok(())
    }

    /// Whether the campaign took the step; an error when nobody answered.
    async fn ask(&self, campaign: usize, step: &str, deployment: &Deployment) -> reqwest::Result<bool> {
        let url = format!("http://{}/v1/campaigns/{}/{step}", deployment.api(), CAMPAIGNS[campaign]);
        let answer = self.http.post(url).send().await?;
        if answer.status().is_server_error() {
            answer.error_for_status_ref()?;
        }
        Ok(answer.status().is_success())
    }

    /// A complaint by another way: the number may not be called any more.
    async fn opt_out(&mut self, fault: Fault, lead: usize, lane: &Lane, deployment: &Deployment) -> anyhow::Result<()> {
        let Ok(mut database) = lane.rows(&deployment.database).await else {
            self.later(AGAIN, Act::Begin(fault));
            return Ok(());
        };
        let phone_number = settings::number(lead);
        suppress(&mut database, &phone_number).await.context("an opt-out")?;
        self.opted_out.push(Suppressed { phone_number, created_at: wall_clock() });
        self.done.push(fault.kind());
        Ok(database.close().await?)
    }
}

/// Puts a number on the list of those nobody may call.
pub async fn suppress(database: &mut PgConnection, number: &str) -> sqlx::Result<()> {
    let sql = "INSERT INTO suppression (phone_number, source, created_at)
               VALUES ($1, 'opt_out', CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)) ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(number).execute(database).await.map(drop)
}

fn wall_clock() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
