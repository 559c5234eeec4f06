//! Do-not-call lists whose reading breaks off, and two readings of one list at once: no number is lost, and what is there shows.

use super::fixtures::{at, dnc_list, number};
use super::support::{on_both_engines, plan};
use crate::domain::dialing::DialTimings;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::dnc::{DROP, DncList, Listing, ReadList, Standing, UNFINISHED, UnfinishedList};

const NATIONAL: ReadList<'_> = ReadList { name: "national", registry: None, scrub_date: "2026-11-20" };

async fn begin(store: &Store, millis: i64) -> Listing {
    store.begin_listing("national", at(millis)).await.unwrap()
}

/// Whether the numbers were taken.
async fn add(store: &Store, listing: &mut Listing, numbers: &[u64]) -> bool {
    let numbers: Vec<PhoneNumber> = numbers.iter().map(|n| number(*n)).collect();
    store.add_listed("national", &numbers, listing, &DialTimings::default(), at(9)).await.unwrap().is_some()
}

async fn end(store: &Store, listing: &Listing) -> Option<DncList> {
    store.finish_listing(NATIONAL, listing, "ada", at(9)).await.unwrap()
}

/// A complete list of these numbers.
async fn complete(store: &Store, millis: i64, numbers: &[u64]) -> DncList {
    let mut listing = begin(store, millis).await;
    assert!(add(store, &mut listing, numbers).await);
    end(store, &listing).await.unwrap()
}

/// Which of the first nine numbers are on a list.
async fn listed(store: &Store) -> Vec<u64> {
    let mut there = Vec::new();
    for n in 1..10 {
        if !store.suppressions_of(&number(n)).await.unwrap().is_empty() {
            there.push(n);
        }
    }
    there
}

fn unfinished(began_at: Timestamp, is_renewal: bool) -> UnfinishedList {
    UnfinishedList { name: "national".to_owned(), began_at, is_renewal }
}

on_both_engines! {
    async fn a_list_that_nobody_had_and_that_broke_off_shows_and_is_removed(store: Store) {
        assert!(store.unfinished_lists().await.unwrap().is_empty());
        dnc_list(&store, ReadList { name: "own", registry: None, scrub_date: "2026-11-20" }, at(0)).await;
        let mut broken_off = begin(&store, 1).await;
        assert!(add(&store, &mut broken_off, &[1, 2]).await && add(&store, &mut broken_off, &[2, 3]).await);
        assert_eq!(store.unfinished_lists().await.unwrap(), [unfinished(at(1), false)]);
        assert_eq!(store.unfinished_numbers(&unfinished(at(1), false)).await.unwrap(), 3);
        assert_eq!(store.dnc_lists().await.unwrap().len(), 1);
        assert!(store.remove_dnc_list("national", "ada", "broke off", at(2)).await.unwrap());
        assert!(!store.remove_dnc_list("national", "ada", "broke off", at(3)).await.unwrap());
        assert_eq!((listed(&store).await, store.unfinished_lists().await.unwrap()), (Vec::new(), Vec::new()));
        assert_eq!(store.audits(Some("dnc/national"), 9).await.unwrap().len(), 1);
    }

    async fn a_newer_list_that_broke_off_leaves_the_old_one_in_force_until_it_is_read_again(store: Store) {
        let old = complete(&store, 1, &[1, 2]).await;
        let mut broken_off = begin(&store, 3).await;
        assert!(add(&store, &mut broken_off, &[2, 3]).await);
        assert_eq!(store.unfinished_lists().await.unwrap(), [unfinished(at(3), true)]);
        assert_eq!((store.dnc_lists().await.unwrap(), listed(&store).await), (vec![old], vec![1, 2, 3]));
        let newer = complete(&store, 6, &[4]).await;
        assert_eq!((newer.numbers, newer.imported_at, listed(&store).await), (1, at(6), vec![4]));
        assert!(store.unfinished_lists().await.unwrap().is_empty());
    }

    async fn a_list_that_dies_over_the_numbers_of_the_old_one_shows_until_they_are_gone(store: Store) {
        complete(&store, 1, &[1, 2]).await;
        let mut dies = begin(&store, 3).await;
        assert!(add(&store, &mut dies, &[2, 3]).await);
        assert_eq!(store.date_list(NATIONAL, &dies, "ada", at(4)).await.unwrap().unwrap().numbers, 2);
        assert_eq!((store.unfinished_lists().await.unwrap(), listed(&store).await), (vec![unfinished(at(3), true)], vec![1, 2, 3]));
        assert_eq!((complete(&store, 5, &[2, 3]).await.numbers, listed(&store).await), (2, vec![2, 3]));
        assert!(store.unfinished_lists().await.unwrap().is_empty());
    }

    async fn of_two_readings_at_once_the_first_to_end_has_the_list(store: Store) {
        for old in [&[][..], &[1, 2]] {
            for later_ends_first in [false, true] {
                if !old.is_empty() {
                    complete(&store, 1, old).await;
                }
                let mut one = begin(&store, 100).await;
                assert!(add(&store, &mut one, &[3, 4]).await);
                let mut other = begin(&store, 100).await;
                assert!(add(&store, &mut other, &[4, 5]).await && add(&store, &mut one, &[4, 6]).await);
                let (mut first, mut second, own) = if later_ends_first { (other, one, [4, 5]) } else { (one, other, [3, 4]) };
                assert!(end(&store, &first).await.is_some());
                assert_eq!(end(&store, &second).await, None);
                assert!(!add(&store, &mut second, &[7]).await && !add(&store, &mut first, &[7]).await);
                let there = listed(&store).await;
                assert!(own.iter().all(|n| there.contains(n)) && !there.contains(&7), "{there:?}");
                assert_eq!(store.unfinished_lists().await.unwrap().len(), usize::from(!later_ends_first), "{there:?}");
                assert_eq!((complete(&store, 200, &[8]).await.numbers, listed(&store).await), (1, vec![8]));
                assert!(store.remove_dnc_list("national", "ada", "again", at(9)).await.unwrap());
            }
        }
    }

    async fn a_list_has_the_size_of_its_own_file_whoever_added_a_number_first(store: Store) {
        let mut one = begin(&store, 100).await;
        assert!(add(&store, &mut one, &[1, 2]).await);
        let mut other = begin(&store, 100).await;
        assert!(add(&store, &mut other, &[2, 3, 4]).await && add(&store, &mut one, &[1, 3, 5]).await);
        assert_eq!(end(&store, &one).await.unwrap().numbers, 4);
        assert_eq!(store.dnc_lists().await.unwrap()[0].numbers, 4);
        assert!(store.audits(Some("dnc/national"), 9).await.unwrap()[0].detail.starts_with("4 numbers"), "and not 5");
    }

    async fn of_two_readings_that_end_in_one_moment_one_has_the_list(store: Store) {
        for old in [true, false] {
            if old {
                complete(&store, 1, &[1]).await;
            }
            let (mut one, mut other) = (begin(&store, 50).await, begin(&store, 60).await);
            assert!(add(&store, &mut one, &[2, 3]).await && add(&store, &mut other, &[3, 4]).await);
            let (first, second) = tokio::join!(end(&store, &one), end(&store, &other));
            assert!(first.is_some() != second.is_some(), "{first:?} {second:?}");
            let (own, there) = (if first.is_some() { [2, 3] } else { [3, 4] }, listed(&store).await);
            assert!(own.iter().all(|n| there.contains(n)) && !there.contains(&1), "{there:?}");
            assert!(store.remove_dnc_list("national", "ada", "again", at(9)).await.unwrap());
        }
    }

    async fn a_list_that_is_removed_while_it_is_read_does_not_end_as_half_of_itself(store: Store) {
        for old in [&[][..], &[1]] {
            if !old.is_empty() {
                complete(&store, 1, old).await;
            }
            let mut reading = begin(&store, 50).await;
            assert!(add(&store, &mut reading, &[2, 3]).await);
            assert!(store.remove_dnc_list("national", "ada", "not needed", at(60)).await.unwrap());
            add(&store, &mut reading, &[4]).await;
            assert_eq!(end(&store, &reading).await, None);
            assert!(store.dnc_lists().await.unwrap().is_empty());
            store.remove_dnc_list("national", "ada", "not needed", at(70)).await.unwrap();
        }
    }

    async fn of_a_list_whose_reading_ended_since_it_was_removed_no_number_is_dropped(store: Store) {
        complete(&store, 1, &[1, 2]).await;
        assert_eq!(store.drop_listed("national", at(2), Standing::Gone).await.unwrap(), 0);
        assert_eq!(listed(&store).await, [1, 2]);
        let mut reading = begin(&store, 50).await;
        assert!(add(&store, &mut reading, &[3]).await);
        assert_eq!(store.drop_listed("other", at(99), Standing::Complete).await.unwrap(), 0);
        assert_eq!(store.drop_listed("national", at(50), Standing::Complete).await.unwrap(), 2);
        assert_eq!(listed(&store).await, [3]);
    }

    async fn a_list_that_is_removed_while_its_reading_ends_is_there_as_a_whole_or_not_at_all(store: Store) {
        for _ in 0..20 {
            let mut reading = begin(&store, 50).await;
            assert!(add(&store, &mut reading, &[2, 3]).await);
            let removing = store.remove_dnc_list("national", "ada", "not needed", at(60));
            let (ended, removed) = tokio::join!(end(&store, &reading), removing);
            assert!(removed.unwrap());
            let there = if store.dnc_lists().await.unwrap().is_empty() { vec![] } else { vec![2, 3] };
            assert_eq!(listed(&store).await, there, "{ended:?}");
            store.remove_dnc_list("national", "ada", "not needed", at(70)).await.unwrap();
        }
    }

    async fn a_later_reading_bears_a_later_moment_whatever_the_clock_says(store: Store) {
        assert_eq!(complete(&store, 10, &[1, 2]).await.imported_at, at(10));
        assert_eq!(complete(&store, 5, &[3]).await.imported_at, at(12));
        assert_eq!(listed(&store).await, [3]);
    }

    async fn numbers_are_dropped_without_reading_those_of_other_lists(store: Store) {
        let values = ["'list:own'", "7", "10000", "'own'", "true"];
        let sql = (1..).zip(values).fold(DROP.on(&store.db).to_owned(), |sql, (n, value)| sql.replace(&format!("${n}"), value));
        let plan = plan(&store, &sql).await;
        let looked_up = ["Index Scan using suppression_pkey", "SEARCH suppression USING INDEX"].iter().any(|way| plan.contains(way));
        assert!(looked_up && !plan.contains("SCAN suppression") && !plan.contains("Join"), "{plan}");
    }

    async fn unfinished_lists_are_found_without_reading_the_numbers_of_the_others(store: Store) {
        let plan = plan(&store, UNFINISHED).await;
        let by_index = plan.matches("suppression_of_list").count();
        assert!(by_index >= 3 && !plan.contains("SCAN suppression") && !plan.contains("Seq Scan on suppression"), "{plan}");
    }
}
