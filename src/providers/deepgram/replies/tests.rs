use proptest::prelude::*;

use super::*;

struct Desk {
    replies: Replies,
    now: Instant,
}

impl Desk {
    fn new() -> Self {
        let now = Instant::now();
        Self { replies: Replies::new(now), now }
    }

    fn say(&mut self, say: Say) -> Vec<Out> {
        let mut out = Vec::new();
        self.replies.say(say, self.now, &mut out);
        out
    }

    fn text(&mut self, reply: u32, text: &str) -> Vec<Out> {
        self.say(Say::Text { reply, text: text.into() })
    }

    fn flush(&mut self, reply: u32) -> Vec<Out> {
        self.say(Say::Flush { reply })
    }

    fn flushed(&mut self) -> Vec<Out> {
        let mut out = Vec::new();
        self.replies.flushed(self.now, &mut out);
        out
    }

    fn audio(&mut self) -> Option<u32> {
        match self.replies.audio(Bytes::from_static(b"a"), self.now)? {
            Spoken::Audio { reply, .. } => Some(reply),
            other => panic!("{other:?}"),
        }
    }
}

fn speak(text: &str) -> Out {
    Out::Send(json!({ "type": "Speak", "text": text }).to_string())
}

fn sent(kind: &str) -> Out {
    Out::Send(format!(r#"{{"type":"{kind}"}}"#))
}

fn told(reply: u32) -> Out {
    Out::Tell(Spoken::Flushed { reply })
}

#[test]
fn audio_belongs_to_the_oldest_unflushed_reply() {
    let mut desk = Desk::new();
    assert_eq!(desk.text(1, "One."), [speak("One.")]);
    assert_eq!(desk.flush(1), [sent("Flush")]);
    assert_eq!(desk.text(2, "Two."), [speak("Two.")]);
    assert_eq!(desk.audio(), Some(1));
    assert_eq!(desk.flushed(), [told(1)]);
    assert_eq!(desk.audio(), Some(2));
    desk.flush(2);
    assert_eq!(desk.flushed(), [told(2)]);
    assert_eq!((desk.audio(), desk.flushed()), (None, vec![]));
}

#[test]
fn after_a_clear_only_new_audio_counts() {
    let mut desk = Desk::new();
    desk.text(1, "Long story.");
    desk.flush(1);
    assert_eq!(desk.say(Say::Clear), [sent("Clear")]);
    desk.text(2, "Yes?");
    desk.flush(2);
    assert_eq!((desk.audio(), desk.flushed()), (None, vec![]), "still the old reply's");
    desk.replies.cleared(desk.now);
    assert_eq!((desk.audio(), desk.flushed()), (Some(2), vec![told(2)]));
}

#[test]
fn clearing_nothing_says_nothing() {
    let mut desk = Desk::new();
    assert_eq!(desk.say(Say::Clear), []);
    desk.text(1, "Hi.");
    desk.flush(1);
    desk.flushed();
    assert_eq!(desk.say(Say::Clear), []);
}

#[test]
fn a_reply_without_words_needs_no_flush_but_keeps_its_place() {
    let mut desk = Desk::new();
    assert_eq!(desk.flush(1), [told(1)]);
    desk.text(2, "Hi.");
    desk.flush(2);
    assert_eq!(desk.text(3, "  "), []);
    assert_eq!(desk.flush(3), []);
    assert_eq!(desk.flushed(), [told(2), told(3)]);
}

#[test]
fn a_forgotten_flush_is_made_up_for() {
    let mut desk = Desk::new();
    desk.text(1, "One.");
    assert_eq!(desk.text(2, "Two."), [sent("Flush"), speak("Two.")]);
    assert_eq!(desk.flush(1), [], "it was flushed already");
    assert_eq!(desk.flushed(), [told(1)]);
    assert_eq!((desk.flush(2), desk.flushed()), (vec![sent("Flush")], vec![told(2)]));
}

#[test]
fn the_budget_of_flushes_is_kept_and_order_too() {
    let mut desk = Desk::new();
    for reply in 0..20 {
        desk.text(reply, "Hi.");
        assert_eq!(desk.flush(reply), [sent("Flush")]);
        assert_eq!(desk.flushed(), [told(reply)]);
    }
    assert_eq!(desk.text(20, "Hi."), [speak("Hi.")]);
    assert_eq!((desk.flush(20), desk.text(21, "You.")), (vec![], vec![]));
    let wake = desk.replies.wakes_at().unwrap();
    assert_eq!(wake, desk.now + WINDOW);
    let mut out = Vec::new();
    desk.replies.pump(wake, &mut out);
    assert_eq!(out, [sent("Flush"), speak("You.")]);
    assert_eq!(desk.replies.wakes_at(), None);
}

#[test]
fn a_clear_does_not_wait_for_the_budget() {
    let mut desk = Desk::new();
    for reply in 0..21 {
        desk.text(reply, "Hi.");
        desk.flush(reply);
        desk.flushed();
    }
    assert!(desk.replies.wakes_at().is_some());
    assert_eq!(desk.say(Say::Clear), [sent("Clear")]);
    assert_eq!(desk.replies.wakes_at(), None);
}

#[test]
fn silence_of_a_service_that_owes_audio_is_noticed() {
    let mut desk = Desk::new();
    let later = desk.now + Duration::from_secs(11);
    desk.text(1, "Hi.");
    assert!(!desk.replies.is_stuck(later), "an open reply may wait for its text");
    desk.flush(1);
    assert!(desk.replies.is_stuck(later));
    desk.flushed();
    assert!(!desk.replies.is_stuck(later));
}

proptest! {
    #[test]
    fn flushed_comes_once_per_reply_and_in_order(steps in proptest::collection::vec(0..4u8, 1..60)) {
        let (mut desk, mut reply, mut seen) = (Desk::new(), 0, Vec::new());
        for step in steps {
            let out = match step {
                0 => desk.text(reply, "Hi."),
                1 => { reply += 1; desk.flush(reply - 1) }
                2 => desk.flushed(),
                _ => { reply += 1; desk.replies.cleared(desk.now); desk.say(Say::Clear) }
            };
            seen.extend(out.into_iter().filter_map(|o| match o { Out::Tell(Spoken::Flushed { reply }) => Some(reply), _ => None }));
        }
        prop_assert!(seen.is_sorted_by(|a, b| a < b), "{:?}", seen);
    }
}
