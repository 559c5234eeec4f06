//! Every gate can be met by a real lead, and is explained with its rule and what it saw.

use super::bench::{Bench, now, running};
use crate::domain::campaign::{CampaignState, Countries};
use crate::domain::ids::LeadId;
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::permit::Gate;
use crate::domain::phone::PhoneNumber;
use crate::domain::window::{CallingWindow, Hours};
use crate::store::codec::JsonText;
use crate::store::contract::fixtures::{dnc_list, force_lead_state, new_lead, number, place};
use crate::store::contract::support::on_both_engines;
use crate::store::dial::{Arming, LeadGates};
use crate::store::dnc::ReadList;
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::{ListPlace, NewLead, OnDuplicate};
use crate::store::lead_waits::ConsentCount;
use crate::store::suppression::{NewSuppression, Scope, SuppressionSource};

/// Puts one lead before this gate, and closes it. A new gate has to be met here too.
async fn meet(bench: &mut Bench, gate: Gate, n: u64) -> LeadId {
    match gate {
        Gate::Campaign => {
            bench.change_state(CampaignState::Running, CampaignState::Paused).await;
            bench.lead(n).await
        }
        Gate::Lead => {
            let lead = bench.lead(n).await;
            assert!(bench.store.cancel_lead(lead, "test", now()).await.unwrap().is_changed());
            lead
        }
        Gate::Consent => listed(bench, NewLead { consent_basis: None, ..new_lead(n) }).await,
        Gate::Suppression => suppressed(bench, n, SuppressionSource::Operator).await,
        Gate::Quarantine => suppressed(bench, n, SuppressionSource::Quarantine).await,
        Gate::DncAge => {
            dnc_list(&bench.store, ReadList { name: "old", registry: None, scrub_date: "2020-01-01" }, now()).await;
            bench.lead(n).await
        }
        Gate::Country => {
            bench.settings.countries = Countries::Only(vec!["GB".to_owned()]);
            bench.lead(n).await
        }
        Gate::NumberRange => listed(bench, NewLead { phone_number: PhoneNumber::from_e164("+19005550100").unwrap(), ..new_lead(n) }).await,
        Gate::Zone => listed(bench, NewLead { zones: JsonText(Vec::new()), ..new_lead(n) }).await,
        Gate::Hours => {
            bench.settings.window = CallingWindow { days: [Some(Hours { open: 600, close: 601 }); 7], holidays: Vec::new() };
            bench.lead(n).await
        }
        Gate::AttemptCap => {
            bench.settings.max_attempts = 0;
            bench.lead(n).await
        }
        Gate::DayCap => {
            let claimed = bench.placed(n, &format!("CA{n}")).await;
            bench.settings.max_attempts_per_day = 1;
            claimed.lead
        }
        Gate::CallerCap => {
            bench.arm(bench.lead(n + 1_000).await).await;
            bench.settings.calls_per_caller = Some(1);
            bench.lead(n).await
        }
        Gate::Budget => {
            bench.settings.budget = Some(NanoUsd(1));
            bench.lead(n).await
        }
    }
}

async fn listed(bench: &Bench, lead: NewLead) -> LeadId {
    let phone_number = Some(lead.phone_number.clone());
    bench.store.insert_leads(place(bench.campaign), &[lead], now()).await.unwrap();
    let filter = LeadFilter { campaign: Some(bench.campaign), phone_number, ..LeadFilter::default() };
    bench.store.leads(&filter, None, 1).await.unwrap()[0].id
}

async fn suppressed(bench: &Bench, n: u64, source: SuppressionSource) -> LeadId {
    let (lead, phone_number) = (bench.lead(n).await, number(n));
    let new = NewSuppression { phone_number: &phone_number, scope: Scope::Global, source, attempt: None };
    bench.store.suppress(new, now()).await.unwrap();
    lead
}

on_both_engines! {
    async fn every_gate_is_met_and_explained(store: Store) {
        let mut bench = Bench::new(store).await;
        let settings = bench.settings.clone();
        for (n, gate) in (1..).zip(Gate::ALL.iter().copied()) {
            bench.campaign = running(&bench.store, gate.as_str()).await;
            bench.settings = settings.clone();
            let lead = meet(&mut bench, gate, n).await;
            let LeadGates { closed, open } = bench.store.lead_gates(lead, &bench.settings, bench.reserve, now()).await.unwrap().unwrap();
            let denial = closed.iter().find(|denial| denial.gate == gate).unwrap_or_else(|| panic!("{gate} is open: {closed:?}"));
            assert!(!denial.rule.is_empty() && !denial.value.is_empty() && !gate.about().is_empty(), "{denial:?}");
            assert_eq!(closed.len() + open.len(), Gate::ALL.len(), "{gate}");
            assert!(open.iter().all(|(_, sees)| !sees.is_empty()), "{gate}: {open:?}");
            let opens_by_itself = matches!(gate, Gate::DncAge | Gate::Hours | Gate::DayCap | Gate::CallerCap | Gate::Budget);
            assert_eq!(denial.opens_at.is_some_and(|at| at > now()), opens_by_itself, "{denial:?}");
            // it would close the way for the gates to come
            bench.store.remove_dnc_list("old", "test", "met", now()).await.unwrap();
        }
    }

    async fn a_lead_that_does_not_wait_says_where_it_stands_and_why(store: Store) {
        let bench = Bench::new(store).await;
        let (calling, dead, off) = (bench.placed(1, "CA1").await, bench.sending(2).await, bench.lead(3).await);
        let (never, abroad) = (suppressed(&bench, 4, SuppressionSource::OptOut).await, bench.sending(5).await);
        bench.refuse(&dead, 400, 21211).await;
        assert!(bench.store.cancel_lead(off, "test", now()).await.unwrap().is_changed());
        bench.refuse(&abroad, 400, 21215).await;
        let why = bench.view(abroad.lead).await.lead.wait_reason.unwrap();
        let cases = [
            (calling.lead, format!("being called: call {} is placed", calling.attempt)),
            (dead.lead, "finished: failed (invalid_number)".to_owned()),
            (off, "cancelled: it was taken off the list".to_owned()),
            (never, "suppressed: it is never called again".to_owned()),
            (abroad.lead, format!("parked: {why}")),
        ];
        for (lead, told) in cases {
            let closed = bench.store.lead_gates(lead, &bench.settings, bench.reserve, now()).await.unwrap().unwrap().closed;
            let value = closed.iter().find(|denial| denial.gate == Gate::Lead).map(|denial| denial.value.clone());
            assert_eq!(value, Some(told));
        }
    }

    async fn who_is_parked_for_consent_is_counted_until_it_is_there_and_somebody_retries(store: Store) {
        let bench = Bench::new(store).await;
        let lead = listed(&bench, NewLead { consent_basis: None, ..new_lead(1) }).await;
        force_lead_state(&bench.store, bench.lead(2).await, LeadState::Parked).await;
        assert!(matches!(bench.try_arm(lead, now()).await, Arming::Denied(_)));
        let counted = async || {
            let ConsentCount { lacking, leads } = bench.store.parked_for_consent(bench.campaign).await.unwrap();
            (lacking, leads)
        };
        assert_eq!(counted().await, (1, 1), "the other one is parked for something else");
        let update = ListPlace { on_duplicate: OnDuplicate::Update, ..place(bench.campaign) };
        bench.store.insert_leads(update, &[new_lead(1)], now()).await.unwrap();
        assert_eq!(counted().await, (0, 1));
        bench.store.retry_parked(bench.campaign, "test", now()).await.unwrap();
        assert_eq!(counted().await, (0, 0));
        assert!(matches!(bench.try_arm(lead, now()).await, Arming::Armed(_)));
    }

    async fn an_open_way_has_no_closed_gate(store: Store) {
        let bench = Bench::new(store).await;
        let lead = bench.lead(1).await;
        let gates = bench.store.lead_gates(lead, &bench.settings, bench.reserve, now()).await.unwrap().unwrap();
        assert_eq!((gates.closed, gates.open.len()), (Vec::new(), Gate::ALL.len()));
        assert_eq!(bench.store.lead_gates(LeadId::new(), &bench.settings, bench.reserve, now()).await.unwrap(), None);
    }
}
