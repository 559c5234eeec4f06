//! The number a callee sees: near, rested, and not more often a day than it may be shown.

use std::time::Duration;

use super::bench::{Bench, now};
use crate::domain::permit::Gate;
use crate::domain::phone::PhoneNumber;
use crate::store::contract::support::on_both_engines;
use crate::store::dial::Arming;

fn pool(numbers: &[&str]) -> Vec<PhoneNumber> {
    numbers.iter().map(|number| PhoneNumber::from_e164(number).unwrap()).collect()
}

async fn shown(bench: &Bench, n: u64, later: u64) -> String {
    let lead = bench.lead(n).await;
    let Arming::Armed(attempt) = bench.try_arm(lead, now() + Duration::from_millis(later)).await else { panic!("not armed") };
    bench.store.attempt(attempt).await.unwrap().unwrap().from_number.e164().to_owned()
}

on_both_engines! {
    async fn numbers_of_the_area_take_turns(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.settings.caller_numbers = pool(&["+12125550001", "+14155550901", "+14155550902"]);
        let mut seen = Vec::new();
        for n in 1..=4 {
            seen.push(shown(&bench, n, n).await);
        }
        assert_eq!(seen, ["+14155550901", "+14155550902", "+14155550901", "+14155550902"]);
        bench.settings.local_presence = false;
        assert_eq!(shown(&bench, 5, 5).await, "+12125550001");
    }

    async fn a_number_rests_for_a_day_after_its_calls(store: Store) {
        let mut bench = Bench::new(store).await;
        (bench.settings.caller_numbers, bench.settings.calls_per_caller) = (pool(&["+14155550901", "+14155550902"]), Some(1));
        assert_eq!(shown(&bench, 1, 0).await, "+14155550901");
        assert_eq!(shown(&bench, 2, 10).await, "+14155550902");
        let third = bench.lead(3).await;
        let Arming::Denied(denial) = bench.try_arm(third, now() + Duration::from_secs(1)).await else { panic!("armed") };
        assert_eq!((denial.gate, denial.opens_at), (Gate::CallerCap, Some(now() + Duration::from_secs(86_400))));
        assert!(matches!(bench.try_arm(third, denial.opens_at.unwrap()).await, Arming::Armed(_)));
    }
}
