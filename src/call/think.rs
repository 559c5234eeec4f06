//! The thinking stage: one task per reply and one per analysis, each a child of the call and stoppable alone.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::call::turn::{Ask, Event};
use crate::mind::thinker::{Thinker, Thought, ThoughtEnd, Turn};

/// Words that may wait for the loop.
const WORDS: usize = 32;

/// Streams one reply into the loop; firing `stop` ends it silently.
pub(super) async fn reply(thinker: Arc<Thinker>, ask: Ask, events: mpsc::Sender<Event>, stop: CancellationToken) {
    let (out, mut thoughts) = mpsc::channel(WORDS);
    let turn = Turn { number: ask.turn, utterance: &ask.utterance, confidence: None };
    let thinking = async {
        thinker.reply(&ask.history, turn, &out, &stop).await;
        drop(out);
    };
    let relaying = async {
        let mut ended = false;
        while let Some(thought) = thoughts.recv().await {
            ended = matches!(thought, Thought::End(_));
            if events.send(event(ask.reply, thought)).await.is_err() {
                return;
            }
        }
        if !ended && !stop.is_cancelled() {
            // The loop may be gone already, and then nobody needs to know.
            let _ = events.send(Event::ReplyFailed { reply: ask.reply, spent: false }).await;
        }
    };
    tokio::join!(thinking, relaying);
}

fn event(reply: u32, thought: Thought) -> Event {
    match thought {
        Thought::Words(text) => Event::ReplyText { reply, text },
        Thought::End(ThoughtEnd::Complete | ThoughtEnd::Length) => Event::ReplyDone { reply },
        Thought::End(ThoughtEnd::BrokenOff | ThoughtEnd::Nothing) => Event::ReplyFailed { reply, spent: false },
        Thought::End(ThoughtEnd::Canned | ThoughtEnd::Spent) => Event::ReplyFailed { reply, spent: true },
    }
}

/// Understands one turn beside its reply. The call goes on without an analysis that cannot be had.
pub(super) async fn analyse(thinker: Arc<Thinker>, ask: Ask, events: mpsc::Sender<Event>, stop: CancellationToken) {
    let turn = Turn { number: ask.turn, utterance: &ask.utterance, confidence: None };
    let event = tokio::select! {
        biased;
        () = stop.cancelled() => return,
        result = thinker.analyse(&ask.history, turn) => match result {
            Ok(analysis) => Event::Analysed { turn: ask.turn, analysis },
            Err(error) => {
                tracing::warn!(turn = ask.turn, %error, "a turn was not analysed");
                return;
            }
        },
    };
    // The loop may be gone already, and then nobody needs to know.
    let _ = events.send(event).await;
}
