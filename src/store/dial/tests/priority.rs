//! Who is called first: promises, retries, then fresh leads by priority, each by time, and those of one moment zone by zone in turn.

use std::collections::{HashMap, HashSet};

use super::bench::{Bench, NOW, now};
use crate::domain::attempt::DialKind;
use crate::domain::ids::LeadId;
use crate::domain::lead::LeadState;
use crate::domain::phone::PhoneNumber;
use crate::domain::priority::Priority;
use crate::store::StoreError;
use crate::store::codec::JsonText;
use crate::store::contract::fixtures::{at, new_lead, place};
use crate::store::contract::support::on_both_engines;
use crate::store::db::on_db;
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::NewLead;

/// A lead in Los Angeles, of which there is one class of hours.
fn listed(n: u64, priority: i32) -> NewLead {
    NewLead { priority: priority.try_into().unwrap(), ..new_lead(n) }
}

const ZONES: [(&str, &str); 3] = [("415", "America/Los_Angeles"), ("303", "America/Denver"), ("212", "America/New_York")];

/// A lead in one of the zones, each of which is a class of hours.
fn in_zone(zone: usize, n: u64, priority: i32) -> NewLead {
    let (area, name) = ZONES[zone];
    let phone_number = PhoneNumber::from_e164(&format!("+1{area}555{n:04}")).unwrap();
    NewLead { phone_number, zones: JsonText(vec![name.to_owned()]), ..listed(n, priority) }
}

impl Bench {
    /// Puts a lead on the list, due at this moment.
    async fn put(&self, lead: NewLead, due: i64) -> LeadId {
        self.store.insert_leads(place(self.campaign), std::slice::from_ref(&lead), at(due)).await.unwrap();
        let filter = LeadFilter { campaign: Some(self.campaign), phone_number: Some(lead.phone_number), ..LeadFilter::default() };
        self.store.leads(&filter, None, 1).await.unwrap()[0].id
    }

    async fn waits(&self, lead: LeadId, kind: DialKind) {
        let done: Result<(), StoreError> = on_db!(self.store.db, statement, conn => {
            let sql = "UPDATE lead SET state = $2, next_kind = $3 WHERE id = $1";
            sqlx::query(sql).bind(lead).bind(LeadState::Waiting).bind(kind).execute(conn).await?;
            Ok(())
        });
        done.unwrap();
    }

    /// Leads of every zone, ten of each, zone behind zone, all due at this moment; which zone each is in.
    async fn put_zone_by_zone(&self, due: i64) -> HashMap<LeadId, usize> {
        let mut zones = HashMap::new();
        for zone in 0..ZONES.len() {
            for n in 0..10 {
                zones.insert(self.put(in_zone(zone, n, 0), due).await, zone);
            }
        }
        zones
    }

    async fn due(&self, limit: u32) -> Vec<LeadId> {
        let due = self.store.due_leads(self.campaign, DialKind::ALL, now(), limit).await.unwrap();
        due.iter().map(|due| due.lead).collect()
    }
}

on_both_engines! {
    async fn priority_goes_before_time_and_only_among_fresh_leads(store: Store) {
        let bench = Bench::new(store).await;
        let (low, late, early) = (bench.put(listed(1, -99), 0).await, bench.put(listed(2, 0), 20).await, bench.put(listed(3, 0), 10).await);
        let (high, held_up) = (bench.put(listed(4, 7), 500).await, bench.put(listed(5, 0), 30).await);
        let (retry, next_retry) = (bench.put(listed(6, -99), 40).await, bench.put(listed(7, 99), 50).await);
        let (callback, next_callback) = (bench.put(listed(8, -1), 60).await, bench.put(listed(9, 1), 70).await);
        for (lead, kind) in [(held_up, DialKind::Fresh), (retry, DialKind::Retry), (next_retry, DialKind::Retry)] {
            bench.waits(lead, kind).await;
        }
        for lead in [callback, next_callback] {
            bench.waits(lead, DialKind::Callback).await;
        }
        let order = [callback, next_callback, retry, next_retry, high, held_up, early, late, low];
        assert_eq!(bench.due(20).await, order);
        for limit in 0..order.len() {
            assert_eq!(bench.due(u32::try_from(limit).unwrap()).await, order[..limit], "the first {limit}");
        }
    }

    async fn a_priority_whose_leads_are_not_due_is_passed_over_class_by_class(store: Store) {
        let bench = Bench::new(store).await;
        let later = |n, priority| NewLead { not_before: Some(at(NOW + 1)), ..listed(n, priority) };
        for (n, priority) in [(1, 99), (2, 50), (3, 5)] {
            bench.put(later(n, priority), 0).await;
        }
        let (west, east) = (bench.put(listed(4, 5), 0).await, bench.put(in_zone(2, 5, 50), 0).await);
        let (last_west, last_east) = (bench.put(listed(6, -7), 1).await, bench.put(in_zone(2, 7, -7), 0).await);
        assert_eq!(bench.due(9).await, [east, west, last_east, last_west]);
        assert_eq!(bench.due(2).await, [east, west]);
    }

    async fn a_class_that_is_not_asked_for_has_no_say_whatever_its_priority(store: Store) {
        let bench = Bench::new(store).await;
        let open = bench.put(listed(1, 0), 0).await;
        let classes: Vec<i64> = bench.store.hours_classes(bench.campaign).await.unwrap().iter().map(|class| class.id).collect();
        bench.put(in_zone(2, 2, 99), 0).await;
        let due = bench.store.due_leads_in(bench.campaign, &classes, DialKind::ALL, now(), 9).await.unwrap();
        assert_eq!(due.iter().map(|due| due.lead).collect::<Vec<_>>(), [open]);
    }

    async fn zones_take_turns_among_leads_of_one_moment(store: Store) {
        let bench = Bench::new(store).await;
        let zones = bench.put_zone_by_zone(0).await;
        let turns: Vec<usize> = bench.due(30).await.iter().map(|lead| zones[lead]).collect();
        for round in turns.chunks(3) {
            assert!((0..3).all(|zone| round.contains(&zone)), "{turns:?}");
        }
        let first: Vec<usize> = bench.due(6).await.iter().map(|lead| zones[lead]).collect();
        assert_eq!(first, turns[..6]);
    }

    async fn the_class_that_is_named_first_has_the_first_turn(store: Store) {
        let bench = Bench::new(store).await;
        let zones = bench.put_zone_by_zone(0).await;
        let mut classes: Vec<i64> = bench.store.hours_classes(bench.campaign).await.unwrap().iter().map(|class| class.id).collect();
        let mut called = HashSet::new();
        for _ in 0..classes.len() {
            let due = bench.store.due_leads_in(bench.campaign, &classes, DialKind::ALL, now(), 1).await.unwrap();
            called.insert(zones[&due[0].lead]);
            classes.rotate_left(1);
        }
        assert_eq!(called.len(), 3);
    }

    async fn a_turn_is_worth_less_than_a_priority_and_an_earlier_time(store: Store) {
        let bench = Bench::new(store).await;
        let zones = bench.put_zone_by_zone(10).await;
        for (zone, priority, moment) in [(0, 1, 0), (1, 2, 1), (2, 3, 2)] {
            let early = bench.put(in_zone(zone, 20, 0), moment).await;
            let high = bench.put(in_zone(zone, 21, priority), 30).await;
            let high_and_early = bench.put(in_zone(zone, 22, priority), 20).await;
            let due = bench.due(30).await;
            assert_eq!(due[..2], [high_and_early, high], "whatever their zone");
            let (place, others) = (due.iter().position(|lead| *lead == early), due.iter().position(|lead| zones.contains_key(lead)));
            assert!(place.is_some() && place < others, "{place:?} and {others:?}");
        }
    }

    async fn every_priority_has_its_place(store: Store) {
        let bench = Bench::new(store).await;
        let mut order = Vec::new();
        for (n, number) in Priority::ALL.rev().enumerate() {
            order.push(bench.put(listed(n as u64, number.into()), 0).await);
        }
        assert_eq!(bench.due(500).await, order);
    }
}
