//! Leads: in once per number, out in the order of the list, changed only along their table.

use futures_util::TryStreamExt;
use serde_json::json;

use super::fixtures::{at, attempt, campaign, force_lead_state, lead, new_lead, number, place};
use super::support::on_both_engines;
use crate::domain::attempt::DialKind;
use crate::domain::campaign::CampaignState;
use crate::domain::ids::{CampaignId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::phone::PhoneNumber;
use crate::domain::priority::Priority;
use crate::store::Change;
use crate::store::campaign::CampaignChange;
use crate::store::codec::JsonText;
use crate::store::lead::{Lead, LeadFilter, LeadResult};
use crate::store::lead_insert::{Inserted, ListPlace, NewLead, OnDuplicate};
use crate::store::lead_lacks::LackCount;
use crate::store::lead_waits::ConsentCount;
use crate::store::suppression::{NewSuppression, Scope, SuppressionSource};

on_both_engines! {
    async fn a_lead_comes_back_as_it_went_in(store: Store) {
        let id = campaign(&store, "spring").await;
        let lead_id = lead(&store, id, 7).await;
        let stored = store.lead(lead_id).await.unwrap().unwrap();
        let new = new_lead(7);
        assert_eq!((&stored.phone_number, &stored.external_id, &stored.consent_basis), (&new.phone_number, &new.external_id, &new.consent_basis));
        assert_eq!((&stored.zones, &stored.variables, stored.priority), (&new.zones, &new.variables, Priority::default()));
        assert_eq!((stored.state, stored.next_kind, stored.next_attempt_at), (LeadState::New, DialKind::Fresh, at(0)));
        assert_eq!(store.lead(LeadId::new()).await.unwrap(), None);
    }

    async fn a_number_is_on_a_list_once(store: Store) {
        let id = campaign(&store, "spring").await;
        let rows = [new_lead(1), new_lead(2), new_lead(1)];
        let sum = store.insert_leads(place(id), &rows, at(0)).await.unwrap();
        assert_eq!(sum, Inserted { accepted: 2, duplicates: 1, ..Inserted::default() });
        let other = campaign(&store, "autumn").await;
        assert_eq!(store.insert_leads(place(other), &rows, at(0)).await.unwrap().accepted, 2, "another list may have it too");
    }

    async fn leads_of_no_campaign_are_refused_and_not_stored(store: Store) {
        for on_duplicate in [OnDuplicate::Skip, OnDuplicate::Update] {
            let nowhere = ListPlace { on_duplicate, ..place(CampaignId::new()) };
            assert!(store.insert_leads(nowhere, &[new_lead(1)], at(0)).await.is_err(), "{on_duplicate}");
            assert_eq!(store.lead_values(nowhere.campaign, &[number(1)]).await.unwrap(), Vec::new());
        }
    }

    async fn updating_takes_the_last_row_and_keeps_the_history(store: Store) {
        let id = campaign(&store, "spring").await;
        let lead_id = lead(&store, id, 1).await;
        force_lead_state(&store, lead_id, LeadState::Finished).await;
        let update = ListPlace { on_duplicate: OnDuplicate::Update, ..place(id) };
        let (mut early, mut late) = (new_lead(1), NewLead { priority: 99.try_into().unwrap(), ..new_lead(1) });
        early.external_id = Some("early".into());
        late.external_id = Some("late".into());
        late.variables.0.insert("city".into(), json!("Oslo"));
        let sum = store.insert_leads(update, &[early, new_lead(2), late], at(9)).await.unwrap();
        assert_eq!(sum, Inserted { accepted: 1, updated: 1, duplicates: 1, suppressed: 0 });
        let stored = store.lead(lead_id).await.unwrap().unwrap();
        assert_eq!((stored.external_id.as_deref(), stored.variables["city"].as_str()), (Some("late"), Some("Oslo")));
        assert_eq!(i32::from(stored.priority.get()), 99);
        assert_eq!((stored.state, stored.created_at, stored.updated_at), (LeadState::Finished, at(0), at(9)));
    }

    async fn suppressed_numbers_are_listed_but_never_due(store: Store) {
        let id = campaign(&store, "spring").await;
        for (n, scope) in [(1, Scope::Global), (2, Scope::Campaign(id)), (3, Scope::Campaign(campaign(&store, "other").await))] {
            let new = NewSuppression { phone_number: &number(n), scope, source: SuppressionSource::Operator, attempt: None };
            store.suppress(new, at(0)).await.unwrap();
        }
        let rows: Vec<_> = (1..=4).map(new_lead).collect();
        let sum = store.insert_leads(place(id), &rows, at(1)).await.unwrap();
        assert_eq!(sum, Inserted { accepted: 2, suppressed: 2, ..Inserted::default() });
        let suppressed = LeadFilter { campaign: Some(id), state: Some(LeadState::Suppressed), ..LeadFilter::default() };
        let numbers: Vec<_> = store.leads(&suppressed, None, 10).await.unwrap().into_iter().map(|lead| lead.phone_number).collect();
        assert_eq!(numbers, [number(1), number(2)]);
    }

    async fn who_opts_out_when_no_list_would_call_them_has_opted_out(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        let phone_number = number(1);
        let said = |source| NewSuppression { phone_number: &phone_number, scope: Scope::Global, source, attempt: None };
        store.suppress(said(SuppressionSource::Operator), at(0)).await.unwrap();
        let leads = [lead(&store, spring, 1).await, lead(&store, autumn, 1).await, lead(&store, spring, 2).await];
        let flags = async || {
            let mut flags = Vec::new();
            for lead in leads {
                flags.push(store.lead(lead).await.unwrap().unwrap().opt_out);
            }
            flags
        };
        assert_eq!(flags().await, [false; 3]);
        let one = NewSuppression { scope: Scope::Campaign(spring), ..said(SuppressionSource::OptOut) };
        store.suppress(one, at(1)).await.unwrap();
        assert_eq!(flags().await, [true, false, false]);
        let all = store.suppress(said(SuppressionSource::OptOut), at(2)).await.unwrap();
        assert_eq!((flags().await, all.leads), (vec![true, true, false], 0), "nobody waited any more");
    }

    async fn who_opts_out_is_met_in_either_spelling(store: Store) {
        let id = campaign(&store, "spring").await;
        let [read, written] = ["+442079460197", "+4402079460197"].map(|text| PhoneNumber::from_e164(text).unwrap());
        let before = NewLead { phone_number: written.clone(), ..new_lead(1) };
        store.insert_leads(place(id), &[before], at(0)).await.unwrap();
        let said = |phone_number| NewSuppression { phone_number, scope: Scope::Global, source: SuppressionSource::OptOut, attempt: None };
        assert_eq!(store.suppress(said(&read), at(1)).await.unwrap().leads, 1, "a list was once read with the zero");
        assert!(store.is_suppressed(&written, id).await.unwrap() && store.is_suppressed(&read, id).await.unwrap());
        let filter = LeadFilter { phone_number: Some(read.clone()), ..LeadFilter::default() };
        assert!(store.leads(&filter, None, 1).await.unwrap()[0].opt_out);
        assert_eq!(store.suppressions_of(&read).await.unwrap().len(), 2, "one entry for each spelling");
        assert_eq!(store.unsuppress(&written, None, "ada", "a mistake", at(2)).await.unwrap(), 2);
        assert!(store.suppressions_of(&read).await.unwrap().is_empty());
        store.suppress(said(&written), at(3)).await.unwrap();
        let later = NewLead { phone_number: read.clone(), ..new_lead(2) };
        assert_eq!(store.insert_leads(place(id), &[later], at(4)).await.unwrap().suppressed, 1, "lists are read without it");
    }

    async fn pages_follow_each_other_without_gaps(store: Store) {
        let id = campaign(&store, "spring").await;
        let rows: Vec<_> = (0..1_234).map(new_lead).collect();
        assert_eq!(store.insert_leads(place(id), &rows, at(0)).await.unwrap().accepted, 1_234);
        let (filter, mut read, mut after) = (LeadFilter { campaign: Some(id), ..LeadFilter::default() }, Vec::new(), None);
        loop {
            let page: Vec<Lead> = store.leads(&filter, after, 500).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            read.extend(page.into_iter().map(|lead| lead.phone_number));
        }
        let listed: Vec<_> = rows.iter().map(|row| row.phone_number.clone()).collect();
        assert!(read == listed, "the pages are the list, in its order");
        let exported: Vec<LeadResult> = sendable(store.export_leads(id)).try_collect().await.unwrap();
        assert!(exported.iter().map(|row| &row.lead.phone_number).eq(&listed), "the export is the list, in its order");
    }

    async fn filters_narrow(store: Store) {
        let id = campaign(&store, "spring").await;
        let (first, _) = (lead(&store, id, 1).await, lead(&store, id, 2).await);
        lead(&store, campaign(&store, "other").await, 1).await;
        let found = |filter: LeadFilter| { let store = store.clone(); async move { store.leads(&filter, None, 10).await.unwrap().len() } };
        assert_eq!(found(LeadFilter::default()).await, 3);
        assert_eq!(found(LeadFilter { phone_number: Some(number(1)), ..LeadFilter::default() }).await, 2);
        assert_eq!(found(LeadFilter { external_id: Some("crm-2".into()), ..LeadFilter::default() }).await, 1);
        force_lead_state(&store, first, LeadState::Parked).await;
        assert_eq!(found(LeadFilter { campaign: Some(id), state: Some(LeadState::Parked), ..LeadFilter::default() }).await, 1);
    }

    async fn the_export_sums_calls_and_cost(store: Store) {
        let id = campaign(&store, "spring").await;
        let lead_id = lead(&store, id, 1).await;
        attempt(&store, id, lead_id).await;
        let rows: Vec<LeadResult> = store.export_leads(id).try_collect().await.unwrap();
        assert_eq!((rows.len(), rows[0].lead.id, rows[0].duration_s, rows[0].cost.0), (1, lead_id, 42, 0));
    }

    async fn cancelling_and_retrying_follow_the_table(store: Store) {
        let id = campaign(&store, "spring").await;
        for (n, &state) in LeadState::ALL.iter().enumerate() {
            let lead_id = lead(&store, id, n as u64).await;
            force_lead_state(&store, lead_id, state).await;
            assert_moves(store.retry_lead(lead_id, "ada", at(5)).await.unwrap(), state, LeadState::Waiting, |from| {
                matches!(from, LeadState::Finished | LeadState::Parked)
            });
            force_lead_state(&store, lead_id, state).await;
            assert_moves(store.cancel_lead(lead_id, "ada", at(6)).await.unwrap(), state, LeadState::Cancelled, |_| true);
        }
        assert_eq!(store.cancel_lead(LeadId::new(), "ada", at(7)).await.unwrap(), Change::Missing);
    }

    async fn a_retried_lead_is_due_at_once(store: Store) {
        let lead_id = lead(&store, campaign(&store, "spring").await, 1).await;
        force_lead_state(&store, lead_id, LeadState::Finished).await;
        assert!(store.retry_lead(lead_id, "ada", at(5)).await.unwrap().is_changed());
        let stored = store.lead(lead_id).await.unwrap().unwrap();
        assert_eq!((stored.state, stored.next_kind, stored.next_attempt_at), (LeadState::Waiting, DialKind::Retry, at(5)));
    }

    async fn parked_leads_are_not_called_before_their_time(store: Store) {
        let id = campaign(&store, "spring").await;
        let later = NewLead { not_before: Some(at(1_000)), ..new_lead(1) };
        store.insert_leads(place(id), &[later, new_lead(2)], at(0)).await.unwrap();
        let (later, due) = (lead(&store, id, 1).await, lead(&store, id, 2).await);
        for parked in [later, due] {
            force_lead_state(&store, parked, LeadState::Parked).await;
        }
        assert_eq!(store.retry_parked(id, "ada", at(5)).await.unwrap(), 2);
        for (lead, moment) in [(later, at(1_000)), (due, at(5))] {
            let stored = store.lead(lead).await.unwrap().unwrap();
            assert_eq!((stored.state, stored.next_kind, stored.next_attempt_at), (LeadState::Waiting, DialKind::Fresh, moment));
        }
    }

    async fn leads_without_a_consent_basis_are_counted(store: Store) {
        let id = campaign(&store, "spring").await;
        let (none, blank) = (NewLead { consent_basis: None, ..new_lead(1) }, NewLead { consent_basis: Some(" ".into()), ..new_lead(2) });
        store.insert_leads(place(id), &[none, blank, new_lead(3)], at(0)).await.unwrap();
        assert_eq!(store.consent_count(id).await.unwrap(), ConsentCount { lacking: 2, leads: 3 });
        force_lead_state(&store, lead(&store, id, 1).await, LeadState::Finished).await;
        assert_eq!(store.consent_count(id).await.unwrap(), ConsentCount { lacking: 1, leads: 2 });
    }

    async fn leads_without_a_variable_are_counted(store: Store) {
        let id = campaign(&store, "spring").await;
        let with = |n, key: &str, value: &str| {
            let variables = JsonText([(key.to_owned(), json!(value))].into_iter().collect());
            NewLead { variables, ..new_lead(n) }
        };
        let rows = [("city", "Oakland"), ("note", "\"city\":"), ("cityx", "a"), ("City", "b"), ("city", "c")];
        let leads: Vec<NewLead> = (1..).zip(rows).map(|(n, (key, value))| with(n, key, value)).collect();
        store.insert_leads(place(id), &leads, at(0)).await.unwrap();
        assert_eq!(store.lacking(id, &["city", "plan"]).await.unwrap(), LackCount { leads: 5, lacking: vec![3, 5] });
        force_lead_state(&store, lead(&store, id, 3).await, LeadState::Finished).await;
        assert_eq!(store.lacking(id, &["plan", "city"]).await.unwrap(), LackCount { leads: 4, lacking: vec![4, 2] });
        assert_eq!(store.lacking(id, &[]).await.unwrap(), LackCount { leads: 4, lacking: Vec::new() });
    }

    async fn a_variable_is_found_whatever_its_name_is_made_of(store: Store) {
        let id = campaign(&store, "spring").await;
        let names = ["a b", "a.b", "a\"b", "a'b", "a\\b", "$.a", "%", "[0]", "é"];
        let all = names.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
        let leads = [NewLead { variables: JsonText(all), ..new_lead(1) }, new_lead(2)];
        store.insert_leads(place(id), &leads, at(0)).await.unwrap();
        assert_eq!(store.lacking(id, &names).await.unwrap(), LackCount { leads: 2, lacking: vec![1; names.len()] });
        let parts = ["a", "b", "", "_", "e"];
        assert_eq!(store.lacking(id, &parts).await.unwrap(), LackCount { leads: 2, lacking: vec![2; parts.len()] }, "of no other name");
    }

    async fn waiting_leads_are_counted_by_how_their_numbers_begin(store: Store) {
        let id = campaign(&store, "spring").await;
        let abroad = NewLead { phone_number: PhoneNumber::from_e164("+525512345678").unwrap(), ..new_lead(9) };
        store.insert_leads(place(id), &[new_lead(1), new_lead(2), abroad], at(0)).await.unwrap();
        force_lead_state(&store, lead(&store, id, 3).await, LeadState::Finished).await;
        force_lead_state(&store, lead(&store, id, 2).await, LeadState::Parked).await;
        let mut openings = store.lead_openings(id).await.unwrap();
        openings.sort();
        assert_eq!(openings, [("1415".to_owned(), 2, 1), ("5255".to_owned(), 1, 0)]);
    }

    async fn a_number_is_found_on_a_list_that_is_still_called(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        let own = lead(&store, spring, 1).await;
        lead(&store, autumn, 2).await;
        let found = async |n| store.campaign_that_calls(&number(n)).await.unwrap();
        assert_eq!([found(1).await.as_deref(), found(2).await.as_deref(), found(3).await.as_deref()], [Some("spring"), Some("autumn"), None]);
        force_lead_state(&store, own, LeadState::Finished).await;
        assert_eq!(found(1).await, None, "that one is called no more");
        let give_up = CampaignChange { from: CampaignState::Draft, to: CampaignState::Cancelled, reason: None, actor: "ada" };
        assert!(store.change_campaign_state(autumn, give_up, at(1)).await.unwrap().is_changed());
        assert_eq!(found(2).await, None, "nor is anybody of that campaign");
    }

    async fn who_opted_out_is_never_retried(store: Store) {
        let lead_id = lead(&store, campaign(&store, "spring").await, 1).await;
        let opt_out = NewSuppression { phone_number: &number(1), scope: Scope::Global, source: SuppressionSource::OptOut, attempt: None };
        store.suppress(opt_out, at(1)).await.unwrap();
        force_lead_state(&store, lead_id, LeadState::Finished).await;
        assert_eq!(store.retry_lead(lead_id, "ada", at(5)).await.unwrap(), Change::Was(LeadState::Finished));
    }
}

/// A change happens exactly where the table has it and this verb is meant for it.
fn assert_moves(change: Change<LeadState>, from: LeadState, to: LeadState, meant_for: fn(LeadState) -> bool) {
    let allowed = from.may_become(to) && meant_for(from);
    let expected = if allowed { Change::Changed } else { Change::Was(from) };
    assert_eq!(change, expected, "{from} to {to}");
}

/// An export can be handed to another task.
fn sendable<T: Send>(export: T) -> T {
    export
}
