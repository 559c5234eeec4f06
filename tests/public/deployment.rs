//! The public side of a deployment on a loopback port, with attempts whose calls may be reported.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use base64_simd::STANDARD;
use callfleet::clock::Clock;
use callfleet::domain::campaign::{CampaignSettings, CampaignState, Countries, OnVoicemail};
use callfleet::domain::dialing::DialTimings;
use callfleet::domain::ids::{AttemptId, CampaignId, WorkerId};
use callfleet::domain::law::LawChoice;
use callfleet::domain::money::NanoUsd;
use callfleet::domain::phone::PhoneNumber;
use callfleet::domain::priority::Priority;
use callfleet::domain::redial::RedialTable;
use callfleet::domain::time::Timestamp;
use callfleet::domain::window::{CallingWindow, Hours};
use callfleet::live::Live;
use callfleet::providers::twilio::path_mac::PathKey;
use callfleet::providers::twilio::signature::SignatureKeys;
use callfleet::public::PublicSide;
use callfleet::store::campaign::{CampaignChange, NewCampaign};
use callfleet::store::codec::JsonText;
use callfleet::store::dial::{ArmOrder, Arming, ClaimAsk, ClaimOutcome};
use callfleet::store::lead::LeadFilter;
use callfleet::store::lead_insert::{ListPlace, NewLead, OnDuplicate};
use callfleet::store::{Store, Target};
use callfleet::web::hooks::Hooks;
use callfleet::web::line::Line;
use callfleet::web::{public_routes, serve};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::SecretString;
use sha1::Sha1;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// As the provider knows the deployment; what listens is a port on loopback, as behind a proxy.
pub const BASE: &str = "https://calls.example";
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub const PREVIOUS_TOKEN: &str = "fedcba9876543210fedcba9876543210";

/// Time that stands until it is moved.
pub struct StillClock(AtomicI64);

impl StillClock {
    pub fn pass(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

pub struct Deployment {
    pub addr: SocketAddr,
    pub store: Store,
    pub clock: Arc<StillClock>,
    public: PublicSide,
    campaign: CampaignId,
    leads: AtomicU64,
    folder: TempDir,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

pub fn keys() -> SignatureKeys {
    SignatureKeys::new(vec![SecretString::from(TOKEN), SecretString::from(PREVIOUS_TOKEN)])
}

impl Deployment {
    pub async fn start(line: Option<Line>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Target::Sqlite { folder: folder.path().to_owned() }).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Arc::new(StillClock(AtomicI64::new(1_795_435_200_000)));
        let public = PublicSide::new(BASE, PathKey::new(SecretString::from(TOKEN)).accepting(SecretString::from(PREVIOUS_TOKEN)));
        let hooks = Hooks {
            store: store.clone(),
            clock: Arc::clone(&clock) as _,
            public: public.clone(),
            keys: Arc::new(keys()),
            timings: DialTimings::default(),
            live: Live::within(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (addr, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let server = tokio::spawn(serve(listener, public_routes(hooks, line), stop.clone()));
        let campaign = running(&store, clock.now()).await;
        Self { addr, store, clock, public, campaign, leads: AtomicU64::new(0), folder, stop, server }
    }

    /// An attempt whose POST is on the wire, as send 1.
    pub async fn sending(&self) -> AttemptId {
        let (now, timings, settings) = (self.clock.now(), DialTimings::default(), settings());
        let number = PhoneNumber::from_e164(&format!("+1415{:07}", 5_550_000 + self.leads.fetch_add(1, Ordering::Relaxed))).unwrap();
        let lead = NewLead {
            external_id: None,
            phone_number: number.clone(),
            zones: JsonText(vec!["America/Los_Angeles".to_owned()]),
            variables: JsonText(serde_json::Map::new()),
            consent_basis: Some("web form".to_owned()),
            consent_at: None,
            consent_ref: None,
            priority: Priority::default(),
            not_before: None,
        };
        let place = ListPlace { campaign: self.campaign, import: None, on_duplicate: OnDuplicate::Skip };
        self.store.insert_leads(place, &[lead], now).await.unwrap();
        let filter = LeadFilter { campaign: Some(self.campaign), phone_number: Some(number), ..LeadFilter::default() };
        let lead = self.store.leads(&filter, None, 1).await.unwrap()[0].id;
        let order = ArmOrder { lead, settings: &settings, agent_version: None, reserve: NanoUsd(5), timings: &timings };
        let Arming::Armed(attempt) = self.store.arm(&order, now).await.unwrap() else { panic!("not armed") };
        let (worker, reserve) = (WorkerId::new(), NanoUsd(5));
        let (settings, timings) = (&settings, &timings);
        let ask = ClaimAsk { attempt, send_no: 1, worker, settings, reserve, timings, seen: None };
        assert!(matches!(self.store.claim(&ask, now).await.unwrap(), ClaimOutcome::Claimed(_)));
        attempt
    }

    /// Where the provider reports the attempt's call.
    pub fn path(&self, attempt: AttemptId) -> String {
        self.public.callback_url(attempt, 1)[BASE.len()..].to_owned()
    }

    /// Where the database is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything that callbacks can change, as one text.
    pub async fn effects(&self) -> String {
        let file = self.folder.path().join("callfleet.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
        let mut conn = sqlx::ConnectOptions::connect(&options).await.unwrap();
        let sql = "SELECT (SELECT COUNT(*) FROM job) || ' jobs '
              || (SELECT COUNT(*) FROM call_signal) || ' signals ' || (SELECT COUNT(*) FROM seen_call) || ' calls '
              || (SELECT group_concat(hex(id) || state || coalesce(call_sid, '-') || coalesce(ringing_at, '-')
                    || coalesce(answered_at, '-') || coalesce(provider_ended_at, '-') || coalesce(answered_by, '-')) FROM attempt)";
        sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap()
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.server.await.unwrap();
        self.store.close().await;
    }
}

async fn running(store: &Store, now: Timestamp) -> CampaignId {
    let settings = serde_json::json!({ "lines": 5 });
    let campaign = store.create_campaign(NewCampaign { name: "public", settings: &settings, agent_version: None }, "test", now).await;
    let campaign = campaign.unwrap().unwrap().id;
    let start = CampaignChange { from: CampaignState::Draft, to: CampaignState::Running, reason: None, actor: "test" };
    assert!(store.change_campaign_state(campaign, start, now).await.unwrap().is_changed());
    campaign
}

fn settings() -> CampaignSettings {
    CampaignSettings {
        caller_numbers: vec![PhoneNumber::from_e164("+14155550100").unwrap()],
        local_presence: true,
        countries: Countries::Any,
        law: LawChoice::LIFTED,
        starts_at: None,
        ends_at: None,
        calls_per_second: 1.0,
        lines: 5,
        weight: 1,
        window: CallingWindow { days: [Some(Hours { open: 0, close: 24 * 60 }); 7], holidays: Vec::new() },
        max_attempts: 4,
        max_attempts_per_day: 9,
        calls_per_caller: None,
        redial: RedialTable::default(),
        require_consent: true,
        on_voicemail: OnVoicemail::HangUp,
        transfer_to: None,
        ring_timeout: Duration::from_secs(25),
        max_duration: Duration::from_secs(300),
        budget: None,
        max_callbacks: 2,
        callbacks: callfleet::domain::callback::keep::KeepRules::HOUSE,
        breaker: callfleet::domain::campaign::breaker::Breaker::OFF,
    }
}

/// The provider's signature, computed apart from the code under test.
pub fn sign(token: &str, url: &str, fields: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = fields.to_vec();
    sorted.sort();
    sorted.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode_to_string(mac.finalize().into_bytes())
}

pub fn form(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A status callback as the provider sends it.
pub fn news(call_sid: &str, status: &str, sequence: u32) -> Vec<(String, String)> {
    let pairs = [
        ("AccountSid", "AC00000000000000000000000000000000"),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", call_sid),
        ("CallStatus", status),
        ("Direction", "outbound-api"),
        ("From", "+14155550100"),
        ("To", "+14155550123"),
        ("Caller", "+14155550100"),
        ("Called", "+14155550123"),
        ("FromCountry", "US"),
        ("ToCountry", "US"),
        ("Timestamp", "Mon, 23 Nov 2026 12:00:09 +0000"),
        ("CallbackSource", "call-progress-events"),
    ];
    let named = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    named.chain([("SequenceNumber".to_owned(), sequence.to_string())]).collect()
}
