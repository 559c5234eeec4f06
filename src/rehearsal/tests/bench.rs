//! A store with a campaign, and rehearsals of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::folder::Folder;
use super::super::people::{People, Talk, Wishes};
use super::super::stage::{Outlook, Stage};
use super::super::tally::Run;
use super::super::{Deployment, Order, Progress, Report, Voices, rehearse};
use crate::domain::dialing::DialTimings;
use crate::domain::money::NanoUsd;
use crate::domain::phone::PhoneNumber;
use crate::domain::reserve::CallReserve;
use crate::domain::time::Timestamp;
use crate::store::campaign::NewCampaign;
use crate::store::codec::JsonText;
use crate::store::contract::fixtures::{new_lead, place};
use crate::store::lead_insert::NewLead;
use crate::store::rehearsal::copy::CopyOrder;
use crate::store::{Store, Target};

/// Monday, ten in the morning in Los Angeles.
pub const MORNING: &str = "2026-11-23T18:00:00Z";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// `human=1,busy=2`
pub fn shares(text: &str) -> Option<BTreeMap<String, f64>> {
    let share = |part: &str| part.split_once('=').map(|(word, share)| (word.to_owned(), share.parse().unwrap()));
    Some(text.split(',').filter_map(share).collect())
}

/// Everybody is of one kind, picks up after ten seconds and talks for a minute.
pub fn alike(mix: &str, outcomes: &str) -> People {
    let said = Wishes { mix: shares(mix), outcomes: shares(outcomes), talk: Some(Talk { median_s: 60, p90_s: 60 }) };
    People { ring_s: (10, 10), ..People::of(&said, None).unwrap() }
}

pub struct Bench {
    pub store: Store,
    _folder: TempDir,
    pub files: TempDir,
}

impl Bench {
    /// A campaign `spring` with these settings beside a caller number.
    pub async fn with(settings: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Target::Sqlite { folder: folder.path().to_owned() }).await.unwrap();
        store.migrate().await.unwrap();
        let mut all = json!({ "caller_numbers": ["+14155550200"] });
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let new = NewCampaign { name: "spring", settings: &all, agent_version: None };
        store.create_campaign(new, "test", at(MORNING)).await.unwrap().unwrap();
        Self { store, _folder: folder, files: tempfile::tempdir().unwrap() }
    }

    /// `n` leads in Los Angeles, as `lead` makes them.
    pub async fn leads(&self, n: u64, lead: impl Fn(NewLead) -> NewLead) {
        let campaign = self.store.campaign_by_name("spring").await.unwrap().unwrap().id;
        let leads: Vec<NewLead> = (0..n)
            .map(|n| {
                let phone_number = PhoneNumber::from_e164(&format!("+1415555{n:04}")).unwrap();
                let zones = JsonText(vec!["America/Los_Angeles".to_owned()]);
                lead(NewLead { phone_number, zones, ..new_lead(n) })
            })
            .collect();
        self.store.insert_leads(place(campaign), &leads, at(MORNING)).await.unwrap();
    }

    /// One run from the morning on, with a line to spare and a fast account.
    pub async fn order(&self, people: People) -> Order {
        let campaign = self.store.campaign_by_name("spring").await.unwrap().unwrap();
        Order {
            settings_json: campaign.settings.0.clone(),
            settings: campaign.checked_settings().unwrap(),
            campaign,
            deployment: Deployment {
                timings: DialTimings::default(),
                reserve: CallReserve::flat(NanoUsd::from_usd(0.5)),
                account_rate: 100.0,
                lines: 50,
            },
            people,
            voices: Voices::default(),
            notes: Vec::new(),
            place: self.files.path().to_owned(),
            from: at(MORNING),
            runs: 1,
            seed: 1,
            days: 60,
        }
    }

    pub async fn rehearse(&self, order: Order) -> Report {
        rehearse(&self.store, order, &Progress::default()).await.unwrap()
    }

    /// A single run with all its moments.
    pub async fn run(&self, order: Order) -> Run {
        let folder = Folder::new_in(self.files.path()).unwrap();
        let list = folder.join("list");
        let copy = Store::scratch(&list).await.unwrap();
        copy.migrate().await.unwrap();
        let wanted = CopyOrder { campaign: &order.campaign, settings: &order.settings_json, state: order.state(), from: order.from };
        let copied = self.store.copy_campaign(&copy, &wanted).await.unwrap();
        copy.close().await;
        drop(copy);
        let outlook = Outlook { seed: order.seed, leads: copied.leads, spent: copied.spent };
        Stage::open(&list, order.into(), outlook, Progress::default()).await.unwrap().play().await.unwrap()
    }
}
