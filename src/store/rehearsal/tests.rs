//! The copy holds what decides about calls and nothing else, and the original stays as it is.

use serde_json::json;

use crate::domain::attempt::DialKind;
use crate::domain::campaign::CampaignState;
use crate::domain::ids::{AttemptId, CampaignId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::store::contract::fixtures::{at, attempt, campaign, force_lead_state, lead, new_lead, number, place};
use crate::store::contract::support::on_both_engines;
use crate::store::db::on_db;
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::NewLead;
use crate::store::rehearsal::copy::{Copied, CopyOrder};
use crate::store::{Store, StoreError};

async fn copy_of(store: &Store, id: CampaignId) -> (Store, Copied, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let copy = Store::scratch(folder.path()).await.unwrap();
    copy.migrate().await.unwrap();
    let campaign = store.campaign(id).await.unwrap().unwrap();
    let settings = json!({ "caller_numbers": ["+14155550200"], "pace": { "lines": 7 } });
    let order = CopyOrder { campaign: &campaign, settings: &settings, state: CampaignState::Running, from: at(0) };
    let copied = store.copy_campaign(&copy, &order).await.unwrap();
    (copy, copied, folder)
}

/// An ended call that was placed at this moment.
async fn placed(store: &Store, campaign: CampaignId, lead: LeadId, moment: Timestamp) -> AttemptId {
    let id = attempt(store, campaign, lead).await;
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        let sql = "UPDATE attempt SET state = 'ended', placed_at = $2, disposition = 'busy' WHERE id = $1";
        sqlx::query(sql).bind(id).bind(moment).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
    id
}

/// Written past the lists that have it.
async fn suppress(store: &Store, n: u64) {
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        let sql = "INSERT INTO suppression (phone_number, scope, source, created_at) VALUES ($1, 'global', 'list', $2)";
        sqlx::query(sql).bind(number(n)).bind(at(0)).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
}

async fn count(store: &Store, table: &'static str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    let counted: Result<i64, StoreError> = on_db!(store.db, read, conn => Ok(sqlx::query_scalar(sql).fetch_one(conn).await?));
    counted.unwrap()
}

on_both_engines! {
    async fn a_copy_has_the_open_leads_and_what_decides_about_them(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        let mut leads = Vec::new();
        for n in 0..4 {
            let new = NewLead { priority: 9.try_into().unwrap(), ..new_lead(n) };
            store.insert_leads(place(spring), &[new], at(0)).await.unwrap();
            leads.push(lead(&store, spring, n).await);
        }
        force_lead_state(&store, leads[2], LeadState::Active).await;
        force_lead_state(&store, leads[3], LeadState::Finished).await;
        let elsewhere = lead(&store, autumn, 9).await;
        placed(&store, spring, leads[0], at(-7 * 86_400_000)).await;
        placed(&store, autumn, elsewhere, at(-3_600_000)).await;
        suppress(&store, 1).await;
        suppress(&store, 9).await;

        let (copy, copied, _folder) = copy_of(&store, spring).await;
        let left_out = [(LeadState::Active, 1), (LeadState::Finished, 1)].into();
        assert_eq!(copied, Copied { leads: 2, left_out, spent: NanoUsd::ZERO });
        let there = copy.campaign(spring).await.unwrap().unwrap();
        assert_eq!((there.state, there.checked_settings().unwrap().lines), (CampaignState::Running, 7));
        let open = copy.leads(&LeadFilter { campaign: Some(spring), ..LeadFilter::default() }, None, 10).await.unwrap();
        let mut ids: Vec<LeadId> = open.iter().map(|lead| lead.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, leads[..2]);
        assert!(open.iter().all(|lead| lead.priority.get() == 9));
        assert!(open.iter().all(|lead| lead.variables.is_empty() && lead.external_id.is_none()), "names are nobody's business here");
        assert_eq!(open.iter().map(|lead| &lead.zones).collect::<Vec<_>>(), vec![&store.lead(leads[0]).await.unwrap().unwrap().zones; 2]);
        assert_eq!((count(&copy, "attempt").await, count(&copy, "suppression").await), (2, 1));
        assert_eq!(copy.hours_classes(spring).await.unwrap(), store.hours_classes(spring).await.unwrap());
        copy.close().await;
    }

    async fn nothing_is_written_to_the_original(store: Store) {
        let spring = campaign(&store, "spring").await;
        let first = lead(&store, spring, 1).await;
        let before = (store.campaign(spring).await.unwrap(), store.lead(first).await.unwrap(), count(&store, "audit").await);
        let (copy, _, _folder) = copy_of(&store, spring).await;
        assert_eq!(before, (store.campaign(spring).await.unwrap(), store.lead(first).await.unwrap(), count(&store, "audit").await));
        copy.close().await;
    }

    async fn the_first_due_of_each_class_is_found(store: Store) {
        let spring = campaign(&store, "spring").await;
        let (first, second) = (lead(&store, spring, 1).await, lead(&store, spring, 2).await);
        let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
            let sql = "UPDATE lead SET next_attempt_at = $2, next_kind = $3, state = $4 WHERE id = $1";
            sqlx::query(sql).bind(first).bind(at(500)).bind(DialKind::Fresh).bind(LeadState::New).execute(&mut *tx).await?;
            sqlx::query(sql).bind(second).bind(at(900)).bind(DialKind::Callback).bind(LeadState::Waiting).execute(&mut *tx).await?;
            Ok(())
        });
        done.unwrap();
        let due = async |callbacks| store.first_due_by_class(spring, callbacks).await.unwrap().into_iter().map(|(_, at)| at).collect::<Vec<_>>();
        assert_eq!((due(false).await, due(true).await), (vec![at(500)], vec![at(900)]));
        for (n, priority, moment) in [(3, 99, 700), (4, 50, 400), (5, -99, 600)] {
            let new = NewLead { priority: priority.try_into().unwrap(), not_before: Some(at(moment)), ..new_lead(n) };
            store.insert_leads(place(spring), &[new], at(0)).await.unwrap();
        }
        assert_eq!(due(false).await, vec![at(400)], "of whatever priority");
    }

    async fn past_calls_are_told_newest_first(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        let (here, there) = (lead(&store, spring, 1).await, lead(&store, autumn, 2).await);
        placed(&store, spring, here, at(0)).await;
        placed(&store, autumn, there, at(1)).await;
        let calls = async |of| store.past_calls(of, 10).await.unwrap().len();
        assert_eq!((calls(Some(spring)).await, calls(None).await), (1, 2));
    }
}
