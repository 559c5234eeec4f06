//! How a verb reaches the API: over loopback when a process of this deployment runs, else through the same router inside
//! this process, over a store of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{Method, Request, Response};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

use super::path::ApiPath;
use super::refused::Refused;
use crate::boot::{live_wire, reserve};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Mode};
use crate::live::Live;
use crate::rehearsal::Rehearsals;
use crate::store::{Store, StoreError, Target};
use crate::web::api::{self, ApiState, CLI_AGENT, LatelyTold, address};

/// Another command may hold the data folder for a moment.
const PATIENCE: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(50);
const TOLD_WITHIN: Duration = Duration::from_secs(1);
/// A process that lives answers on loopback at once.
const HEALTH_WITHIN: Duration = Duration::from_secs(2);

/// Asks the API.
#[derive(Debug)]
pub struct Client {
    way: Way,
    /// Connections that are open; they end with the client.
    connections: Mutex<JoinSet<()>>,
}

#[derive(Debug)]
enum Way {
    Local { router: Router, store: Store, told: Told },
    Remote(SocketAddr),
}

/// What this verb has to tell those who look on.
#[derive(Debug)]
struct Told {
    live: Live,
    tasks: TaskTracker,
}

impl Told {
    /// A verb of a fleet tells and hears like any other process.
    fn begin(config: &Config) -> Self {
        let tasks = TaskTracker::new();
        let live = match config.mode {
            Mode::Embedded => Live::within(),
            Mode::Fleet => Live::across(live_wire(config), tasks.clone()),
        };
        Self { live, tasks }
    }

    /// Waits a moment for what was told last; the rows have it in any case.
    async fn end(self) {
        self.live.end();
        self.tasks.close();
        let _ = tokio::time::timeout(TOLD_WITHIN, self.tasks.wait()).await;
    }
}

/// A granted request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// As it came.
    pub raw: Bytes,
    /// As JSON.
    pub json: Value,
}

impl Client {
    /// The running process where there is one, else the store itself.
    ///
    /// # Errors
    /// The database cannot be opened or has another schema, or somebody holds it and does not answer.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        match config.mode {
            Mode::Embedded => Self::embedded(config).await,
            Mode::Fleet => Self::fleet(config).await,
        }
    }

    async fn embedded(config: &Config) -> anyhow::Result<Self> {
        let begun = Instant::now();
        loop {
            let refusal = match Store::open(Target::Sqlite { folder: config.data.clone() }).await {
                Ok(store) => {
                    store.migrate().await?;
                    return Ok(Self::local(config, store));
                }
                Err(refusal @ StoreError::FolderInUse { .. }) => refusal,
                Err(error) => return Err(error.into()),
            };
            if let Some(addr) = owner(&config.data, &refusal).await {
                return Ok(Self::new(Way::Remote(addr)));
            }
            if begun.elapsed() > PATIENCE {
                return Err(anyhow::Error::new(refusal).context("the data folder is taken and its owner does not answer"));
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn fleet(config: &Config) -> anyhow::Result<Self> {
        config.require_fleet()?;
        let target = Target::Postgres { url: config.postgres.url.clone(), max_connections: 4 };
        let store = Store::open(target).await.context("postgres.url")?;
        store.require_current_schema().await?;
        Ok(Self::local(config, store))
    }

    fn local(config: &Config, store: Store) -> Self {
        let told = Told::begin(config);
        let router = api::router(ApiState {
            store: store.clone(),
            clock: Arc::new(SystemClock),
            timings: config.dialing.timings(),
            reserve: reserve(config, SystemClock.now()),
            account_rate: config.twilio.calls_per_second,
            worker_lines: config.worker.lines,
            rehearsals: Rehearsals::default(),
            files: config.data.clone(),
            // nobody sends anything: the command reads the operator's own file
            largest_list: u64::MAX,
            live: told.live.clone(),
            unspoken: LatelyTold::default(),
            metrics: None,
        });
        Self::new(Way::Local { router, store, told })
    }

    fn new(way: Way) -> Self {
        Self { way, connections: Mutex::default() }
    }

    /// The running process that is asked; `None` when this process asks its own store.
    #[must_use]
    pub const fn process(&self) -> Option<SocketAddr> {
        match self.way {
            Way::Remote(addr) => Some(addr),
            Way::Local { .. } => None,
        }
    }

    /// `GET`, answered with JSON.
    ///
    /// # Errors
    /// [`Refused`], or the process cannot be reached.
    pub async fn get(&self, path: ApiPath) -> anyhow::Result<Answer> {
        self.ask(Method::GET, path, None, Body::empty()).await
    }

    /// `POST` without a body.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post(&self, path: ApiPath) -> anyhow::Result<Answer> {
        self.ask(Method::POST, path, None, Body::empty()).await
    }

    /// A request with a JSON body.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn send(&self, method: Method, path: ApiPath, body: &Value) -> anyhow::Result<Answer> {
        self.ask(method, path, Some("application/json"), Body::from(body.to_string())).await
    }

    /// Any request that is answered with JSON.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn ask(&self, method: Method, path: ApiPath, content_type: Option<&str>, body: Body) -> anyhow::Result<Answer> {
        let response = self.stream(method, path, content_type, body).await?;
        let raw = axum::body::to_bytes(response.into_body(), usize::MAX).await.context("the answer broke off")?;
        let json = serde_json::from_slice(&raw).context("the answer is not JSON")?;
        Ok(Answer { raw, json })
    }

    /// Any request; the answer's body as it comes.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn stream(&self, method: Method, path: ApiPath, content_type: Option<&str>, body: Body) -> anyhow::Result<Response<Body>> {
        let mut request = Request::builder().method(method).uri(path.into_text()).header(USER_AGENT, CLI_AGENT);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let response = self.call(request.body(body)?).await?;
        if response.status().is_success() { Ok(response) } else { Err(Refused::read(response).await.into()) }
    }

    async fn call(&self, request: Request<Body>) -> anyhow::Result<Response<Body>> {
        match &self.way {
            Way::Local { router, .. } => Ok(router.clone().call(request).await?),
            Way::Remote(addr) => self.call_over(*addr, request).await,
        }
    }

    async fn call_over(&self, addr: SocketAddr, mut request: Request<Body>) -> anyhow::Result<Response<Body>> {
        request.headers_mut().insert(HOST, addr.to_string().parse()?);
        let stream = TcpStream::connect(addr).await.with_context(|| format!("no process answers on {addr}"))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driven = async move {
            // what goes wrong here is told to whoever waits for the answer
            let _ = connection.await;
        };
        if let Ok(mut connections) = self.connections.lock() {
            connections.spawn(driven);
        }
        Ok(sender.send_request(request).await.context("the process broke the connection off")?.map(Body::new))
    }

    /// Closes the store, where it was opened here.
    pub async fn close(self) {
        if let Way::Local { store, told, .. } = self.way {
            told.end().await;
            store.close().await;
        }
    }
}

/// The address of the process that holds the folder, if it is really that process that answers there.
async fn owner(folder: &Path, refusal: &StoreError) -> Option<SocketAddr> {
    let StoreError::FolderInUse { holder, .. } = refusal else { return None };
    let addr = address::announced(folder)?;
    let health = Client::new(Way::Remote(addr));
    let answer = tokio::time::timeout(HEALTH_WITHIN, health.get(ApiPath::new(&["healthz"]))).await.ok()?.ok()?;
    (*holder == format!("process {}", answer.json["process"])).then_some(addr)
}
