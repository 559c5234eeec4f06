//! Leads that a program sends one by one: the audit tells of a minute, and loses none.

use futures_util::future::join_all;

use super::fixtures::{at, campaign, new_lead, place};
use super::support::on_both_engines;
use crate::domain::ids::CampaignId;
use crate::store::Store;
use crate::store::db::Db;
use crate::store::lead_insert::{ListLead, ListPlace, OnDuplicate};

/// The moments of the fixtures begin in the twentieth second of a minute.
const NEXT_MINUTE: i64 = 40_000;

async fn add(store: &Store, place: ListPlace, actor: &str, leads: &[u64], millis: i64) {
    let leads = leads.iter().map(|n| ListLead::of(&new_lead(*n)).unwrap()).collect();
    store.insert_leads_once(place, leads, actor, at(millis), None, |_| unreachable!("it has no key")).await.unwrap();
}

/// Who added leads to a campaign and how many, newest first.
async fn told(store: &Store, campaign: CampaignId) -> Vec<(String, String)> {
    let rows = store.audits(Some(&format!("campaign/{campaign}")), 99).await.unwrap();
    rows.into_iter().filter(|row| row.action == "leads.add").map(|row| (row.actor, row.detail)).collect()
}

on_both_engines! {
    async fn leads_that_one_sends_within_a_minute_are_one_row(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        add(&store, place(spring), "crm", &[1], 0).await;
        add(&store, place(spring), "crm", &[1], 1).await;
        add(&store, place(spring), "crm", &[2, 3], 20_000).await;
        let update = ListPlace { on_duplicate: OnDuplicate::Update, ..place(spring) };
        add(&store, update, "crm", &[1, 4], NEXT_MINUTE - 1).await;
        let row = |actor: &str, detail: &str| (actor.to_owned(), detail.to_owned());
        let minute = row("crm", "4 new, 1 updated");
        assert_eq!(told(&store, spring).await, std::slice::from_ref(&minute));

        add(&store, place(spring), "web", &[5], 30_000).await;
        add(&store, place(spring), "crm", &[6], NEXT_MINUTE).await;
        add(&store, place(autumn), "crm", &[7], 30_000).await;
        let one = "1 new, 0 updated";
        assert_eq!(told(&store, spring).await, [row("crm", one), row("web", one), minute.clone()]);
        assert_eq!(told(&store, autumn).await, [row("crm", one)]);

        add(&store, place(spring), "crm", &[8], 30_000).await;
        assert_eq!(told(&store, spring).await, [row("crm", one), row("web", one), row("crm", "5 new, 1 updated")]);
    }

    async fn leads_that_are_sent_at_once_are_all_told(store: Store) {
        const REQUESTS: u64 = 24;
        let spring = campaign(&store, "spring").await;
        let numbers: Vec<[u64; 1]> = (0..REQUESTS).map(|n| [n]).collect();
        join_all(numbers.iter().map(|number| add(&store, place(spring), "crm", number, 0))).await;
        let rows = told(&store, spring).await;
        let new = |detail: &str| detail.split_once(' ').unwrap().0.parse::<u64>().unwrap();
        assert_eq!(rows.iter().map(|(_, detail)| new(detail)).sum::<u64>(), REQUESTS, "{rows:?}");
        // on PostgreSQL a row that another request holds is not waited for
        let most = if matches!(store.db, Db::Sqlite { .. }) { 1 } else { 12 };
        assert!(rows.len() <= most, "{rows:?}");
    }
}
