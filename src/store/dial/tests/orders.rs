//! A call's messages in random order, repeated, through the real tables: one outcome, told once.

use futures_util::future::join_all;

use super::bench::{Bench, news};
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{CallStatus, Callback, PostClass};
use crate::store::contract::support::on_both_engines;
use crate::store::dial::{Recorded, Told};

/// Seeded order: a small multiplicative walk.
struct Shuffle(u64);

impl Shuffle {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn order(&mut self, mut all: Vec<usize>) -> Vec<usize> {
        for left in (1..all.len()).rev() {
            all.swap(left, self.below(left + 1));
        }
        all
    }
}

fn messages(sid: &str) -> Vec<Callback> {
    let steps = [CallStatus::Initiated, CallStatus::Ringing, CallStatus::InProgress, CallStatus::Completed];
    let told = steps.into_iter().zip(0..).map(|(status, sequence)| news(sid, status, sequence));
    let verdict = Callback {
        status: None,
        sequence: None,
        duration_s: None,
        answered_by: Some("human".to_owned()),
        ..news(sid, CallStatus::Queued, 0)
    };
    told.chain([verdict]).collect()
}

/// Tells everything once and some of it again; `5` is the POST's own answer.
async fn tell(bench: &Bench, n: u64, shuffle: &mut Shuffle) -> (Vec<usize>, Vec<Told>) {
    let (claimed, sid) = (bench.sending(n).await, format!("CA{n}"));
    let all: Vec<usize> = (0..6).chain((0..3).map(|_| shuffle.below(6))).collect();
    let (order, messages, mut told) = (shuffle.order(all), messages(&sid), Vec::new());
    for said in &order {
        told.push(match messages.get(*said) {
            Some(message) => bench.callback(claimed.attempt, message).await,
            None => match bench.answer(&claimed, &sid).await {
                Recorded::Placed(told) => told,
                other => panic!("{order:?}: {other:?}"),
            },
        });
    }
    (order, told)
}

async fn ends_the_same(bench: &Bench, n: u64) {
    let (order, told) = tell(bench, n, &mut Shuffle(19 * n)).await;
    assert_eq!(told.iter().filter(|told| told.finish).count(), 1, "{order:?}");
    assert_eq!(told.iter().filter(|told| told.signal).count(), 1, "{order:?}");
    assert!(told.iter().all(|told| told.cancel.is_none() && told.trouble.is_none()), "{order:?}");
    let row = bench.store.attempt(told[0].attempt).await.unwrap().unwrap();
    assert_eq!((row.state, row.call_sid), (AttemptState::Talking, Some(format!("CA{n}"))), "{order:?}");
    let lead = bench.view(told[0].lead).await.lead;
    assert_eq!((lead.placed, lead.attempts), (1, 1), "{order:?}");
}

on_both_engines! {
    async fn any_order_of_a_calls_messages_ends_the_same(store: Store) {
        let bench = Bench::new(store).await;
        for ten in 0..15 {
            join_all((1..=10).map(|n| ends_the_same(&bench, 10 * ten + n))).await;
        }
    }

    async fn messages_that_arrive_together_are_folded_once(store: Store) {
        let bench = Bench::new(store).await;
        for n in 1..=25 {
            let (claimed, sid) = (bench.sending(n).await, format!("CA{n}"));
            let (all, placed) = (messages(&sid), PostClass::Placed { call_sid: sid.clone() });
            let twice = all.iter().chain(&all).map(|message| bench.callback(claimed.attempt, message));
            let (told, answer) = tokio::join!(join_all(twice), bench.record(&claimed, &placed));
            assert!(matches!(answer, Recorded::Placed(_)), "{answer:?}");
            assert_eq!(told.iter().filter(|told| told.finish).count(), 1);
            assert_eq!(told.iter().filter(|told| told.signal).count(), 1);
            let row = bench.store.attempt(claimed.attempt).await.unwrap().unwrap();
            assert_eq!((row.state, row.provider_status, row.call_sid), (AttemptState::Talking, Some(CallStatus::Completed), Some(sid)));
            assert_eq!(bench.view(claimed.lead).await.lead.placed, 1);
        }
    }
}
