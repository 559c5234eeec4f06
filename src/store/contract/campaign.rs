//! Campaigns: made once per name, moved along their table of states, counted.

use serde_json::json;

use super::fixtures::{at, attempt, campaign, lead};
use super::support::on_both_engines;
use crate::domain::campaign::CampaignState::{Cancelled, Completed, Draft, Paused, Running};
use crate::domain::ids::{AgentVersionId, CampaignId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::store::Change;
use crate::store::campaign::{CampaignChange, NewCampaign};

on_both_engines! {
    async fn a_name_is_taken_once(store: Store) {
        let id = campaign(&store, "spring").await;
        let settings = json!({});
        let again = NewCampaign { name: "spring", settings: &settings, agent_version: None };
        assert_eq!(store.create_campaign(again, "test", at(1)).await.unwrap(), None);
        let found = store.campaign_by_name("spring").await.unwrap().unwrap();
        assert_eq!((found.id, found.state, found.created_at), (id, Draft, at(0)));
        assert_eq!(found.settings.0, json!({ "lines": 5 }));
        assert_eq!(store.campaign(id).await.unwrap(), Some(found));
        assert_eq!(store.campaign_by_name("autumn").await.unwrap(), None);
        assert_eq!(store.campaigns_in(&[Running, Draft]).await.unwrap().len(), 1);
        assert_eq!(store.campaigns_in(&[Running]).await.unwrap().len(), 0);
        assert_eq!(store.campaigns().await.unwrap().len(), 1);
    }

    async fn a_state_changes_only_from_the_state_that_was_seen(store: Store) {
        let id = campaign(&store, "spring").await;
        let change = |from, to| CampaignChange { from, to, reason: Some("because"), actor: "ada" };
        assert_eq!(store.change_campaign_state(id, change(Draft, Running), at(1)).await.unwrap(), Change::Changed);
        assert_eq!(store.change_campaign_state(id, change(Draft, Running), at(2)).await.unwrap(), Change::Was(Running));
        assert_eq!(store.change_campaign_state(id, change(Running, Draft), at(3)).await.unwrap(), Change::Was(Running), "not in the table");
        assert_eq!(store.change_campaign_state(CampaignId::new(), change(Draft, Running), at(4)).await.unwrap(), Change::Missing);
        assert_eq!(store.change_campaign_state(id, change(Running, Paused), at(5)).await.unwrap(), Change::Changed);
        assert_eq!(store.change_campaign_state(id, change(Paused, Running), at(6)).await.unwrap(), Change::Changed);
        assert_eq!(store.change_campaign_state(id, change(Running, Completed), at(7)).await.unwrap(), Change::Changed);
        let row = store.campaign(id).await.unwrap().unwrap();
        assert_eq!((row.started_at, row.ended_at), (Some(at(1)), Some(at(7))));
        assert_eq!(store.change_campaign_state(id, change(Completed, Running), at(8)).await.unwrap(), Change::Changed);
        assert_eq!(store.campaign(id).await.unwrap().unwrap().ended_at, None);
        assert_eq!(store.change_campaign_state(id, change(Running, Cancelled), at(9)).await.unwrap(), Change::Changed);

        let audits = store.audits(Some(&format!("campaign/{id}")), 100).await.unwrap();
        assert_eq!(audits.len(), 7, "one for the making and one for each change, none for what was refused");
        assert_eq!(audits[0].detail, "running to cancelled: because");
        assert_eq!((audits[0].at, audits[0].actor.as_str()), (at(9), "ada"));
    }

    async fn settings_change_only_over_the_version_that_was_read(store: Store) {
        let id = campaign(&store, "spring").await;
        assert_eq!(store.change_campaign_settings(id, 1, &json!({ "lines": 9 }), "ada", at(1)).await.unwrap(), Some(2));
        assert_eq!(store.change_campaign_settings(id, 1, &json!({ "lines": 1 }), "bob", at(2)).await.unwrap(), None);
        assert_eq!(store.campaign(id).await.unwrap().unwrap().settings.0, json!({ "lines": 9 }));
    }

    async fn settings_that_change_nothing_leave_no_row_in_the_audit(store: Store) {
        let id = campaign(&store, "spring").await;
        for version in [1, 2] {
            let changed = store.change_campaign_settings(id, version, &json!({ "lines": 9 }), "ada", at(1)).await.unwrap();
            assert_eq!(changed, Some(2), "there is no version of nothing new");
        }
        assert_eq!(store.change_campaign_settings(id, 1, &json!({ "lines": 9 }), "bob", at(2)).await.unwrap(), None);
        let audits = store.audits(Some(&format!("campaign/{id}")), 9).await.unwrap();
        let told: Vec<_> = audits.iter().map(|audit| (audit.action.as_str(), audit.detail.as_str())).collect();
        assert_eq!(told, [("campaign.settings", "lines: 5 -> 9"), ("campaign.create", "spring")]);
    }

    async fn a_step_without_a_reason_is_told_without_one(store: Store) {
        let id = campaign(&store, "spring").await;
        let change = CampaignChange { from: Draft, to: Running, reason: None, actor: "ada" };
        assert!(store.change_campaign_state(id, change, at(1)).await.unwrap().is_changed());
        assert_eq!(store.audits(Some(&format!("campaign/{id}")), 1).await.unwrap()[0].detail, "draft to running");
    }

    async fn an_agent_that_does_not_exist_cannot_be_pinned(store: Store) {
        let id = campaign(&store, "spring").await;
        let refusal = store.pin_agent(id, AgentVersionId::new(), "ada", at(1)).await.unwrap_err();
        assert!(!refusal.retry_helps(), "{refusal}");
        assert_eq!(store.campaign(id).await.unwrap().unwrap().version, 1);
    }

    async fn the_status_adds_up(store: Store) {
        let id = campaign(&store, "spring").await;
        assert_eq!(store.campaign_status(id).await.unwrap(), Default::default());
        let first = lead(&store, id, 1).await;
        lead(&store, id, 2).await;
        lead(&store, campaign(&store, "other").await, 3).await;
        attempt(&store, id, first).await;
        assert!(store.cancel_lead(first, "ada", at(5)).await.unwrap().is_changed());
        let status = store.campaign_status(id).await.unwrap();
        assert_eq!((status.total(), status.in_state(LeadState::New), status.in_state(LeadState::Cancelled)), (2, 1, 1));
        assert_eq!((status.next_due, status.reserved, status.spent), (Some(at(0)), NanoUsd(7000), NanoUsd::ZERO));
    }
}
