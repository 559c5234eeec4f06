//! A list is looked at again page by page, and nobody comes forward but those that a gate has put off.

use serde_json::json;

use super::fixtures::{at, new_lead, place};
use super::support::on_both_engines;
use crate::domain::ids::{CampaignId, LeadId};
use crate::domain::time::Timestamp;
use crate::store::campaign::NewCampaign;
use crate::store::db::on_db;
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::NewLead;
use crate::store::{Store, StoreError};

const TOMORROW: Timestamp = Timestamp::from_millis(1_760_086_400_000);

/// A campaign whose cap was raised, with so many leads that wait until tomorrow.
async fn put_off(store: &Store, leads: u64, why: &str) -> CampaignId {
    let settings = |most: u32| json!({ "caller_numbers": ["+14155550200"], "caps": { "calls_per_caller": most } });
    let new = NewCampaign { name: "spring", settings: &settings(1), agent_version: None };
    let id = store.create_campaign(new, "test", at(0)).await.unwrap().unwrap().id;
    let leads: Vec<NewLead> = (0..leads).map(new_lead).collect();
    store.insert_leads(place(id), &leads, at(0)).await.unwrap();
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        let sql = "UPDATE lead SET state = 'waiting', next_attempt_at = $1, wait_reason = $2";
        sqlx::query(sql).bind(TOMORROW).bind(why).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
    assert_eq!(store.change_campaign_settings(id, 1, &settings(2), "ada", at(1)).await.unwrap(), Some(2));
    id
}

async fn behind(store: &Store, campaign: CampaignId) -> Option<LeadId> {
    store.campaign(campaign).await.unwrap().unwrap().look_again_after
}

on_both_engines! {
    async fn a_long_list_is_looked_at_in_pages(store: Store) {
        let id = put_off(&store, 2_100, "day_cap: enough").await;
        let mut pages = Vec::new();
        while let Some(after) = behind(&store, id).await {
            pages.push(store.look_again(id, after, at(2)).await.unwrap());
        }
        assert_eq!(pages, [2_000, 100, 0]);
        let waits = store.lead_waits(id, at(2), 9).await.unwrap();
        assert!(waits.len() == 1 && waits[0].due == 2_100 && waits[0].wait_reason.is_none(), "{waits:?}");
    }

    async fn each_gate_with_a_time_of_its_own_brings_forward_whom_it_put_off_and_nothing_else_does(store: Store) {
        let id = put_off(&store, 6, "busy").await;
        let leads = store.leads(&LeadFilter { campaign: Some(id), ..LeadFilter::default() }, None, 9).await.unwrap();
        let table = [
            ("hours: shut", at(2)),
            ("day_cap: enough", at(2)),
            ("caller_cap: enough", at(2)),
            ("callback promised", TOMORROW),
            ("busy", TOMORROW),
            ("taken back before it rang", TOMORROW),
        ];
        for (lead, (why, _)) in leads.iter().zip(table) {
            let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
                sqlx::query("UPDATE lead SET wait_reason = $2 WHERE id = $1").bind(lead.id).bind(why).execute(tx).await?;
                Ok(())
            });
            done.unwrap();
        }
        let after = behind(&store, id).await.unwrap();
        assert_eq!(store.look_again(id, after, at(2)).await.unwrap(), 3);
        for (lead, (why, due)) in leads.iter().zip(table) {
            assert_eq!(store.lead(lead.id).await.unwrap().unwrap().next_attempt_at, due, "{why}");
        }
    }

    async fn another_change_begins_anew(store: Store) {
        let id = put_off(&store, 3, "caller_cap: enough").await;
        let after = behind(&store, id).await.unwrap();
        assert_eq!(store.look_again(id, LeadId::new(), at(2)).await.unwrap(), 0, "somebody else is elsewhere");
        assert_eq!(behind(&store, id).await, Some(after));
        assert_eq!(store.look_again(id, after, at(2)).await.unwrap(), 3);
        assert_eq!(store.look_again(id, after, at(3)).await.unwrap(), 0, "a page is looked at once");
    }
}
