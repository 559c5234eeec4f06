//! Who works in a worker, and what each of them is given.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::App;
use super::prices::reserve;
use crate::call::ledger::Vendors;
use crate::deferred::{Deferred, DeferredSettings};
use crate::work::campaigns::Campaigns;
use crate::work::defer::{BatchWork, Deferrer};
use crate::work::dial_lead::DialDesk;
use crate::work::finish_call::Finisher;
use crate::work::heartbeat::{Heartbeat, HeldCalls};
use crate::work::hold_call::HoldDesk;
use crate::work::local_journal::LocalJournal;
use crate::work::table::{StoreRows, TableWork};
use crate::work::turns::Turns;

/// A worker's people.
pub(super) struct Crew {
    pub(super) heartbeat: Heartbeat,
    pub(super) holder: Arc<HoldDesk>,
    pub(super) dialer: Arc<DialDesk>,
    pub(super) rows: Arc<StoreRows>,
    pub(super) table: Arc<TableWork>,
    pub(super) end_calls: CancellationToken,
    pub(super) calls: TaskTracker,
}

impl Crew {
    pub(super) fn new(app: &App, local: LocalJournal, stop: &CancellationToken) -> Self {
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
            vendors: Vendors { ears: "deepgram", mind: "openai" },
            agents: app.agents.clone(),
            worker: app.id,
            timings: app.timings,
            held: held.clone(),
            live: app.live.clone(),
            local: local.clone(),
            finisher: finisher.clone(),
            public: app.public.clone(),
            stop: stop.clone(),
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
                local,
                drains: Arc::default(),
            },
            holder: Arc::new(holder),
            dialer: Arc::new(dialer(app, campaigns, stop.clone())),
            rows: Arc::new(StoreRows { store: app.steps.clone(), clock: Arc::clone(&app.clock) }),
            table: Arc::new(table),
            end_calls,
            calls,
        }
    }
}

fn dialer(app: &App, campaigns: Campaigns, stop: CancellationToken) -> DialDesk {
    DialDesk {
        store: app.steps.clone(),
        clock: Arc::clone(&app.clock),
        turns: Turns::new(Arc::clone(&app.pacer), app.config.twilio.calls_per_second),
        telephony: Arc::clone(&app.senses.telephony),
        agents: app.agents.clone(),
        campaigns,
        live: app.live.clone(),
        lookout: app.lookout.clone(),
        worker: app.id,
        timings: app.timings,
        reserve: reserve(&app.config, app.clock.now()),
        public: app.public.clone(),
        stop,
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
