//! The processes: everything in one, or one role of a fleet each.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::commands::Cli;
use super::load_config;
use super::output::line;
use crate::boot::{App, Drain, Listeners, reserve};
use crate::clock::SystemClock;
use crate::config::{Config, ConfigError, Mode};
use crate::rehearsal::Rehearsals;
use crate::shutdown;
use crate::telemetry::{self, Reports};
use crate::web::api::address::{self, Announced};
use crate::web::api::{self, ApiState, LatelyTold};
use crate::web::probe::{Probe, probe_routes};
use crate::web::{self, listen};

/// The operator's API over an open application.
pub fn api(app: &App, metrics: Option<PrometheusHandle>) -> Router {
    app.live.begin_to_listen();
    api::router(ApiState {
        live: app.live.clone(),
        store: app.store.clone(),
        clock: Arc::clone(&app.clock),
        timings: app.config.dialing.timings(),
        reserve: reserve(&app.config, app.clock.now()),
        account_rate: app.config.twilio.calls_per_second,
        worker_lines: app.config.worker.lines,
        rehearsals: Rehearsals::default(),
        files: app.config.data.clone(),
        largest_list: app.config.web.largest_list(),
        unspoken: LatelyTold::default(),
        metrics,
    })
}

/// `callfleet up`
///
/// # Errors
/// What keeps it from starting: settings, a port, the database.
pub async fn up(cli: &Cli) -> anyhow::Result<ExitCode> {
    let config = load_config(cli)?;
    config.require_providers()?;
    let _reports = telemetry::init(&config, "up")?;
    let listeners = Listeners::bind(&config).await?;
    let addr = listeners.api.local_addr()?;
    let stop = shutdown::on_signal("no new calls, live calls end politely")?;
    let app = App::open(config, Arc::new(SystemClock)).await?;
    let journal = app.journal()?;
    let announced = announce(&app.config, addr)?;
    tracing::info!(api = %addr, public_url = app.config.public_url, data = %app.config.data.display(), "callfleet is up");
    tell_scripts(cli, "up", &[("api", &listeners.api), ("callbacks", &listeners.public)])?;
    let routes = api(&app, Some(telemetry::init_metrics()?));
    let ran = meanwhile(app.ask_providers(), app.clone().everything(journal, listeners, routes, stop, Drain::EndCalls)).await;
    app.close().await;
    drop(announced);
    ran.map(|()| ExitCode::SUCCESS)
}

/// In the embedded mode the other verbs find this process by its data folder; in a fleet they ask the database.
fn announce(config: &Config, addr: SocketAddr) -> anyhow::Result<Option<Announced>> {
    let announced = (config.mode == Mode::Embedded).then(|| address::announce(&config.data, addr));
    announced.transpose().context("the data folder cannot be written")
}

/// `callfleet web`: API and callbacks.
///
/// # Errors
/// As [`up`].
pub async fn web(cli: &Cli) -> anyhow::Result<ExitCode> {
    let (config, _reports) = fleet(cli, "web")?;
    let listeners = Listeners::bind(&config).await?;
    let stop = shutdown::on_signal("no new requests, those that run are answered")?;
    let app = App::open(config, Arc::new(SystemClock)).await?;
    tracing::info!(api = %listeners.api.local_addr()?, callbacks = %listeners.public.local_addr()?, "web is up");
    tell_scripts(cli, "web", &[("api", &listeners.api), ("callbacks", &listeners.public)])?;
    let routes = api(&app, Some(telemetry::init_metrics()?));
    let hang_up = async {
        stop.cancelled().await;
        // requests are waited for, and a stream of events would never end by itself
        app.live.end();
    };
    tokio::join!(web::serve(listeners.api, routes, stop.clone()), app.clone().callbacks(listeners.public, stop.clone()), hang_up);
    app.close().await;
    Ok(ExitCode::SUCCESS)
}

/// `callfleet scheduler`
///
/// # Errors
/// As [`up`].
pub async fn scheduler(cli: &Cli) -> anyhow::Result<ExitCode> {
    let (config, _reports) = fleet(cli, "scheduler")?;
    let probe = listen(config.probe.listen, "probe.listen").await?;
    let stop = shutdown::on_signal("the lease is given back to a standby")?;
    let app = App::open(config, Arc::new(SystemClock)).await?;
    tracing::info!(probe = %probe.local_addr()?, "scheduler is up");
    tell_scripts(cli, "scheduler", &[("probe", &probe)])?;
    let answering = Answering::begin(&app, "scheduler", probe, &stop)?;
    meanwhile(app.ask_telephone(), app.clone().scheduler(stop)).await;
    answering.end().await;
    app.close().await;
    Ok(ExitCode::SUCCESS)
}

/// `callfleet worker`: a deployment's next version waits until the calls of this one have ended.
///
/// # Errors
/// As [`up`].
pub async fn worker(cli: &Cli) -> anyhow::Result<ExitCode> {
    let (config, _reports) = fleet(cli, "worker")?;
    let listener = listen(config.hooks.listen, "hooks.listen").await?;
    let probe = listen(config.probe.listen, "probe.listen").await?;
    let stop = shutdown::on_signal("no new calls, live calls go on to their ends")?;
    let app = App::open(config, Arc::new(SystemClock)).await?;
    let journal = app.journal()?;
    tracing::info!(media = %listener.local_addr()?, probe = %probe.local_addr()?, lines = app.config.worker.lines, "worker is up");
    tell_scripts(cli, "worker", &[("media", &listener), ("probe", &probe)])?;
    let answering = Answering::begin(&app, "worker", probe, &stop)?;
    let worked = meanwhile(app.ask_providers(), app.clone().worker(journal, listener, stop, Drain::Wait)).await;
    answering.end().await;
    app.close().await;
    worked.map(|()| ExitCode::SUCCESS)
}

/// The probe's listener; it answers until the role's last call has ended.
struct Answering {
    over: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Answering {
    fn begin(app: &App, role: &'static str, listener: TcpListener, stop: &CancellationToken) -> anyhow::Result<Self> {
        let probe = Probe {
            role,
            store: app.store.clone(),
            metrics: telemetry::init_metrics()?,
            stop: stop.clone(),
            active: Arc::clone(&app.active),
        };
        let over = CancellationToken::new();
        let task = tokio::spawn(web::serve(listener, probe_routes(probe), over.clone()));
        Ok(Self { over, task })
    }

    async fn end(self) {
        self.over.cancel();
        // a failed listener has said so itself
        let _ = self.task.await;
    }
}

/// One line of JSON once a process serves: who it is and where it listens. People read it in the log.
fn tell_scripts(cli: &Cli, role: &str, listeners: &[(&str, &TcpListener)]) -> anyhow::Result<()> {
    if !cli.json {
        return Ok(());
    }
    let mut told = json!({ "role": role, "process": std::process::id() });
    for (name, listener) in listeners {
        told[*name] = listener.local_addr()?.to_string().into();
    }
    Ok(line(&told.to_string())?)
}

/// Settings of a role that shares its database and queue with others, its log and its reports.
fn fleet(cli: &Cli, role: &'static str) -> anyhow::Result<(Config, Option<Reports>)> {
    let config = load_config(cli)?;
    if config.mode != Mode::Fleet {
        let why = format!(
            "mode = embedded cannot be used: `callfleet {role}` is one role of a fleet; set mode = \"fleet\", or run `callfleet up`"
        );
        return Err(ConfigError(why).into());
    }
    config.require_fleet()?;
    config.require_providers()?;
    let reports = telemetry::init(&config, role)?;
    Ok((config, reports))
}

/// Runs a role, and beside it something that may end earlier but not later.
async fn meanwhile<T>(beside: impl Future, role: impl Future<Output = T>) -> T {
    tokio::pin!(beside, role);
    tokio::select! {
        done = &mut role => return done,
        _ = &mut beside => {}
    }
    role.await
}
