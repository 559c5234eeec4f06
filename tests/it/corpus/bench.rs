//! The API over a store of its own, of either engine.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use callfleet::clock::SystemClock;
use callfleet::domain::dialing::DialTimings;
use callfleet::domain::money::NanoUsd;
use callfleet::domain::reserve::CallReserve;
use callfleet::live::Live;
use callfleet::store::{Store, Target};
use callfleet::web::api::{ApiState, LatelyTold, router};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower_service::Service;

use crate::support::database::Database;

/// Makes two tests out of each check: one per engine, with the same cases and the same expected results.
macro_rules! on_both_engines {
    ($($check:ident),+ $(,)?) => {$(
        mod $check {
            use $crate::corpus::bench::Bench;

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$check(&mut Bench::on_sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                let Some(mut bench) = Bench::on_postgres().await else { return };
                super::$check(&mut bench).await;
                bench.close().await;
            }
        }
    )+};
}
pub(super) use on_both_engines;

/// What has to become of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Nothing is imported, and the answer says these words.
    Refused(&'static str),
    /// Accepted, rejected, updated, duplicates; and the codes of what was rejected.
    Counts([u64; 4], &'static [&'static str]),
}

/// All rows accepted.
pub fn accepted(rows: u64) -> Expect {
    Expect::Counts([rows, 0, 0, 0], &[])
}

/// All rows rejected for one reason.
pub fn rejected(rows: u64, code: &'static [&'static str]) -> Expect {
    Expect::Counts([0, rows, 0, 0], code)
}

/// A deployment to import into.
pub struct Bench {
    router: Router,
    store: Store,
    database: Option<Database>,
    _folder: TempDir,
    campaigns: u32,
}

impl Bench {
    pub async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Target::Sqlite { folder: folder.path().to_owned() }).await.unwrap();
        Self::over(store, None, folder).await
    }

    /// `None` where somebody asked for SQLite alone.
    pub async fn on_postgres() -> Option<Self> {
        let database = Database::create_unless_sqlite_only().await?;
        let url = SecretString::from(database.url());
        let store = Store::open(Target::Postgres { url, max_connections: 4 }).await.unwrap();
        Some(Self::over(store, Some(database), tempfile::tempdir().unwrap()).await)
    }

    async fn over(store: Store, database: Option<Database>, folder: TempDir) -> Self {
        store.migrate().await.unwrap();
        let router = router(ApiState {
            store: store.clone(),
            clock: Arc::new(SystemClock),
            timings: DialTimings::default(),
            reserve: CallReserve::flat(NanoUsd::from_usd(0.5)),
            account_rate: 1.0,
            worker_lines: 50,
            rehearsals: callfleet::rehearsal::Rehearsals::default(),
            files: folder.path().to_owned(),
            largest_list: 1 << 30,
            live: Live::within(),
            unspoken: LatelyTold::default(),
            metrics: None,
        });
        Self { router, store, database, _folder: folder, campaigns: 0 }
    }

    /// Takes away what is left on the server.
    pub async fn close(self) {
        self.store.close().await;
        if let Some(database) = self.database {
            database.drop().await;
        }
    }

    /// Status and body.
    pub async fn ask(&self, method: Method, path: &str, body: Body) -> (u16, Vec<u8>) {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json").body(body).unwrap();
        let response = self.router.clone().call(request).await.unwrap();
        let status = response.status().as_u16();
        (status, to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec())
    }

    /// A new campaign's name.
    pub async fn campaign(&mut self) -> String {
        self.campaigns += 1;
        let name = format!("c{}", self.campaigns);
        let (status, _) = self.ask(Method::POST, "/v1/campaigns", Body::from(json!({ "name": name }).to_string())).await;
        assert_eq!(status, 201);
        name
    }

    /// Imports into a campaign; status and answer.
    pub async fn import(&self, campaign: &str, query: &str, body: impl Into<Body>) -> (u16, Value) {
        let (status, answer) = self.ask(Method::POST, &format!("/v1/campaigns/{campaign}/imports?{query}"), body.into()).await;
        (status, serde_json::from_slice(&answer).unwrap())
    }

    /// Imports a file into a campaign of its own and holds the answer against what is expected.
    pub async fn check(&mut self, name: &str, query: &str, file: Vec<u8>, expect: &Expect) -> Value {
        let campaign = self.campaign().await;
        let (status, answer) = self.import(&campaign, query, file).await;
        match expect {
            Expect::Refused(words) => {
                let message = answer["error"]["message"].as_str().unwrap_or_default();
                assert!(status == 422 && message.contains(words), "{name}: {status} {answer}");
                let (_, after) = self.ask(Method::GET, &format!("/v1/campaigns/{campaign}"), Body::empty()).await;
                assert_eq!(serde_json::from_slice::<Value>(&after).unwrap()["total"], 0, "{name}");
            }
            Expect::Counts(counts, codes) => {
                assert_eq!(status, 201, "{name}: {answer}");
                let count = |key: &str| answer[key].as_u64().unwrap();
                let found = ["accepted", "rejected", "updated", "duplicates"].map(count);
                assert_eq!(found, *counts, "{name}: {answer}");
                assert_eq!(found.iter().sum::<u64>(), count("rows"), "{name}: {answer}");
                let by_code = answer["by_code"].as_object().unwrap();
                assert_eq!(by_code.keys().map(String::as_str).collect::<Vec<_>>(), *codes, "{name}: {answer}");
                assert_eq!(by_code.values().map(|rows| rows.as_u64().unwrap()).sum::<u64>(), counts[1], "{name}: {answer}");
                for finding in answer["rejects"].as_array().unwrap() {
                    assert!(finding["line"].as_u64().unwrap() >= 1 && finding["message"].as_str() != Some(""), "{name}: {finding}");
                }
            }
        }
        answer
    }
}
