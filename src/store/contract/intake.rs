//! Taking imports back, keys of requests, and do-not-call lists.

use std::collections::BTreeMap;

use super::fixtures::{at, attempt, campaign, force_lead_state, lead, new_lead, number, place};
use super::support::on_both_engines;
use crate::domain::dialing::DialTimings;
use crate::domain::doubts::Doubts;
use crate::domain::ids::ImportId;
use crate::domain::lead::LeadState;
use crate::store::dnc::ReadList;
use crate::store::idempotency::{KeptAnswer, KeyState, KeyedRequest};
use crate::store::import::{Import, ImportBatch, ImportPlace, ImportState};
use crate::store::import_undo::{UndoStart, Undone};
use crate::store::lead::{Lead, LeadFilter};
use crate::store::lead_insert::{ListBatch, ListLead, NewLead, OnDuplicate};
use crate::store::{Store, suppression};

on_both_engines! {
    async fn an_undone_import_leaves_the_list_as_it_was(store: Store) {
        let id = campaign(&store, "spring").await;
        for n in 0..3 {
            lead(&store, id, n).await;
        }
        let before = store.leads(&LeadFilter { campaign: Some(id), ..LeadFilter::default() }, None, 100).await.unwrap();
        let import = imported(&store, id, &(1..5_000).map(renamed).collect::<Vec<_>>(), at(5)).await;
        assert_eq!((import.accepted, import.updated), (4_997, 2));
        assert_eq!(i32::from(store.lead(before[1].id).await.unwrap().unwrap().priority.get()), -7);
        let undone = undo(&store, &import).await;
        assert_eq!(undone, Undone { removed: 4_997, restored: 2, kept: 0, kept_leads: Vec::new() });
        let after = store.leads(&LeadFilter { campaign: Some(id), ..LeadFilter::default() }, None, 100).await.unwrap();
        let values = |leads: &[crate::store::lead::Lead]| -> Vec<_> {
            leads.iter().map(|lead| (lead.id, lead.external_id.clone(), lead.variables.clone(), lead.priority, lead.state)).collect()
        };
        assert_eq!(values(&after), values(&before));
        assert_eq!(undo(&store, &import).await, Undone::default(), "twice is once");
        assert_eq!(store.import(import.id).await.unwrap().unwrap().state, ImportState::Undone);
    }

    async fn a_proof_of_consent_goes_with_its_basis_and_comes_back_with_it(store: Store) {
        let id = campaign(&store, "spring").await;
        let consent = async |lead| {
            let Lead { consent_basis, consent_at, consent_ref, .. } = store.lead(lead).await.unwrap().unwrap();
            (consent_basis, consent_at, consent_ref)
        };
        let given = |name: &str, moment| NewLead { consent_ref: Some(name.to_owned()), consent_at: Some(moment), ..new_lead(1) };
        let as_given = |name: &str, moment| (new_lead(1).consent_basis, Some(moment), Some(name.to_owned()));
        let first = imported(&store, id, &[given("form 7", at(-9)), new_lead(2)], at(5)).await;
        let (there, without) = (lead(&store, id, 1).await, lead(&store, id, 2).await);
        assert_eq!(consent(there).await, as_given("form 7", at(-9)), "who is there already keeps it");
        assert_eq!(consent(without).await, (new_lead(2).consent_basis, None, None));
        let renewed = imported(&store, id, &[given("form 8", at(-3))], at(6)).await;
        assert_eq!(consent(there).await, as_given("form 8", at(-3)));
        let taken = imported(&store, id, &[renamed(1)], at(7)).await;
        assert_eq!(consent(there).await, (None, None, None), "a row without it has none");
        assert_eq!((undo(&store, &taken).await.restored, consent(there).await), (1, as_given("form 8", at(-3))));
        assert_eq!((undo(&store, &renewed).await.restored, consent(there).await), (1, as_given("form 7", at(-9))));
        assert_eq!(undo(&store, &first).await.removed, 2);
    }

    async fn what_a_later_import_changed_stays(store: Store) {
        let id = campaign(&store, "spring").await;
        let there = lead(&store, id, 1).await;
        let first = imported(&store, id, &[renamed(1)], at(5)).await;
        let later = imported(&store, id, &[NewLead { external_id: Some("later".to_owned()), ..new_lead(1) }], at(6)).await;
        assert_eq!(undo(&store, &first).await, Undone { kept: 1, kept_leads: vec![there], ..Undone::default() });
        assert_eq!(store.lead(there).await.unwrap().unwrap().external_id.as_deref(), Some("later"));
        assert_eq!(undo(&store, &later).await.restored, 1);
        assert_eq!(store.lead(there).await.unwrap().unwrap().external_id.as_deref(), Some("renamed-1"));
    }

    async fn of_its_own_leads_those_stay_that_a_later_import_changed(store: Store) {
        let id = campaign(&store, "spring").await;
        let first = imported(&store, id, &[new_lead(1), new_lead(2)], at(5)).await;
        let changed = lead(&store, id, 1).await;
        let later = imported(&store, id, &[renamed(1)], at(6)).await;
        assert_eq!(undo(&store, &first).await, Undone { removed: 1, kept: 1, kept_leads: vec![changed], ..Undone::default() });
        assert_eq!(store.lead(changed).await.unwrap().unwrap().external_id.as_deref(), Some("renamed-1"));
        assert_eq!(undo(&store, &later).await.restored, 1);
    }

    async fn who_was_called_by_the_new_values_keeps_them(store: Store) {
        let id = campaign(&store, "spring").await;
        let before = lead(&store, id, 1).await;
        attempt(&store, id, before).await;
        let import = imported(&store, id, &[renamed(1)], at(5)).await;
        assert_eq!(undo(&store, &import).await.restored, 1, "a call by the former values says nothing");

        let since = lead(&store, id, 2).await;
        let import = imported(&store, id, &[renamed(2)], at(-5)).await;
        attempt(&store, id, since).await;
        assert_eq!(store.begin_undo(import.id, "ada", at(9)).await.unwrap(), UndoStart::Dialed(1));
        assert_eq!(store.lead(since).await.unwrap().unwrap().external_id.as_deref(), Some("renamed-2"));
    }

    async fn who_is_called_while_an_import_is_taken_back_stays(store: Store) {
        let id = campaign(&store, "spring").await;
        let there = lead(&store, id, 1).await;
        let import = imported(&store, id, &[renamed(1)], at(-5)).await;
        let UndoStart::Begun(begun) = store.begin_undo(import.id, "ada", at(9)).await.unwrap() else { panic!("it was not dialed") };
        attempt(&store, id, there).await;
        let undone = store.finish_undo(&begun, at(9)).await.unwrap();
        assert_eq!(undone, Undone { kept: 1, kept_leads: vec![there], ..Undone::default() });
    }

    async fn an_update_moves_the_first_call_and_undoing_it_moves_it_back(store: Store) {
        let id = campaign(&store, "spring").await;
        let (new, done, silent) = (lead(&store, id, 1).await, lead(&store, id, 2).await, lead(&store, id, 3).await);
        force_lead_state(&store, done, LeadState::Finished).await;
        let due = async |lead| store.lead(lead).await.unwrap().unwrap().next_attempt_at;
        let not_before = |n, moment| NewLead { not_before: Some(moment), ..new_lead(n) };
        let later = imported(&store, id, &[not_before(1, at(1_000)), not_before(2, at(1_000)), new_lead(3)], at(5)).await;
        assert_eq!([due(new).await, due(done).await, due(silent).await], [at(1_000), at(0), at(0)]);
        imported(&store, id, &[new_lead(1)], at(6)).await;
        assert_eq!(due(new).await, at(1_000), "a row without a time leaves it");
        let sooner = imported(&store, id, &[not_before(1, at(1))], at(7)).await;
        assert_eq!(due(new).await, at(8), "at once");
        assert_eq!(undo(&store, &sooner).await.restored, 1);
        assert_eq!(due(new).await, at(1_000));
        assert_eq!(undo(&store, &later).await.kept, 1, "the import in between is the newer one");
    }

    async fn a_dialed_import_stays(store: Store) {
        let id = campaign(&store, "spring").await;
        let import = imported(&store, id, &[new_lead(1), new_lead(2)], at(5)).await;
        let leads = store.leads(&LeadFilter { campaign: Some(id), ..LeadFilter::default() }, None, 10).await.unwrap();
        attempt(&store, id, leads[0].id).await;
        assert_eq!(store.begin_undo(import.id, "ada", at(9)).await.unwrap(), UndoStart::Dialed(1));
        assert_eq!(store.begin_undo(ImportId::new(), "ada", at(9)).await.unwrap(), UndoStart::Missing);
        assert_eq!(store.campaign_status(id).await.unwrap().total(), 2);
    }

    async fn a_key_is_taken_once(store: Store) {
        let request = KeyedRequest { scope: "POST /v1/x".to_owned(), key: "k".to_owned(), sha256: "aa".to_owned() };
        assert_eq!(store.take_key(&request, at(0)).await.unwrap(), KeyState::New);
        assert_eq!(store.take_key(&request, at(1)).await.unwrap(), KeyState::Unanswered(at(0)));
        let answer = KeptAnswer { status: 201, body: "{}".to_owned() };
        store.keep_answer(&request, &answer).await.unwrap();
        assert_eq!(store.take_key(&request, at(2)).await.unwrap(), KeyState::Answered(answer));
        let other = KeyedRequest { sha256: "bb".to_owned(), ..request.clone() };
        assert_eq!(store.take_key(&other, at(3)).await.unwrap(), KeyState::OtherRequest);
        let elsewhere = KeyedRequest { scope: "POST /v1/y".to_owned(), ..other.clone() };
        assert_eq!(store.take_key(&elsewhere, at(4)).await.unwrap(), KeyState::New);
        let week = 7 * 24 * 3_600 * 1_000;
        assert_eq!(store.take_key(&other, at(week + 1)).await.unwrap(), KeyState::New, "a week later it is forgotten");
    }

    async fn a_list_is_replaced_as_a_whole(store: Store) {
        let (id, timings) = (campaign(&store, "spring").await, DialTimings::default());
        let waiting = lead(&store, id, 1).await;
        let mut first = store.begin_listing("national", at(1)).await.unwrap();
        let off = store.add_listed("national", &[number(1), number(2)], &mut first, &timings, at(1)).await.unwrap().unwrap();
        assert_eq!((off.leads, off.withdrawn), (1, 0));
        assert_eq!(store.lead(waiting).await.unwrap().unwrap().state, LeadState::Suppressed);
        let list = ReadList { name: "national", registry: Some("us"), scrub_date: "2026-11-01" };
        let list = store.finish_listing(list, &first, "ada", at(2)).await.unwrap().unwrap();
        assert_eq!(list.numbers, 2);
        let mut state = store.begin_listing("state", at(3)).await.unwrap();
        store.add_listed("state", &[number(2)], &mut state, &timings, at(3)).await.unwrap().unwrap();
        let mut newer = store.begin_listing("national", at(4)).await.unwrap();
        store.add_listed("national", &[number(3)], &mut newer, &timings, at(4)).await.unwrap().unwrap();
        let list = ReadList { name: "national", registry: None, scrub_date: "2026-11-20" };
        let list = store.finish_listing(list, &newer, "ada", at(5)).await.unwrap().unwrap();
        assert_eq!((list.numbers, list.scrub_date.as_str()), (1, "2026-11-20"));
        let there = [store.is_suppressed(&number(1), id).await.unwrap(), store.is_suppressed(&number(2), id).await.unwrap()];
        assert_eq!(there, [false, true], "the other list still has it");
        let inserted = store.insert_leads(place(id), &[new_lead(2), new_lead(3), new_lead(4)], at(6)).await.unwrap();
        assert_eq!((inserted.accepted, inserted.suppressed), (1, 2));
        assert!(store.remove_dnc_list("national", "ada", "gone", at(7)).await.unwrap());
        assert!(!store.remove_dnc_list("national", "ada", "gone", at(8)).await.unwrap());
        assert_eq!(store.suppressions_of(&number(3)).await.unwrap(), Vec::<suppression::Suppression>::new());
    }
}

fn renamed(n: u64) -> NewLead {
    NewLead { external_id: Some(format!("renamed-{n}")), consent_basis: None, priority: (-7).try_into().unwrap(), ..new_lead(n) }
}

async fn imported(
    store: &Store,
    campaign: crate::domain::ids::CampaignId,
    leads: &[NewLead],
    now: crate::domain::time::Timestamp,
) -> Import {
    let import = store.start_import(campaign, "list.csv", "abc", "alike", "test", now).await.unwrap();
    let batch = ImportBatch {
        from: ImportPlace::default(),
        to: ImportPlace::at(9),
        rows: leads.len() as u64,
        rejected: 0,
        by_code: &BTreeMap::new(),
        doubts: &Doubts::default(),
        rejects_bytes: 0,
        updated: 0,
        duplicates: 0,
        leads: ListBatch::of(leads.iter().map(|lead| ListLead::of(lead).unwrap()).collect()).unwrap(),
        on_duplicate: OnDuplicate::Update,
    };
    store.append_import(&import, batch, now).await.unwrap().unwrap();
    store.end_import(import.id, ImportState::Done, now).await.unwrap();
    store.import(import.id).await.unwrap().unwrap()
}

async fn undo(store: &Store, import: &Import) -> Undone {
    let UndoStart::Begun(import) = store.begin_undo(import.id, "ada", at(9)).await.unwrap() else { panic!("it was not dialed") };
    store.finish_undo(&import, at(9)).await.unwrap()
}
