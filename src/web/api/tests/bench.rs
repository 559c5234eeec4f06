//! A router to ask, and answers made comparable: ids become `[id]`, the clock stands still.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tower_service::Service;
use uuid::Uuid;

use super::super::{ApiState, CLI_AGENT, LatelyTold, router};
use crate::clock::Clock;
use crate::domain::dialing::DialTimings;
use crate::domain::doubts::{DoubtCode, Doubts};
use crate::domain::ids::ImportId;
use crate::domain::money::NanoUsd;
use crate::domain::not_permitted::NotPermitted;
use crate::domain::phone::PhoneNumber;
use crate::domain::reserve::CallReserve;
use crate::domain::time::Timestamp;
use crate::intake::import::{ImportOptions, OnDuplicate as Twice, WriteOrder};
use crate::store::codec::JsonText;
use crate::store::contract::fixtures;
use crate::store::db::on_db;
use crate::store::import::{ImportBatch, ImportPlace};
use crate::store::lead_insert::{ListBatch, ListLead, NewLead, OnDuplicate};
use crate::store::{Store, StoreError, Target};

pub const AGENT: &str = include_str!("../../../../config/demo/agent.toml");
pub const SETTINGS: &str = "caller_numbers = [\"+14155550200\"]";
pub const LIST: &str = "external_id,phone_number,first_name,timezone,consent_basis\n\
    a-1,+14155550100,Maria,America/Los_Angeles,web form\n\
    a-2,+14155550101,James,America/Los_Angeles,web form\n";

/// Longest list of a bench.
pub const LARGEST_LIST: u64 = 8 << 20;

/// Whether a line is among the warnings or notes of an answer.
pub fn has(lines: &Value, line: &str) -> bool {
    lines.as_array().into_iter().flatten().any(|told| told == line)
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        "2026-11-23T18:00:00Z".parse().unwrap()
    }
}

/// A store, its router, and the folder both live in.
pub struct Bench {
    pub store: Store,
    router: Router,
    folder: TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Target::Sqlite { folder: folder.path().to_owned() }).await.unwrap();
        store.migrate().await.unwrap();
        let state = ApiState {
            store: store.clone(),
            clock: Arc::new(Still),
            timings: DialTimings::default(),
            reserve: CallReserve::flat(NanoUsd::from_usd(0.5)),
            account_rate: 1.0,
            worker_lines: 50,
            rehearsals: crate::rehearsal::Rehearsals::default(),
            files: folder.path().to_owned(),
            largest_list: LARGEST_LIST,
            live: crate::live::Live::within(),
            unspoken: LatelyTold::default(),
            metrics: None,
        };
        Self { store, router: router(state), folder }
    }

    /// With an agent, and a campaign `spring` that has two leads and can start.
    pub async fn with_campaign() -> Self {
        let bench = Self::new().await;
        bench.text("POST", "/v1/agents", AGENT).await;
        let body = json!({ "name": "spring", "settings_toml": SETTINGS, "agent": "solar-intro" });
        assert_eq!(bench.json("POST", "/v1/campaigns", &body).await["status"], 201);
        assert_eq!(bench.text("POST", "/v1/campaigns/spring/imports?file_name=spring.csv", LIST).await["status"], 201);
        bench
    }

    pub async fn get(&self, path: &str) -> Value {
        self.text("GET", path, "").await
    }

    pub async fn post(&self, path: &str) -> Value {
        self.text("POST", path, "").await
    }

    pub async fn json(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, path, &[("content-type", "application/json")], body.to_string()).await
    }

    pub async fn text(&self, method: &str, path: &str, body: &str) -> Value {
        self.ask(method, path, &[("content-type", "text/plain")], body.to_owned()).await
    }

    /// `{"status", "body"}`, comparable.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Value {
        let (status, text) = self.raw(method, path, headers, body).await;
        let mut body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        comparable(&mut body);
        json!({ "status": status, "body": body })
    }

    /// Status and text as they came.
    pub async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> (u16, String) {
        let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(path).header("user-agent", CLI_AGENT);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().call(request.body(body.into()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// The raw answer as JSON, ids and all.
    pub async fn exact(&self, method: &str, path: &str, body: &str) -> Value {
        serde_json::from_str(&self.raw(method, path, &[], body.to_owned()).await.1).unwrap()
    }

    /// What a killed import leaves behind: `rows` rows of the text are in, one of them accepted and `rejected` refused. The one on
    /// line 2 has no consent basis and a number of Mexico.
    pub async fn cut_off_import(&self, text: &str, rows: usize, rejected: usize) -> String {
        let campaign = self.store.campaign_by_name("spring").await.unwrap().unwrap().id;
        let now = Still.now();
        let options = ImportOptions { region: None, on_duplicate: Twice::Skip, order: WriteOrder::Numbers, now, resume: None };
        let sha256 = hex::encode(Sha256::digest(text));
        let import = self.store.start_import(campaign, "mixed.csv", &sha256, &options.judged_by(), "test", now).await.unwrap();
        let to_byte = text.lines().take(rows + 1).map(|line| line.len() as u64 + 1).sum();
        let lead = NewLead { phone_number: PhoneNumber::from_e164("+14155550110").unwrap(), ..fixtures::new_lead(0) };
        let (rows, rejected) = (rows as u64, rejected as u64);
        let file = "\"external_id\"\n\"b-2\"\n";
        let mut doubts = Doubts { rows: 1, abroad: BTreeMap::from([("MX".to_owned(), 1)]), ..Doubts::default() };
        [DoubtCode::NoConsentBasis, DoubtCode::CountryNotCalled].into_iter().for_each(|code| doubts.add(code, 2));
        let batch = ImportBatch {
            from: ImportPlace::default(),
            to: ImportPlace::at(to_byte),
            rows,
            rejected,
            by_code: &BTreeMap::from([("missing_phone".to_owned(), rejected)]),
            doubts: &doubts,
            rejects_bytes: file.len() as u64,
            updated: 0,
            duplicates: 0,
            leads: ListBatch::of(vec![ListLead::of(&lead).unwrap()]).unwrap(),
            on_duplicate: OnDuplicate::Skip,
        };
        self.store.append_import(&import, batch, now).await.unwrap().unwrap();
        let path = self.folder.path().join("imports").join(format!("{}.rejected.csv", import.id));
        std::fs::write(path, format!("{file}written before the stop, and not yet told to the import")).unwrap();
        import.id.to_string()
    }

    /// Moves the moment at which an import began, and stored its last rows.
    pub async fn begun_earlier(&self, import: &str, at: &str) {
        let (import, at): (ImportId, Timestamp) = (import.parse().unwrap(), at.parse().unwrap());
        let done: Result<(), StoreError> = on_db!(self.store.db, write, tx => {
            sqlx::query("UPDATE import SET created_at = $2, progress_at = $2 WHERE id = $1").bind(import).bind(at).execute(tx).await?;
            Ok(())
        });
        done.unwrap();
    }

    /// What a call that the provider refused for its country leaves behind.
    pub async fn not_permitted(&self, number: &str) {
        let mut countries = NotPermitted::default();
        countries.add(&PhoneNumber::from_e164(number).unwrap(), "spring", "the provider refused a call with code 21215");
        let done: Result<(), StoreError> = on_db!(self.store.db, write, tx => {
            sqlx::query("UPDATE campaign SET not_permitted = $1").bind(JsonText(&countries)).execute(tx).await?;
            Ok(())
        });
        done.unwrap();
    }

    /// What a stop between the work and its answer leaves behind.
    pub async fn forget_answers(&self) {
        let done: Result<(), StoreError> = on_db!(self.store.db, write, tx => {
            sqlx::query("UPDATE idempotency SET status = NULL, answer = NULL").execute(tx).await?;
            Ok(())
        });
        done.unwrap();
    }

    /// Files that were left in the folder's `imports`.
    pub fn import_files(&self) -> usize {
        self.folder.path().join("imports").read_dir().map_or(0, Iterator::count)
    }
}

fn comparable(value: &mut Value) {
    match value {
        Value::String(text) if Uuid::parse_str(text).is_ok() => *text = "[id]".to_owned(),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                if matches!(key.as_str(), "seconds" | "process") {
                    *field = json!("[varies]");
                }
                comparable(field);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(comparable),
        _ => {}
    }
}
