//! What operators look at: waits, listings, the server's own clock.

use std::time::Duration;

use futures_util::TryStreamExt;

use super::fixtures::{at, attempt, campaign, lead, new_lead, number, place};
use super::support::on_both_engines;
use crate::agents::load::load;
use crate::domain::attempt::DialKind;
use crate::domain::ids::WorkerId;
use crate::domain::lead::LeadState;
use crate::store::Change;
use crate::store::lead_insert::NewLead;
use crate::store::lease::SCHEDULER;

on_both_engines! {
    async fn leads_are_counted_by_what_they_wait_for(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        let later = NewLead { not_before: Some(at(60_000)), ..new_lead(3) };
        store.insert_leads(place(spring), &[new_lead(1), new_lead(2), later], at(0)).await.unwrap();
        lead(&store, autumn, 4).await;
        let waits = store.lead_waits(spring, at(1), 10).await.unwrap();
        assert_eq!(waits.len(), 1);
        assert_eq!((waits[0].state, waits[0].next_kind, waits[0].leads, waits[0].due), (LeadState::New, DialKind::Fresh, 3, 2));
        assert_eq!(waits[0].next_at, Some(at(60_000)), "a lead is not called before its time");
        let classes = store.due_by_hours_class(spring, false, at(1)).await.unwrap();
        let (leads, due) = (classes.iter().map(|class| class.leads).sum::<i64>(), classes.iter().map(|class| class.due).sum::<i64>());
        assert_eq!((leads, due, classes.iter().find_map(|class| class.next_at)), (3, 2, Some(at(60_000))), "by their hours too");
        assert!(classes.iter().all(|class| class.opening == "1415"), "and by their country: {classes:?}");
        let counts = store.lead_counts().await.unwrap();
        assert_eq!(counts.iter().map(|count| count.leads).sum::<i64>(), 4);
    }

    async fn a_lead_can_be_put_first(store: Store) {
        let spring = campaign(&store, "spring").await;
        let id = lead(&store, spring, 1).await;
        lead(&store, spring, 2).await;
        let leads = async |draining| {
            let classes = store.due_by_hours_class(spring, draining, at(5)).await.unwrap();
            classes.iter().map(|class| class.leads).sum::<i64>()
        };
        assert_eq!((leads(false).await, leads(true).await), (2, 0));
        assert_eq!(store.call_lead_next(id, "ada", at(5)).await.unwrap(), Change::Changed);
        assert_eq!((leads(false).await, leads(true).await), (2, 1), "it goes where promised callbacks are");
        let due = store.due_leads(spring, &[DialKind::Callback], at(5), 10).await.unwrap();
        assert_eq!(due.iter().map(|due| due.lead).collect::<Vec<_>>(), [id]);
    }

    async fn values_are_known_by_campaign(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        lead(&store, spring, 1).await;
        let known = store.lead_values(spring, &[number(1), number(2)]).await.unwrap();
        assert_eq!(known.iter().map(|lead| (&lead.phone_number, lead.external_id.as_deref())).collect::<Vec<_>>(), [(&number(1), Some("crm-1"))]);
        assert_eq!(store.lead_values(autumn, &[number(1)]).await.unwrap(), []);
    }

    async fn an_export_has_the_last_call_and_no_note_where_there_is_none(store: Store) {
        let spring = campaign(&store, "spring").await;
        let id = lead(&store, spring, 1).await;
        attempt(&store, spring, id).await;
        let rows: Vec<_> = store.export_leads(spring).try_collect().await.unwrap();
        assert_eq!((rows[0].duration_s, rows[0].last_attempt_at, rows[0].summary.as_deref()), (42, None, None));
    }

    async fn every_version_is_listed_newest_first(store: Store) {
        let mut agent = load(include_str!("../../../config/demo/agent.toml")).unwrap();
        store.save_agent(&agent, &[], at(0)).await.unwrap();
        agent.company = "Another".to_owned();
        store.save_agent(&agent, &[], at(1)).await.unwrap();
        let versions = store.agent_versions().await.unwrap();
        assert_eq!(versions.iter().map(|listed| listed.version).collect::<Vec<_>>(), [2, 1]);
    }

    async fn a_lease_is_held_until_it_is_given_back(store: Store) {
        assert_eq!(store.lease_holder(SCHEDULER).await.unwrap(), None);
        let lease = store.acquire_lease(SCHEDULER, WorkerId::new(), Duration::from_secs(60)).await.unwrap().unwrap();
        assert_eq!(store.lease_holder(SCHEDULER).await.unwrap(), Some(lease.holder));
        store.release_lease(&lease).await.unwrap();
        assert_eq!(store.lease_holder(SCHEDULER).await.unwrap(), None);
    }

    async fn the_database_tells_the_time(store: Store) {
        let (first, second) = (store.database_now().await.unwrap(), store.database_now().await.unwrap());
        assert!(second >= first);
        store.server_setting("synchronous_commit").await.unwrap();
        assert_eq!(store.server_setting("no_such_setting").await.unwrap(), None);
    }
}
