//! What the next call is told of the last one.

use super::bench::{Bench, now, slots};
use super::finish::talked;
use super::hold::told;
use crate::domain::dialing::CallStatus;
use crate::domain::ids::AttemptId;
use crate::domain::outcome::{Disposition, Outcome, PromisedCallback, Reason};
use crate::store::contract::support::on_both_engines;

on_both_engines! {
    async fn the_last_conversation_is_told_to_the_next_one(store: Store) {
        let bench = Bench::new(store).await;
        let promise = PromisedCallback { words: "at five".into(), earliest: now(), latest: None, zone: "America/Los_Angeles".into(), agreement: None };
        let outcome = Outcome { callback: Some(promise), ..told(Disposition::Callback) };
        let talk = talked(&bench, 1, "CA1", Some(&outcome)).await;
        assert_eq!(bench.store.earlier_call(talk.lead, AttemptId::new()).await.unwrap(), None, "it is not over");
        bench.end(&talk, "CA1", CallStatus::Completed).await;
        assert_eq!(bench.store.earlier_call(talk.lead, talk.attempt).await.unwrap(), None, "that is this one");
        let earlier = bench.store.earlier_call(talk.lead, AttemptId::new()).await.unwrap().unwrap();
        assert_eq!((earlier.disposition, earlier.callback_words.as_deref()), (Disposition::Callback, Some("at five")));
        assert_eq!((earlier.slots, earlier.summary), (Some(slots().to_string()), None));
    }

    async fn a_call_in_which_nobody_talked_tells_nothing(store: Store) {
        let bench = Bench::new(store).await;
        let machine = talked(&bench, 2, "CA2", Some(&told(Disposition::Voicemail))).await;
        bench.end(&machine, "CA2", CallStatus::Completed).await;
        assert_eq!(bench.store.earlier_call(machine.lead, AttemptId::new()).await.unwrap(), None);
        let another = Outcome { reason: Some(Reason::WrongPerson), ..told(Disposition::Incomplete) };
        let another = talked(&bench, 3, "CA3", Some(&another)).await;
        bench.end(&another, "CA3", CallStatus::Completed).await;
        assert_eq!(bench.store.earlier_call(another.lead, AttemptId::new()).await.unwrap(), None, "that was not them");
        let unanswered = bench.placed(1, "CA1").await;
        bench.end(&unanswered, "CA1", CallStatus::NoAnswer).await;
        assert_eq!(bench.store.earlier_call(unanswered.lead, AttemptId::new()).await.unwrap(), None);
    }
}
