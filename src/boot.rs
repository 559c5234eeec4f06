//! Puts the parts together. The only place that reads the configuration and that knows embedded from fleet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use callfleet_jobs::backend::memory::MemoryQueue;
use callfleet_jobs::backend::redis::{RedisQueue, RedisSettings, WINDOW};
use callfleet_jobs::envelope::seal;
use callfleet_jobs::kinds::{CollectBatch, DialLead, GatherBatch};
use callfleet_jobs::pace::{LocalPacer, Pacer, RedisPacer};
use callfleet_jobs::table::{self, TableSettings};
use callfleet_jobs::{Envelope, JobQueue, Runner};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::call::hold::Senses;
use crate::call::ledger::Vendors;
use crate::clock::{SharedClock, SystemClock};
use crate::clock_watch::ClockWatch;
use crate::config::{Alarms, Config, Mode};
use crate::deferred::{Deferred, DeferredSettings};
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::DialTimings;
use crate::domain::ids::WorkerId;
use crate::domain::money::NanoUsd;
use crate::live::{Live, WireSettings};
use crate::mind::tokens;
use crate::providers::BatchDesk;
use crate::providers::deepgram::{Deepgram, DeepgramSettings};
use crate::providers::openai::{OpenAi, OpenAiSettings};
use crate::providers::twilio::path_mac::PathKey;
use crate::providers::twilio::signature::SignatureKeys;
use crate::providers::twilio::{Twilio, TwilioSettings};
use crate::public::PublicSide;
use crate::scheduler::alarm::AgeLimits;
use crate::scheduler::{Scheduler, SchedulerTimings};
use crate::store::job::NewJob;
use crate::store::{Store, Target};
use crate::web::hooks::Hooks;
use crate::web::line::Line;
use crate::web::{self, public_routes};
use crate::work::agents::Agents;
use crate::work::campaigns::Campaigns;
use crate::work::defer::{BatchWork, Deferrer};
use crate::work::dial_lead::DialDesk;
use crate::work::finish_call::Finisher;
use crate::work::heartbeat::{self, Heartbeat, HeldCalls};
use crate::work::hold_call::HoldDesk;
use crate::work::local_journal::{LeftBehind, LocalJournal};
use crate::work::table::{StoreRows, TableWork};

/// A dial that takes longer than this (pacing, claim, POST) is cut off; its row tells what has to be reconciled.
const LONGEST_DIAL: Duration = Duration::from_secs(120);
/// Between two looks at the job table.
const TABLE_POLL: Duration = Duration::from_millis(200);
/// A table job that takes longer is given up and tried again.
const LONGEST_JOB: Duration = Duration::from_secs(120);
/// Table jobs at the same time.
const TABLE_WIDTH: u32 = 16;
/// One unit of work in the database for a duty, a dial, a callback: far longer than any takes, short enough that a lost server
/// holds nothing up for long.
const STEP: Duration = Duration::from_secs(10);
/// Between two tries to write what dead workers left behind.
const TAKE_OVER_AGAIN: Duration = Duration::from_secs(1);
/// Streams beyond the lines: such as turn out to be nobody's.
const SPARE_SOCKETS: usize = 64;
/// Sockets that have not said yet which stream they carry.
const OPENING_SOCKETS: usize = 8_192;

/// Everything a role needs, opened once per process.
#[derive(Clone)]
pub struct App {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// The configuration as it was read.
    pub config: Arc<Config>,
    /// This process.
    pub id: WorkerId,
    /// The services calls are made and held with.
    pub senses: Senses,
    /// Who speaks.
    pub agents: Agents,
    /// Those who look on.
    pub live: Live,
    /// This machine's time against the database's.
    pub clocks: ClockWatch,
    /// Whether this process works or stands by: a scheduler without the lease.
    pub active: Arc<AtomicBool>,
    /// The same rows, for whoever has others waiting: a duty, a dial, a callback.
    steps: Store,
    queue: JobQueue<DialLead>,
    pacer: Arc<dyn Pacer>,
    desk: Arc<dyn BatchDesk>,
    public: PublicSide,
    keys: Arc<SignatureKeys>,
    timings: DialTimings,
    provider_tasks: TaskTracker,
}

/// How a worker that stops treats the calls it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drain {
    /// Waits for them to end by themselves, as long as a call may take.
    Wait,
    /// Ends them politely at once.
    EndCalls,
}

impl App {
    /// Opens the store, the queue and the clients.
    ///
    /// # Errors
    /// What cannot be opened, and what to do about it.
    pub async fn open(config: Config, clock: SharedClock) -> anyhow::Result<Self> {
        config.require_providers()?;
        let store = open_store(&config).await?;
        store.migrate_or_require(&config).await?;
        let (queue, pacer) = open_queue(&config).await?;
        let provider_tasks = TaskTracker::new();
        let clients = Clients::open(&config, &provider_tasks)?;
        let senses = Senses {
            ears: Arc::clone(&clients.deepgram) as _,
            mouth: Arc::clone(&clients.deepgram) as _,
            mind: Arc::clone(&clients.openai) as _,
            telephony: Arc::clone(&clients.twilio) as _,
        };
        let (token, previous) = (config.twilio.auth_token.clone(), config.twilio.previous_auth_token.clone());
        let public = PublicSide::new(&config.public_url, PathKey::new(token.clone()).accepting(previous.clone()));
        let shared = vec![config.twilio.webhook_shared_key.clone(), config.twilio.previous_webhook_shared_key.clone()];
        let keys = SignatureKeys::new(vec![token, previous]).with_shared(shared);
        Ok(Self {
            agents: Agents::new(store.within(STEP), Arc::clone(&senses.mouth)),
            timings: config.dialing.timings(),
            desk: clients.openai,
            live: open_live(&config, &provider_tasks),
            clocks: ClockWatch::new(store.within(heartbeat::PATIENCE), Arc::new(SystemClock)),
            steps: store.within(STEP),
            id: WorkerId::new(),
            active: Arc::new(AtomicBool::new(false)),
            config: Arc::new(config),
            keys: Arc::new(keys),
            store,
            clock,
            senses,
            queue,
            pacer,
            public,
            provider_tasks,
        })
    }

    /// Decides who is called when, until `stop` fires.
    pub async fn scheduler(self, stop: CancellationToken) {
        self.standing_jobs().await;
        let dialing = &self.config.dialing;
        let every = SchedulerTimings {
            tick: Duration::from_millis(dialing.tick_ms),
            reconcile: Duration::from_millis(dialing.reconcile_every_ms),
            poll: Duration::from_millis(dialing.poll_after_ms.div_ceil(4).clamp(250, 5_000)),
            lease: Duration::from_millis(dialing.scheduler_lease_ms),
        };
        let scheduler = Scheduler {
            store: self.steps.clone(),
            clock: Arc::clone(&self.clock),
            queue: self.queue.clone(),
            telephony: Arc::clone(&self.senses.telephony),
            id: self.id,
            timings: self.timings,
            every,
            reserve: NanoUsd::from_usd(dialing.reserve_usd),
            account_rate: self.config.twilio.calls_per_second,
            live: self.live.clone(),
            clocks: self.clocks.clone(),
            age_limits: age_limits(&self.config.alarms),
            active: Arc::clone(&self.active),
        };
        scheduler.run(stop).await;
    }

    /// Places calls, holds them, and works the job table. Returns once every call it held has ended.
    ///
    /// # Errors
    /// When the worker cannot be registered.
    pub async fn worker(self, listener: TcpListener, stop: CancellationToken, drain: Drain) -> anyhow::Result<()> {
        // the token vocabulary takes a quarter of a second to load: not in the first call
        tokio::task::spawn_blocking(tokens::preload);
        let (local, left) = LocalJournal::open(&self.config.data, self.id).with_context(|| {
            format!("the local journal in {} cannot be opened; give a folder that can be written as `data`", self.config.data.display())
        })?;
        let crew = Crew::new(&self, local);
        crew.heartbeat.register().await.context("the worker cannot be registered")?;
        let (beating, serving, mut duties) = (CancellationToken::new(), CancellationToken::new(), JoinSet::new());
        let heart = tokio::spawn(crew.heartbeat.clone().run(beating.clone()));
        let routes = public_routes(self.hooks(), Some(self.line(&crew)));
        let server = tokio::spawn(web::serve(listener, routes, serving.clone()));
        duties.spawn(self.queue.clone().work(Runner { timeout: LONGEST_DIAL }, crew.dialer, self.dial_slots(), stop.clone()));
        let lease = Duration::from_millis(self.config.worker.job_lease_ms);
        let jobs = TableSettings { poll: TABLE_POLL, lease, longest: LONGEST_JOB, width: TABLE_WIDTH };
        duties.spawn(table::work(crew.rows, crew.table, jobs, stop.clone()));
        duties.spawn(take_over(self.store.clone(), left, stop.clone()));
        self.active.store(true, Ordering::Relaxed);
        stop.cancelled().await;
        crew.heartbeat.drain().await;
        if drain == Drain::EndCalls {
            crew.end_calls.cancel();
        }
        while duties.join_next().await.is_some() {}
        crew.calls.close();
        crew.calls.wait().await;
        beating.cancel();
        serving.cancel();
        let _ = tokio::join!(heart, server);
        crew.heartbeat.stopped().await;
        Ok(())
    }

    /// Serves callbacks where no worker does (the fleet's `web` role).
    pub async fn callbacks(self, listener: TcpListener, stop: CancellationToken) {
        web::serve(listener, public_routes(self.hooks(), None), stop).await;
    }

    /// Everything in one process: the embedded mode. `api` is served on `listeners.api`. Leaves open what [`App::close`] closes.
    ///
    /// # Errors
    /// When a role cannot start.
    pub async fn everything(self, listeners: Listeners, api: Router, stop: CancellationToken, drain: Drain) -> anyhow::Result<()> {
        let serving = CancellationToken::new();
        let server = tokio::spawn(web::serve(listeners.api, api, serving.clone()));
        let scheduler = tokio::spawn(self.clone().scheduler(stop.clone()));
        let worked = self.clone().worker(listeners.public, stop.clone(), drain).await;
        stop.cancel();
        let _ = scheduler.await;
        self.live.end();
        serving.cancel();
        let _ = server.await;
        worked
    }

    /// Closes what is open, after every role has ended.
    pub async fn close(&self) {
        self.live.end();
        self.provider_tasks.close();
        self.provider_tasks.wait().await;
        self.store.close().await;
    }

    /// Jobs that are never done; enqueuing them again changes nothing.
    async fn standing_jobs(&self) {
        let now = self.clock.now();
        let jobs = [(GatherBatch::KIND, seal(&GatherBatch {})), (CollectBatch::KIND, seal(&CollectBatch {}))];
        for (kind, payload) in jobs {
            let payload = payload.expect("ids are always writable as JSON");
            let job = NewJob { kind, key: "standing", payload: &payload, run_at: now, max_attempts: u32::from(u16::MAX) };
            if let Err(error) = self.store.enqueue_job(job, now).await {
                tracing::warn!(kind, %error, "a standing job was not enqueued; the next start does it");
            }
        }
    }

    fn hooks(&self) -> Hooks {
        Hooks {
            store: self.steps.clone(),
            clock: Arc::clone(&self.clock),
            public: self.public.clone(),
            keys: Arc::clone(&self.keys),
            timings: self.timings,
            live: self.live.clone(),
        }
    }

    fn line(&self, crew: &Crew) -> Line {
        let sockets = Semaphore::new(self.config.worker.lines as usize + SPARE_SOCKETS);
        Line {
            desk: Arc::clone(&crew.holder) as _,
            keys: Arc::clone(&self.keys),
            media_url: self.public.media_url(),
            opening: Arc::new(Semaphore::new(OPENING_SOCKETS)),
            sockets: Arc::new(sockets),
        }
    }

    /// Dials at the same time: enough that connecting and claiming never hold the pace up.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is checked to lie between 0 and 1000")]
    fn dial_slots(&self) -> Arc<Semaphore> {
        let by_rate = (self.config.twilio.calls_per_second * 4.0).ceil() as usize;
        Arc::new(Semaphore::new(by_rate.clamp(2, 64).min(self.config.worker.lines as usize)))
    }
}

/// The two listeners of the embedded mode.
#[derive(Debug)]
pub struct Listeners {
    /// API, loopback.
    pub api: TcpListener,
    /// Callbacks and media.
    pub public: TcpListener,
}

impl Listeners {
    /// Takes both addresses.
    ///
    /// # Errors
    /// Which one is in use, and which key sets another.
    pub async fn bind(config: &Config) -> Result<Self, web::ListenError> {
        Ok(Self {
            api: web::listen(config.web.listen, "web.listen").await?,
            public: web::listen(config.hooks.listen, "hooks.listen").await?,
        })
    }
}

fn age_limits(alarms: &Alarms) -> AgeLimits {
    use AttemptState::{Placed, Ready, Refused, Ringing, Sending, Talking, Unknown};
    let limits = [
        (Ready, alarms.ready_s),
        (Sending, alarms.sending_s),
        (Unknown, alarms.unknown_s),
        (Placed, alarms.placed_s),
        (Ringing, alarms.ringing_s),
        (Talking, alarms.talking_s),
        (Refused, alarms.refused_s),
    ];
    AgeLimits::new(limits.map(|(state, seconds)| (state, Duration::from_secs(seconds))))
}

struct Clients {
    twilio: Arc<Twilio>,
    deepgram: Arc<Deepgram>,
    openai: Arc<OpenAi>,
}

impl Clients {
    fn open(config: &Config, tasks: &TaskTracker) -> anyhow::Result<Self> {
        let deepgram = DeepgramSettings::new(&config.deepgram.base_url, config.deepgram.api_key.clone());
        let openai = OpenAiSettings::new(&config.openai.base_url, config.openai.api_key.clone());
        Ok(Self {
            twilio: Arc::new(Twilio::new(twilio_settings(config))?),
            deepgram: Arc::new(Deepgram::new(deepgram, tasks.clone())?),
            openai: Arc::new(OpenAi::new(openai, tasks.clone())?),
        })
    }
}

/// As whom the telephone provider is asked.
#[must_use]
pub fn twilio_settings(config: &Config) -> TwilioSettings {
    let twilio = &config.twilio;
    let has_key = !twilio.api_key_sid.is_empty();
    let secret: SecretString = if has_key { twilio.api_key_secret.clone() } else { twilio.auth_token.clone() };
    let mut settings = TwilioSettings::new(&twilio.base_url, &twilio.account_sid, secret);
    settings.api_key_sid = has_key.then(|| twilio.api_key_sid.clone());
    settings.dial_timeout = Duration::from_millis(config.dialing.post_timeout_ms);
    settings
}

/// A worker's people.
struct Crew {
    heartbeat: Heartbeat,
    holder: Arc<HoldDesk>,
    dialer: Arc<DialDesk>,
    rows: Arc<StoreRows>,
    table: Arc<TableWork>,
    end_calls: CancellationToken,
    calls: TaskTracker,
}

impl Crew {
    fn new(app: &App, local: LocalJournal) -> Self {
        let (held, end_calls, calls) = (HeldCalls::default(), CancellationToken::new(), TaskTracker::new());
        let due = Duration::from_millis(app.config.deferred.due_ms);
        let deferrer = Deferrer { store: app.steps.clone(), clock: Arc::clone(&app.clock), agents: app.agents.clone(), due };
        let campaigns = Campaigns::new(app.steps.clone());
        let finisher = Finisher {
            store: app.steps.clone(),
            clock: Arc::clone(&app.clock),
            timings: app.timings,
            live: app.live.clone(),
            campaigns: campaigns.clone(),
            deferrer,
        };
        let holder = HoldDesk {
            store: app.steps.clone(),
            clock: Arc::clone(&app.clock),
            senses: app.senses.clone(),
            vendors: Vendors { ears: "deepgram", mouth: "deepgram", mind: "openai" },
            agents: app.agents.clone(),
            worker: app.id,
            timings: app.timings,
            held: held.clone(),
            live: app.live.clone(),
            local,
            finisher: finisher.clone(),
            end_calls: end_calls.clone(),
            tasks: calls.clone(),
        };
        let table = TableWork { finisher, batches: batches(app), telephony: Arc::clone(&app.senses.telephony) };
        Self {
            heartbeat: Heartbeat {
                store: app.steps.clone(),
                clock: Arc::clone(&app.clock),
                id: app.id,
                lines: app.config.worker.lines,
                held,
                clocks: app.clocks.clone(),
            },
            holder: Arc::new(holder),
            dialer: Arc::new(dialer(app, campaigns)),
            rows: Arc::new(StoreRows { store: app.steps.clone(), clock: Arc::clone(&app.clock) }),
            table: Arc::new(table),
            end_calls,
            calls,
        }
    }
}

/// Writes what dead workers left on this disk, as soon as the database takes it.
async fn take_over(store: Store, left: Vec<LeftBehind>, stop: CancellationToken) {
    for file in left {
        while let Err(error) = file.write(&store).await {
            tracing::warn!(%error, "a dead worker's journal is not written yet; trying again");
            tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(TAKE_OVER_AGAIN) => {} }
        }
    }
}

fn dialer(app: &App, campaigns: Campaigns) -> DialDesk {
    DialDesk {
        store: app.steps.clone(),
        clock: Arc::clone(&app.clock),
        pacer: Arc::clone(&app.pacer),
        telephony: Arc::clone(&app.senses.telephony),
        agents: app.agents.clone(),
        campaigns,
        live: app.live.clone(),
        clocks: app.clocks.clone(),
        worker: app.id,
        timings: app.timings,
        account_rate: app.config.twilio.calls_per_second,
        reserve: NanoUsd::from_usd(app.config.dialing.reserve_usd),
        public: app.public.clone(),
    }
}

fn batches(app: &App) -> BatchWork {
    let deferred = &app.config.deferred;
    let settings = DeferredSettings {
        enough: deferred.batch_size,
        max_age: Duration::from_millis(deferred.batch_age_ms),
        ..DeferredSettings::default()
    };
    let work = Deferred {
        rows: Arc::new(app.store.clone()),
        desk: Some(Arc::clone(&app.desk)),
        mind: Arc::clone(&app.senses.mind),
        provider: "openai",
        clock: Arc::clone(&app.clock),
        settings,
    };
    BatchWork { deferred: work, every: Duration::from_millis(deferred.poll_ms) }
}

/// The store alone, for verbs that need nothing else.
///
/// # Errors
/// The database cannot be opened.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let target = match config.mode {
        Mode::Embedded => Target::Sqlite { folder: config.data.clone() },
        Mode::Fleet => {
            config.require_fleet()?;
            Target::Postgres { url: config.postgres.url.clone(), max_connections: config.postgres.max_connections }
        }
    };
    Ok(Store::open(target).await?)
}

impl Store {
    /// An embedded database belongs to this process and is brought up to date; a fleet's is migrated by its own step.
    ///
    /// # Errors
    /// The schema is newer than this binary, or behind in a fleet.
    pub async fn migrate_or_require(&self, config: &Config) -> anyhow::Result<()> {
        match config.mode {
            Mode::Embedded => Ok(self.migrate().await?),
            Mode::Fleet => Ok(self.require_current_schema().await?),
        }
    }
}

fn open_live(config: &Config, tasks: &TaskTracker) -> Live {
    match config.mode {
        Mode::Embedded => Live::within(),
        Mode::Fleet => Live::across(live_wire(config), tasks.clone()),
    }
}

/// Where a fleet's processes tell each other what happens.
#[must_use]
pub fn live_wire(config: &Config) -> WireSettings {
    WireSettings { url: config.redis.url.expose_secret().to_owned(), prefix: config.redis.prefix.clone() }
}

async fn open_queue(config: &Config) -> anyhow::Result<(JobQueue<DialLead>, Arc<dyn Pacer>)> {
    match config.mode {
        Mode::Embedded => Ok((JobQueue::Memory(MemoryQueue::new(WINDOW)), Arc::new(LocalPacer::default()))),
        Mode::Fleet => {
            let settings = RedisSettings { url: config.redis.url.expose_secret().to_owned(), prefix: config.redis.prefix.clone() };
            let queue = RedisQueue::connect(settings.clone()).await.context("redis.url")?;
            Ok((JobQueue::Redis(queue), Arc::new(RedisPacer::connect(&settings).await?)))
        }
    }
}
