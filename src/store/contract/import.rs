//! Imports and suppressions: both or neither, once, and where they were after a stop.

use std::collections::BTreeMap;

use super::fixtures::{at, campaign, force_lead_state, lead, new_lead, number};
use super::support::on_both_engines;
use crate::domain::background::{IMPORT, allows};
use crate::domain::doubts::{DoubtCode, Doubts};
use crate::domain::ids::AttemptId;
use crate::domain::lead::LeadState;
use crate::domain::outcome::{Disposition, Reason};
use crate::store::import::{ImportBatch, ImportPlace, ImportState};
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::{ListBatch, ListLead, NewLead, OnDuplicate};
use crate::store::suppression::{NewSuppression, Scope, Suppressed, SuppressionSource};

on_both_engines! {
    async fn an_import_moves_with_its_leads(store: Store) {
        let id = campaign(&store, "spring").await;
        let import = store.start_import(id, "list.csv", "abc", "alike", "test", at(0)).await.unwrap();
        let leads: Vec<_> = (0..10).map(new_lead).collect();
        let mut doubts = Doubts { rows: 10, ..Doubts::default() };
        doubts.add(DoubtCode::NoConsentBasis, 7);
        let piece = ImportBatch { doubts: &doubts, ..batch(0, 900, &leads) };
        let sum = store.append_import(&import, piece, at(1)).await.unwrap().unwrap();
        assert_eq!((sum.accepted, import.doubts.0), (10, Doubts::default()));
        let now = store.import(import.id).await.unwrap().unwrap();
        assert_eq!(now.doubts.0, doubts);
        assert_eq!((import.progress_at, now.progress_at), (None, Some(at(1))));
        assert_eq!(store.running_imports(id).await.unwrap(), std::slice::from_ref(&now));
        assert_eq!((now.byte_offset, now.row_offset, now.accepted, now.rejected), (900, 12, 10, 2));
        assert_eq!(store.lead(crate::domain::ids::LeadId(import.id.0)).await.unwrap(), None);
        assert_eq!(store.imports(id).await.unwrap(), [now]);
    }

    async fn a_piece_is_stored_once(store: Store) {
        let id = campaign(&store, "spring").await;
        let import = store.start_import(id, "list.csv", "abc", "alike", "test", at(0)).await.unwrap();
        let leads = [new_lead(1)];
        assert!(store.append_import(&import, batch(0, 90, &leads), at(1)).await.unwrap().is_some());
        assert_eq!(store.append_import(&import, batch(0, 90, &[new_lead(2)]), at(2)).await.unwrap(), None);
        assert_eq!(store.campaign_status(id).await.unwrap().total(), 1);
        assert!(store.end_import(import.id, ImportState::Done, at(3)).await.unwrap());
        assert!(!store.end_import(import.id, ImportState::Failed, at(4)).await.unwrap());
        assert_eq!(store.append_import(&import, batch(90, 99, &[new_lead(3)]), at(5)).await.unwrap(), None, "it ended");
        assert_eq!(store.import(import.id).await.unwrap().unwrap().ended_at, Some(at(3)));
    }

    async fn a_stretch_is_stored_piece_by_piece(store: Store) {
        let id = campaign(&store, "spring").await;
        let import = store.start_import(id, "list.csv", "abc", "alike", "test", at(0)).await.unwrap();
        let half = ImportPlace { byte_offset: 12, stretch_leads: 2, stretch_end: 90 };
        let (leads, rest) = ([new_lead(1), new_lead(2)], [new_lead(3)]);
        let first = ImportBatch { to: half, rows: 2, rejected: 0, ..batch(0, 12, &leads) };
        assert!(store.append_import(&import, first.clone(), at(1)).await.unwrap().is_some());
        let now = store.import(import.id).await.unwrap().unwrap();
        assert_eq!((now.place(), now.row_offset, now.accepted), (half, 2, 2));
        let early = ImportBatch { from: ImportPlace { stretch_leads: 1, ..half }, ..batch(0, 90, &rest) };
        assert_eq!(store.append_import(&import, early, at(2)).await.unwrap(), None, "another process wrote that piece");
        let last = ImportBatch { from: half, ..batch(0, 90, &rest) };
        assert!(store.append_import(&import, last, at(3)).await.unwrap().is_some());
        let now = store.import(import.id).await.unwrap().unwrap();
        assert_eq!((now.place(), now.row_offset, now.accepted, now.rejected), (ImportPlace::at(90), 5, 3, 2));
    }

    async fn leads_of_an_import_are_due_since_it_began_whenever_they_are_stored(store: Store) {
        let id = campaign(&store, "spring").await;
        let import = store.start_import(id, "list.csv", "abc", "alike", "test", at(0)).await.unwrap();
        let (first, then) = ([new_lead(1)], [new_lead(2), NewLead { not_before: Some(at(3)), ..new_lead(3) }]);
        assert!(store.append_import(&import, batch(0, 90, &first), at(1)).await.unwrap().is_some());
        assert!(store.append_import(&import, batch(90, 99, &then), at(5)).await.unwrap().is_some());
        let leads = store.leads(&LeadFilter { campaign: Some(id), ..LeadFilter::default() }, None, 9).await.unwrap();
        let times: Vec<_> = leads.iter().map(|lead| (lead.created_at, lead.next_attempt_at)).collect();
        assert_eq!(times, [(at(1), at(0)), (at(5), at(0)), (at(5), at(6))], "who is not to be called before a time is due after it");
    }

    async fn an_import_moves_along_its_table(store: Store) {
        let id = campaign(&store, "spring").await;
        for from in ImportState::ALL {
            for to in ImportState::ALL {
                let import = store.start_import(id, "list.csv", "abc", "alike", "test", at(0)).await.unwrap();
                assert!(*from == ImportState::Running || store.end_import(import.id, *from, at(1)).await.unwrap());
                assert_eq!(store.end_import(import.id, *to, at(2)).await.unwrap(), allows(IMPORT, *from, *to), "{from} to {to}");
            }
        }
    }

    async fn suppressing_takes_waiting_leads_off_every_list(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        let (waiting, active) = (lead(&store, spring, 1).await, lead(&store, autumn, 1).await);
        force_lead_state(&store, active, LeadState::Active).await;
        let bystander = lead(&store, spring, 2).await;
        assert!(!store.is_suppressed(&number(1), spring).await.unwrap());

        let phone_number = number(1);
        let opt_out = NewSuppression { phone_number: &phone_number, scope: Scope::Global, source: SuppressionSource::OptOut, attempt: None };
        assert_eq!(store.suppress(opt_out, at(1)).await.unwrap(), Suppressed { is_new: true, is_stronger: false, leads: 1 });
        assert_eq!(store.suppress(opt_out, at(2)).await.unwrap(), Suppressed { is_new: false, is_stronger: false, leads: 0 });
        assert!(store.is_suppressed(&number(1), spring).await.unwrap() && store.is_suppressed(&number(1), autumn).await.unwrap());
        let off = store.lead(waiting).await.unwrap().unwrap();
        assert_eq!((off.state, off.disposition, off.reason, off.opt_out), (LeadState::Suppressed, Some(Disposition::Dnc), Some(Reason::OptOut), true));
        assert_eq!(store.lead(active).await.unwrap().unwrap().state, LeadState::Active, "its attempt decides");
        assert_eq!(store.lead(bystander).await.unwrap().unwrap().state, LeadState::New);
    }

    async fn an_entry_keeps_its_strongest_source(store: Store) {
        use SuppressionSource::{Carrier, Operator, OptOut, Quarantine};
        let cases = [
            (Operator, OptOut, true),
            (Carrier, OptOut, true),
            (Quarantine, OptOut, true),
            (Quarantine, Operator, true),
            (Quarantine, Carrier, true),
            (OptOut, OptOut, false),
            (OptOut, Operator, false),
            (OptOut, Quarantine, false),
            (Operator, Carrier, false),
            (Operator, Quarantine, false),
            (Quarantine, Quarantine, false),
        ];
        for (n, (first, second, is_stronger)) in cases.into_iter().enumerate() {
            let (phone_number, call) = (number(n as u64), AttemptId::new());
            let said = |source, attempt| NewSuppression { phone_number: &phone_number, scope: Scope::Global, source, attempt };
            assert!(store.suppress(said(first, None), at(1)).await.unwrap().is_new);
            let done = store.suppress(said(second, Some(call)), at(2)).await.unwrap();
            assert_eq!(done, Suppressed { is_new: false, is_stronger, leads: 0 }, "{first}, then {second}");
            let entry = store.suppressions_of(&phone_number).await.unwrap().remove(0);
            let kept = if is_stronger { (second, Some(call), at(2)) } else { (first, None, at(1)) };
            assert_eq!((entry.source, entry.attempt_id, entry.created_at), kept, "{first}, then {second}");
        }
    }

    async fn a_campaign_scope_stays_in_its_campaign(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        let (here, there) = (lead(&store, spring, 1).await, lead(&store, autumn, 1).await);
        let phone_number = number(1);
        let new = NewSuppression { phone_number: &phone_number, scope: Scope::Campaign(spring), source: SuppressionSource::Operator, attempt: None };
        assert_eq!(store.suppress(new, at(1)).await.unwrap(), Suppressed { is_new: true, is_stronger: false, leads: 1 });
        assert_eq!(store.lead(here).await.unwrap().unwrap().state, LeadState::Suppressed);
        assert_eq!(store.lead(there).await.unwrap().unwrap().state, LeadState::New);
        assert!(store.is_suppressed(&phone_number, spring).await.unwrap() && !store.is_suppressed(&phone_number, autumn).await.unwrap());
    }
}

static NONE: BTreeMap<String, u64> = BTreeMap::new();
static UNDOUBTED: Doubts = Doubts {
    rows: 0,
    by_code: BTreeMap::new(),
    lines: BTreeMap::new(),
    abroad: BTreeMap::new(),
    not_permitted: BTreeMap::new(),
    lacking: BTreeMap::new(),
};

fn batch(from_byte: u64, to_byte: u64, leads: &[NewLead]) -> ImportBatch<'static> {
    ImportBatch {
        from: ImportPlace::at(from_byte),
        to: ImportPlace::at(to_byte),
        rows: leads.len() as u64 + 2,
        rejected: 2,
        by_code: &NONE,
        doubts: &UNDOUBTED,
        rejects_bytes: 0,
        updated: 0,
        duplicates: 0,
        leads: ListBatch::of(leads.iter().map(|lead| ListLead::of(lead).unwrap()).collect()).unwrap(),
        on_duplicate: OnDuplicate::Skip,
    }
}
