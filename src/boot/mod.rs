//! Puts the parts together. The only place that reads the configuration and that knows embedded from fleet.

mod backends;
mod clients;
mod crew;
mod listeners;
mod prices;
mod providers;
mod roles;
mod unopened;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use callfleet_jobs::JobQueue;
use callfleet_jobs::kinds::DialLead;
use callfleet_jobs::pace::Pacer;
use tokio_util::task::TaskTracker;

use crate::call::hold::Senses;
use crate::clock::{SharedClock, SystemClock};
use crate::config::Config;
use crate::domain::dialing::DialTimings;
use crate::domain::ids::WorkerId;
use crate::live::Live;
use crate::lookout::Lookout;
use crate::providers::twilio::path_mac::PathKey;
use crate::providers::twilio::signature::SignatureKeys;
use crate::providers::{BatchDesk, Mouths};
use crate::public::PublicSide;
use crate::store::Store;
use crate::work::agents::Agents;
use crate::work::heartbeat;

use clients::Clients;

pub use backends::{live_wire, open_store};
pub use clients::twilio_settings;
pub use listeners::Listeners;
pub use prices::{reserve, take_prices};
pub use roles::Drain;
pub use unopened::Unopened;

/// One unit of work in the database for a duty, a dial, a callback: far longer than any takes, short enough that a lost server
/// holds nothing up for long.
const STEP: Duration = Duration::from_secs(10);

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
    /// Whether this machine's time can be trusted, and its queue answers.
    pub lookout: Lookout,
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

impl App {
    /// Opens the store, the queue and the clients.
    ///
    /// # Errors
    /// What cannot be opened, and what to do about it.
    pub async fn open(config: Config, clock: SharedClock) -> anyhow::Result<Self> {
        config.require_providers()?;
        let store = open_store(&config).await?;
        store.migrate_or_require(&config).await?;
        let (queue, pacer) = backends::open_queue(&config).await?;
        let provider_tasks = TaskTracker::new();
        let clients = Clients::open(&config, &provider_tasks)?;
        let senses = Senses {
            ears: Arc::clone(&clients.deepgram) as _,
            mouth: Arc::new(Mouths { deepgram: Arc::clone(&clients.deepgram) as _, openai: Arc::clone(&clients.openai) as _ }),
            mind: Arc::clone(&clients.openai) as _,
            telephony: Arc::clone(&clients.twilio) as _,
        };
        let (token, previous) = (config.twilio.auth_token.clone(), config.twilio.previous_auth_token.clone());
        let public = PublicSide::new(&config.public_url, PathKey::new(token.clone()).accepting(previous.clone()));
        let shared = vec![config.twilio.webhook_shared_key.clone(), config.twilio.previous_webhook_shared_key.clone()];
        let id = WorkerId::new();
        let keys = SignatureKeys::new(vec![token, previous]).with_shared(shared);
        Ok(Self {
            agents: Agents::new(store.within(STEP), Arc::clone(&clock), Arc::clone(&senses.mouth)),
            timings: config.dialing.timings(),
            desk: clients.openai,
            live: backends::open_live(&config, &provider_tasks),
            lookout: Lookout::new(store.within(heartbeat::PATIENCE), id, Arc::new(SystemClock), queue.clone()),
            steps: store.within(STEP),
            id,
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

    /// Closes what is open, after every role has ended.
    pub async fn close(&self) {
        self.live.end();
        self.provider_tasks.close();
        self.provider_tasks.wait().await;
        self.store.close().await;
    }
}
