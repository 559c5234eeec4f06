//! Arming: one attempt per lead and number, and nothing blocks the head of the line.

use std::time::Duration;

use super::bench::{Bench, now, running};
use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::dialing::DialTimings;
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::permit::Gate;
use crate::domain::phone::PhoneNumber;
use crate::domain::window::{CallingWindow, Hours};
use crate::store::contract::fixtures;
use crate::store::contract::support::on_both_engines;
use crate::store::db::on_db;
use crate::store::dial::Arming;
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::NewLead;
use crate::store::suppression::{NewSuppression, Scope, SuppressionSource};
use crate::store::{Store, StoreError};

const ALL: &[DialKind] = DialKind::ALL;

async fn set_kind(store: &Store, lead: crate::domain::ids::LeadId, kind: DialKind) {
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        let sql = "UPDATE lead SET state = 'waiting', next_kind = $2 WHERE id = $1";
        sqlx::query(sql).bind(lead).bind(kind).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
}

/// Leads as they were stored before there were classes.
async fn unsort(store: &Store, leads: &[crate::domain::ids::LeadId]) {
    for lead in leads {
        let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
            sqlx::query("UPDATE lead SET hours_class = 0 WHERE id = $1").bind(*lead).execute(tx).await?;
            Ok(())
        });
        done.unwrap();
    }
}

on_both_engines! {
    async fn an_armed_lead_is_active_and_has_its_number(store: Store) {
        let bench = Bench::new(store).await;
        let lead = bench.lead(1).await;
        let attempt = bench.arm(lead).await;
        let view = bench.view(lead).await;
        assert_eq!((view.lead.state, view.number_held_by), (LeadState::Active, Some(attempt)));
        assert_eq!((view.attempts.len(), view.attempts[0].state, view.attempts[0].send_no), (1, AttemptState::Ready, 1));
        assert_eq!(bench.try_arm(lead, now()).await, Arming::LeadMoved);
    }

    async fn of_many_dispatchers_one_arms(store: Store) {
        let bench = std::sync::Arc::new(Bench::new(store).await);
        let lead = bench.lead(1).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let bench = bench.clone();
            tasks.spawn(async move { bench.try_arm(lead, now()).await });
        }
        let armed = tasks.join_all().await.into_iter().filter(|arming| matches!(arming, Arming::Armed(_))).count();
        assert_eq!((armed, bench.view(lead).await.attempts.len()), (1, 1));
    }

    async fn suppressing_a_number_takes_back_what_was_armed(store: Store) {
        let bench = Bench::new(store).await;
        let lead = bench.lead(1).await;
        bench.arm(lead).await;
        let phone_number = fixtures::number(1);
        let new = NewSuppression { phone_number: &phone_number, scope: Scope::Global, source: SuppressionSource::OptOut, attempt: None };
        let done = bench.store.opt_out(new, "ada", &DialTimings::default(), now()).await.unwrap();
        assert_eq!((done.is_new, done.withdrawn), (true, 1));
        let view = bench.view(lead).await;
        assert_eq!((view.lead.state, view.attempts[0].state, view.number_held_by), (LeadState::Suppressed, AttemptState::Withdrawn, None));
    }

    async fn suppressing_a_number_takes_back_what_was_armed_in_its_other_spelling(store: Store) {
        let bench = Bench::new(store).await;
        let [read, written] = ["+442079460197", "+4402079460197"].map(|text| PhoneNumber::from_e164(text).unwrap());
        let stored = NewLead { phone_number: written.clone(), ..fixtures::new_lead(1) };
        bench.store.insert_leads(fixtures::place(bench.campaign), &[stored], now()).await.unwrap();
        let filter = LeadFilter { phone_number: Some(written), ..LeadFilter::default() };
        let lead = bench.store.leads(&filter, None, 1).await.unwrap()[0].id;
        bench.arm(lead).await;
        let new = NewSuppression { phone_number: &read, scope: Scope::Global, source: SuppressionSource::OptOut, attempt: None };
        let done = bench.store.opt_out(new, "ada", &DialTimings::default(), now()).await.unwrap();
        assert_eq!((done.withdrawn, bench.view(lead).await.lead.state), (1, LeadState::Suppressed));
    }

    async fn a_number_in_use_moves_the_other_campaigns_lead_and_names_the_holder(store: Store) {
        let mut bench = Bench::new(store).await;
        let holder = bench.arm(bench.lead(1).await).await;
        bench.campaign = running(&bench.store, "other").await;
        let second = bench.lead(1).await;
        assert_eq!(bench.try_arm(second, now()).await, Arming::NumberBusy { holder });
        let view = bench.view(second).await;
        assert!(view.lead.state == LeadState::Waiting && view.lead.next_attempt_at > now());
        assert!(view.lead.wait_reason.unwrap().contains(&holder.to_string()));
    }

    async fn each_of_several_leads_is_armed_by_its_own_gates(store: Store) {
        let mut bench = Bench::new(store).await;
        let holder = bench.arm(bench.lead(2).await).await;
        bench.campaign = running(&bench.store, "other").await;
        let leads = [bench.lead(1).await, bench.lead(2).await, bench.lead(3).await, bench.lead(4).await, bench.lead(5).await];
        let armings = bench.arm_all(&leads[..3]).await;
        assert!(matches!(armings[..], [Arming::Armed(_), Arming::NumberBusy { holder: by }, Arming::Armed(_)] if by == holder), "{armings:?}");
        // two of them are open: there is money for a third one, and what is armed beside it counts
        bench.settings.budget = Some(NanoUsd(bench.reserve.0 * 3));
        let armings = bench.arm_all(&[leads[0], leads[3], crate::domain::ids::LeadId::new(), leads[4]]).await;
        let [Arming::LeadMoved, Arming::Armed(third), Arming::LeadMoved, Arming::Denied(denial)] = &armings[..] else { panic!("{armings:?}") };
        assert_eq!((denial.gate, bench.view(leads[3]).await.number_held_by), (Gate::Budget, Some(*third)));
        assert!(bench.view(leads[4]).await.lead.next_attempt_at > now());
    }

    async fn closed_hours_move_everyone_unsorted_in_the_same_zones(store: Store) {
        let mut bench = Bench::new(store).await;
        // It is two in the morning in Los Angeles.
        bench.settings.window = CallingWindow { days: [Some(Hours { open: 540, close: 1_200 }); 7], holidays: Vec::new() };
        let (first, second, sorted) = (bench.lead(1).await, bench.lead(2).await, bench.lead(3).await);
        unsort(&bench.store, &[first, second]).await;
        let Arming::Denied(denial) = bench.try_arm(first, now()).await else { panic!("armed at night") };
        assert_eq!(denial.gate, Gate::Hours);
        let due = bench.store.due_leads(bench.campaign, ALL, now(), 9).await.unwrap();
        assert_eq!(due.iter().map(|due| due.lead).collect::<Vec<_>>(), [sorted], "its class tells that it is closed");
        let opens = denial.opens_at.unwrap();
        assert_eq!(bench.view(second).await.lead.next_attempt_at, opens);
        assert_eq!(bench.store.due_leads(bench.campaign, ALL, opens, 9).await.unwrap().len(), 3);
    }

    async fn reserved_money_closes_the_gate_until_calls_end(store: Store) {
        let mut bench = Bench::new(store).await;
        (bench.settings.budget, bench.reserve) = (Some(NanoUsd(10)), NanoUsd(6));
        bench.arm(bench.lead(1).await).await;
        let second = bench.lead(2).await;
        assert!(matches!(bench.try_arm(second, now()).await, Arming::Denied(denial) if denial.gate == Gate::Budget));
        assert!(bench.view(second).await.lead.next_attempt_at > now());
    }

    async fn callbacks_go_before_retries_before_fresh_leads(store: Store) {
        let bench = Bench::new(store).await;
        let (fresh, retry, callback) = (bench.lead(1).await, bench.lead(2).await, bench.lead(3).await);
        set_kind(&bench.store, retry, DialKind::Retry).await;
        set_kind(&bench.store, callback, DialKind::Callback).await;
        let due = bench.store.due_leads(bench.campaign, ALL, now(), 9).await.unwrap();
        assert_eq!(due.iter().map(|due| due.lead).collect::<Vec<_>>(), [callback, retry, fresh]);
        let first = bench.store.due_leads(bench.campaign, ALL, now(), 1).await.unwrap();
        assert_eq!((first.len(), first[0].kind), (1, DialKind::Callback));
        assert_eq!(bench.store.due_leads(bench.campaign, &[DialKind::Callback], now(), 9).await.unwrap().len(), 1);
    }

    async fn a_lead_that_is_not_due_is_not_armed(store: Store) {
        let bench = Bench::new(store).await;
        let lead = bench.lead(1).await;
        let early = fixtures::at(0) - Duration::from_millis(1);
        assert_eq!(bench.try_arm(lead, early).await, Arming::LeadMoved);
    }
}
