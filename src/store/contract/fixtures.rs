//! Rows that many checks begin with.

use serde_json::json;

use crate::domain::ids::{AttemptId, CampaignId, LeadId};
use crate::domain::phone::PhoneNumber;
use crate::domain::priority::Priority;
use crate::domain::time::Timestamp;
use crate::store::campaign::NewCampaign;
use crate::store::db::on_db;
use crate::store::dnc::{DncList, ReadList};
use crate::store::lead_insert::{ListPlace, NewLead, OnDuplicate};
use crate::store::{Store, StoreError};

/// A moment to begin at, and moments after it.
pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_760_000_000_000 + millis)
}

pub(crate) fn number(n: u64) -> PhoneNumber {
    PhoneNumber::from_e164(&format!("+1415555{n:04}")).unwrap()
}

pub(crate) fn new_lead(n: u64) -> NewLead {
    let serde_json::Value::Object(variables) = json!({ "first_name": format!("Ada {n}") }) else { unreachable!("an object literal") };
    NewLead {
        external_id: Some(format!("crm-{n}")),
        phone_number: number(n),
        zones: crate::store::codec::JsonText(vec!["America/Los_Angeles".to_owned()]),
        variables: crate::store::codec::JsonText(variables),
        consent_basis: Some("web form".to_owned()),
        consent_at: None,
        consent_ref: None,
        priority: Priority::default(),
        not_before: None,
    }
}

pub(crate) async fn campaign(store: &Store, name: &str) -> CampaignId {
    let settings = json!({ "lines": 5 });
    let new = NewCampaign { name, settings: &settings, agent_version: None };
    store.create_campaign(new, "test", at(0)).await.unwrap().unwrap().id
}

pub(crate) fn place(campaign: CampaignId) -> ListPlace {
    ListPlace { campaign, import: None, on_duplicate: OnDuplicate::Skip }
}

/// A lead of a campaign; `n` makes its number.
pub(crate) async fn lead(store: &Store, campaign: CampaignId, n: u64) -> LeadId {
    store.insert_leads(place(campaign), &[new_lead(n)], at(0)).await.unwrap();
    let filter = crate::store::lead::LeadFilter { campaign: Some(campaign), phone_number: Some(number(n)), ..Default::default() };
    store.leads(&filter, None, 1).await.unwrap()[0].id
}

/// A do-not-call list of that day, of which no number is read.
pub(crate) async fn dnc_list(store: &Store, list: ReadList<'_>, now: Timestamp) -> DncList {
    let listing = store.begin_listing(list.name, now).await.unwrap();
    store.finish_listing(list, &listing, "test", now).await.unwrap().unwrap()
}

/// An attempt of a lead, written straight into its table.
pub(crate) async fn attempt(store: &Store, campaign: CampaignId, lead: LeadId) -> AttemptId {
    let id = AttemptId::new();
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        sqlx::query(
            "INSERT INTO attempt (id, lead_id, campaign_id, attempt_no, kind, state, to_number, from_number, created_at, state_at,
               duration_s, reserved_nano_usd)
             VALUES ($1, $2, $3, 1, 'fresh', 'talking', '+14155550123', '+14155550100', $4, $4, 42, 7000)",
        )
        .bind(id).bind(lead).bind(campaign).bind(at(0)).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
    id
}

/// Forces a lead into a state that only the dial protocol leads to.
pub(crate) async fn force_lead_state(store: &Store, lead: LeadId, state: crate::domain::lead::LeadState) {
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        sqlx::query("UPDATE lead SET state = $2 WHERE id = $1").bind(lead).bind(state).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
}
