//! What a refusal for good does beyond its own lead: dead numbers in other campaigns, the account, the campaign.

use super::bench::{Bench, news, now, running};
use crate::domain::attempt::AttemptState;
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::{CallStatus, Callback};
use crate::domain::ids::LeadId;
use crate::domain::lead::LeadState;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::phone::PhoneNumber;
use crate::store::contract::fixtures::{force_lead_state, new_lead, place};
use crate::store::contract::support::{on_both_engines, with_sqlite};
use crate::store::db::on_db;
use crate::store::dial::{Arming, Claimed, Recorded};
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::NewLead;
use crate::store::{Store, StoreError};

/// A lead with the same number in another running campaign.
async fn elsewhere(bench: &mut Bench, n: u64) -> LeadId {
    let own = bench.campaign;
    bench.campaign = running(&bench.store, "other").await;
    let lead = bench.lead(n).await;
    bench.campaign = own;
    lead
}

/// A lead with this number.
async fn abroad(bench: &Bench, number: &str) -> LeadId {
    let phone_number = PhoneNumber::from_e164(number).unwrap();
    let new = NewLead { phone_number: phone_number.clone(), external_id: None, ..new_lead(0) };
    bench.store.insert_leads(place(bench.campaign), &[new], now()).await.unwrap();
    let filter = LeadFilter { campaign: Some(bench.campaign), phone_number: Some(phone_number), ..LeadFilter::default() };
    bench.store.leads(&filter, None, 1).await.unwrap()[0].id
}

async fn ended(bench: &Bench, lead: LeadId) -> (LeadState, Option<Disposition>, Option<Reason>) {
    let lead = bench.view(lead).await.lead;
    (lead.state, lead.disposition, lead.reason)
}

const DEAD: (LeadState, Option<Disposition>, Option<Reason>) =
    (LeadState::Finished, Some(Disposition::Failed), Some(Reason::InvalidNumber));

/// A list that is read too slowly is broken off.
async fn no_lead_can_be_parked(store: &Store) {
    let sql = "CREATE TRIGGER broken_off BEFORE UPDATE ON lead WHEN OLD.state = 'new' AND NEW.state = 'parked'
               BEGIN SELECT RAISE(ABORT, 'broken off'); END";
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        sqlx::query(sql).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
}

/// Moves the time at which a call was posted: two moments of one test may share their millisecond.
async fn posted(bench: &Bench, claimed: &Claimed, later_ms: i64) {
    let done: Result<(), StoreError> = on_db!(bench.store.db, write, tx => {
        let sql = "UPDATE attempt SET intent_at_db = intent_at_db + $2 WHERE id = $1";
        sqlx::query(sql).bind(claimed.attempt).bind(later_ms).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
}

/// Moves the time at which somebody permitted a country.
async fn permitted(bench: &Bench, later_ms: i64) {
    let done: Result<(), StoreError> = on_db!(bench.store.db, write, tx => {
        let sql = "UPDATE campaign SET permitted_at_db = permitted_at_db + $2 WHERE id = $1";
        assert_eq!(sqlx::query(sql).bind(bench.campaign).bind(later_ms).execute(tx).await?.rows_affected(), 1);
        Ok(())
    });
    done.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_country_is_remembered_though_its_list_could_not_be_parked() {
    with_sqlite(async |store: Store| {
        let bench = Bench::new(store).await;
        let (claimed, waits) = (bench.sending(1).await, bench.lead(2).await);
        no_lead_can_be_parked(&bench.store).await;
        assert!(matches!(bench.refuse(&claimed, 400, 21215).await, Recorded::Refused(_)));
        assert_eq!(bench.view(waits).await.lead.state, LeadState::New);
        let parked = bench.view(claimed.lead).await.lead;
        assert!(parked.state == LeadState::Parked && parked.wait_reason.is_some_and(|why| why.contains("code 21215")));
        assert!(bench.store.campaign(bench.campaign).await.unwrap().unwrap().not_permitted.is_some());
    })
    .await;
}

on_both_engines! {
    async fn a_number_the_provider_calls_invalid_fails_in_every_campaign(store: Store) {
        let mut bench = Bench::new(store).await;
        let other = elsewhere(&mut bench, 1).await;
        let claimed = bench.sending(1).await;
        bench.refuse(&claimed, 400, 21211).await;
        assert_eq!(ended(&bench, claimed.lead).await, DEAD);
        assert_eq!(ended(&bench, other).await, DEAD, "failed, not opted out");
        bench.campaign = running(&bench.store, "third").await;
        let third = bench.lead(1).await;
        assert!(matches!(bench.try_arm(third, now()).await, Arming::Denied(_)));
        assert_eq!(ended(&bench, third).await, DEAD);
    }

    async fn a_number_the_network_calls_gone_fails_in_every_campaign(store: Store) {
        let mut bench = Bench::new(store).await;
        let other = elsewhere(&mut bench, 1).await;
        let claimed = bench.placed(1, "CA1").await;
        let gone = Callback { sip_code: Some(410), ..news("CA1", CallStatus::Failed, 2) };
        bench.callback(claimed.attempt, &gone).await;
        bench.finish(claimed.attempt).await;
        assert_eq!((ended(&bench, claimed.lead).await, ended(&bench, other).await), (DEAD, DEAD));
    }

    async fn an_account_fault_halts_every_campaign_that_dials_and_blames_no_lead(store: Store) {
        let mut bench = Bench::new(store).await;
        let other = elsewhere(&mut bench, 2).await;
        let claimed = bench.sending(1).await;
        bench.change_state(CampaignState::Running, CampaignState::Draining).await;
        bench.refuse(&claimed, 401, 20003).await;
        for (name, was) in [("bench", "draining"), ("other", "running")] {
            let campaign = bench.store.campaign_by_name(name).await.unwrap().unwrap();
            assert_eq!(campaign.state, CampaignState::Halted, "{name}");
            assert!(campaign.state_reason.unwrap().contains("code 20003"));
            let audits = bench.store.audits(Some(&format!("campaign/{}", campaign.id)), 1).await.unwrap();
            assert_eq!(audits[0].actor, "dialer");
            assert!(audits[0].detail.starts_with(&format!("{was} to halted: ")), "{}", audits[0].detail);
        }
        let lead = bench.view(claimed.lead).await.lead;
        assert_eq!((lead.state, lead.placed), (LeadState::Waiting, 0));
        assert_eq!(ended(&bench, other).await.0, LeadState::New);
    }

    async fn a_caller_number_that_is_not_ours_halts_its_campaign_alone(store: Store) {
        let mut bench = Bench::new(store).await;
        elsewhere(&mut bench, 2).await;
        let claimed = bench.sending(1).await;
        bench.refuse(&claimed, 400, 21212).await;
        assert_eq!(bench.store.campaign(bench.campaign).await.unwrap().unwrap().state, CampaignState::Halted);
        assert_eq!(bench.store.campaign_by_name("other").await.unwrap().unwrap().state, CampaignState::Running);
        assert_eq!((bench.view(claimed.lead).await.lead.state, bench.view(claimed.lead).await.lead.placed), (LeadState::Waiting, 0));
    }

    async fn a_country_that_is_not_permitted_parks_its_leads_until_a_person_has_permitted_it(store: Store) {
        let bench = Bench::new(store).await;
        let (claimed, other) = (bench.sending(1).await, bench.lead(2).await);
        let abroad = NewLead { phone_number: PhoneNumber::from_e164("+14165550100").unwrap(), ..new_lead(3) };
        bench.store.insert_leads(place(bench.campaign), &[abroad], now()).await.unwrap();
        let armed = bench.lead(4).await;
        bench.arm(armed).await;
        bench.refuse(&claimed, 400, 21215).await;
        let states = async |state| {
            let filter = LeadFilter { campaign: Some(bench.campaign), state: Some(state), ..LeadFilter::default() };
            bench.store.leads(&filter, None, 9).await.unwrap().len()
        };
        assert_eq!((states(LeadState::Parked).await, states(LeadState::New).await), (3, 1), "Canada is another country");
        let why = bench.view(other).await.lead.wait_reason.unwrap();
        assert!(["US", "code 21215", "callfleet leads retry --parked --campaign bench"].iter().all(|part| why.contains(part)), "{why}");
        for lead in [claimed.lead, armed] {
            assert_eq!(bench.view(lead).await.lead.wait_reason.as_ref(), Some(&why), "one text for one event");
        }
        assert_eq!(bench.view(armed).await.attempts[0].state, AttemptState::Withdrawn);
        assert_eq!(bench.store.campaign(bench.campaign).await.unwrap().unwrap().state, CampaignState::Running);
        assert_eq!(bench.store.retry_parked(bench.campaign, "test", now()).await.unwrap(), 3);
        assert_eq!((states(LeadState::Waiting).await, bench.view(claimed.lead).await.lead.placed), (3, 0), "uncounted");
        assert!(matches!(bench.try_arm(other, now()).await, Arming::Armed(_)));
    }

    async fn who_is_imported_later_is_not_dialed_into_the_same_refusal(store: Store) {
        let bench = Bench::new(store).await;
        let refused = bench.sending(1).await;
        bench.refuse(&refused, 400, 21215).await;
        let later = bench.lead(2).await;
        assert!(matches!(bench.try_arm(later, now()).await, Arming::Denied(_)));
        let lead = bench.view(later).await.lead;
        assert_eq!((lead.state, lead.wait_reason), (LeadState::Parked, bench.view(refused.lead).await.lead.wait_reason));
        assert!(bench.store.retry_lead(later, "test", now()).await.unwrap().is_changed());
        assert!(matches!(bench.try_arm(later, now()).await, Arming::Armed(_)), "who retries has permitted it");
    }

    async fn one_person_who_is_retried_permits_their_own_country_alone(store: Store) {
        let bench = Bench::new(store).await;
        let one = bench.sending(1).await;
        let [germany, canada] = [abroad(&bench, "+4915123456789").await, abroad(&bench, "+14165550100").await];
        let two = bench.claim(bench.arm(germany).await, 1).await;
        bench.refuse(&one, 400, 21215).await;
        bench.refuse(&two, 400, 21215).await;
        force_lead_state(&bench.store, canada, LeadState::Parked).await;
        for (retried, left) in [(canada, [true, true]), (one.lead, [false, true]), (germany, [false, false])] {
            assert!(bench.store.retry_lead(retried, "test", now()).await.unwrap().is_changed());
            let refused = bench.store.campaign(bench.campaign).await.unwrap().unwrap().not_permitted.unwrap_or_default();
            let numbers = ["+14155550100", "+4930123456"].map(|text| PhoneNumber::from_e164(text).unwrap());
            assert_eq!(numbers.map(|number| refused.of(&number).is_some()), left);
        }
    }

    async fn two_calls_that_are_refused_at_once_park_their_country_once(store: Store) {
        let bench = Bench::new(store).await;
        let (one, two) = (bench.sending(1).await, bench.sending(2).await);
        bench.refuse(&one, 400, 21215).await;
        bench.refuse(&two, 400, 13227).await;
        let why = async |lead| bench.view(lead).await.lead.wait_reason;
        assert!(why(one.lead).await.is_some_and(|why| why.contains("code 21215")));
        assert_eq!(why(two.lead).await, why(one.lead).await, "the first refusal stands");
    }

    async fn only_the_first_refusal_of_a_country_parks_the_whole_list(store: Store) {
        let bench = Bench::new(store).await;
        let (one, two) = (bench.sending(1).await, bench.sending(2).await);
        bench.refuse(&one, 400, 21215).await;
        let later = bench.lead(3).await;
        bench.refuse(&two, 400, 21215).await;
        assert_eq!(bench.view(later).await.lead.state, LeadState::New, "its list was not read again");
        assert!(matches!(bench.try_arm(later, now()).await, Arming::Denied(_)), "it is parked when its turn comes");
        assert_eq!(bench.view(later).await.lead.state, LeadState::Parked);
    }

    async fn a_refusal_from_before_its_country_was_permitted_does_not_park_it_again(store: Store) {
        let bench = Bench::new(store).await;
        let (first, late, waits) = (bench.sending(1).await, bench.sending(2).await, bench.lead(3).await);
        posted(&bench, &late, -1_000).await;
        bench.refuse(&first, 400, 21215).await;
        assert_eq!(bench.store.retry_parked(bench.campaign, "test", now()).await.unwrap(), 2);
        bench.refuse(&late, 400, 21215).await;
        assert_eq!(bench.store.campaign(bench.campaign).await.unwrap().unwrap().not_permitted, None, "it was posted before");
        for lead in [first.lead, late.lead, waits] {
            assert_eq!(bench.view(lead).await.lead.state, LeadState::Waiting);
        }
        assert!(matches!(bench.try_arm(late.lead, now()).await, Arming::Armed(_)), "the next call tells");
    }

    async fn nor_does_one_from_before_a_single_person_was_retried(store: Store) {
        let bench = Bench::new(store).await;
        let (first, late) = (bench.sending(1).await, bench.sending(2).await);
        posted(&bench, &late, -1_000).await;
        bench.refuse(&first, 400, 21215).await;
        assert!(bench.store.retry_lead(first.lead, "test", now()).await.unwrap().is_changed());
        bench.refuse(&late, 400, 21215).await;
        assert_eq!(bench.store.campaign(bench.campaign).await.unwrap().unwrap().not_permitted, None);
        assert_eq!(bench.view(first.lead).await.lead.state, LeadState::Waiting);
    }

    async fn a_refusal_after_the_permission_parks_the_country_again(store: Store) {
        let bench = Bench::new(store).await;
        let first = bench.sending(1).await;
        bench.refuse(&first, 400, 21215).await;
        assert!(bench.store.retry_lead(first.lead, "test", now()).await.unwrap().is_changed());
        let again = bench.claim(bench.arm(first.lead).await, 1).await;
        posted(&bench, &again, 1_000).await;
        bench.refuse(&again, 400, 21215).await;
        assert!(bench.store.campaign(bench.campaign).await.unwrap().unwrap().not_permitted.is_some());
        assert_eq!(bench.view(first.lead).await.lead.state, LeadState::Parked);
    }

    async fn a_permission_from_before_the_clock_was_set_back_holds_off_no_refusal(store: Store) {
        let bench = Bench::new(store).await;
        let first = bench.sending(1).await;
        bench.refuse(&first, 400, 21215).await;
        assert!(bench.store.retry_lead(first.lead, "test", now()).await.unwrap().is_changed());
        permitted(&bench, 3_600_000).await;
        let again = bench.claim(bench.arm(first.lead).await, 1).await;
        bench.refuse(&again, 400, 21215).await;
        assert!(bench.store.campaign(bench.campaign).await.unwrap().unwrap().not_permitted.is_some());
        assert_eq!(bench.view(first.lead).await.lead.state, LeadState::Parked, "it would be posted again at once for an hour");
    }

    async fn a_full_provider_counts_no_attempt(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.sending(1).await;
        bench.refuse(&claimed, 429, 20429).await;
        let lead = bench.view(claimed.lead).await.lead;
        assert_eq!((lead.state, lead.placed), (LeadState::Active, 0), "the attempt is armed again by itself");
    }
}
