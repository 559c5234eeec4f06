//! A held call as a story: take the stream, talk or leave a message, end at the provider, say what came of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

pub use crate::call::brief::{CallBrief, Senses};
use crate::call::converse::{Converse, LoopState};
use crate::call::journal::{CallReport, CallSignal, Journal};
use crate::call::ledger::Bookkeeper;
use crate::call::listen::Listening;
use crate::call::phone::PhoneLink;
use crate::call::report::Reporter;
use crate::call::speak::Speaking;
use crate::call::transfer;
use crate::call::turn::{Conversation, Ending, Rules};
use crate::mind::thinker::{Thinker, ThinkerParts, call_budget};

/// Events of the stages that may wait for the loop.
const EVENTS: usize = 64;
/// Frames that may wait for the ears: two and a half seconds.
const FRAMES: usize = 128;
/// Orders that may wait for the mouth: more pieces than a reply has.
const ORDERS: usize = 256;
/// How long the provider may take to answer, and then to end the stream.
pub(super) const STOP_WITHIN: Duration = Duration::from_secs(5);
/// How long the last turn may take to be understood.
const UNDERSTAND_WITHIN: Duration = Duration::from_secs(4);
/// How long stages may take to close their sockets.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// Holds one call to its end. Cancelling `stop` ends it politely.
pub async fn hold(
    brief: CallBrief,
    phone: PhoneLink,
    senses: Senses,
    journal: Arc<dyn Journal>,
    mut signals: mpsc::Receiver<CallSignal>,
    stop: CancellationToken,
) -> CallReport {
    let mut call = begin(&brief, phone, &senses, journal);
    call.run(&mut signals, &stop).await;
    if end(&mut call, &brief, &senses).await {
        transfer::until_told(&mut call, &brief, &senses, &mut signals, &stop).await;
    }
    call.reporter.report(&call.core)
}

/// Opens the stages; nothing waits for them: the greeting plays while they connect.
fn begin(brief: &CallBrief, phone: PhoneLink, senses: &Senses, journal: Arc<dyn Journal>) -> Converse {
    let (events_in, events) = mpsc::channel(EVENTS);
    let (frames, frames_in) = mpsc::channel(FRAMES);
    let (orders, orders_in) = mpsc::channel(ORDERS);
    let stop_tasks = CancellationToken::new();
    let books = Bookkeeper { journal: Arc::clone(&journal), clock: Arc::clone(&brief.clock), attempt: brief.attempt };
    let mut tasks = JoinSet::new();
    let listening = Listening {
        ears: Arc::clone(&senses.ears),
        options: brief.definition().ears.clone(),
        vendor: brief.vendors.ears,
        frames: frames_in,
        events: events_in.clone(),
        books: books.clone(),
        stop: stop_tasks.child_token(),
    };
    let speaking = Speaking {
        mouth: Arc::clone(&senses.mouth),
        voice: brief.definition().voice.clone(),
        orders: orders_in,
        events: events_in.clone(),
        books,
        stop: stop_tasks.child_token(),
    };
    tasks.spawn(listening.run().in_current_span());
    tasks.spawn(speaking.run().in_current_span());
    Converse {
        core: Conversation::new(Arc::new(rules(brief))),
        reporter: Reporter::of(brief),
        phone,
        thinker: Arc::new(thinker(brief, senses, &journal)),
        journal,
        frames,
        orders,
        events,
        events_in,
        tasks,
        stop_tasks,
        state: LoopState::new(),
    }
}

fn rules(brief: &CallBrief) -> Rules {
    Rules {
        script: Arc::clone(&brief.script),
        clips: brief.clips.clone(),
        on_voicemail: brief.on_voicemail,
        can_transfer: brief.transfer.is_some(),
        max_duration_ms: u64::try_from(brief.max_duration.as_millis()).unwrap_or(u64::MAX),
        began: brief.clock.now(),
        hours: brief.hours.clone(),
        callbacks_left: brief.callbacks_left,
    }
}

fn thinker(brief: &CallBrief, senses: &Senses, journal: &Arc<dyn Journal>) -> Thinker {
    let journal = Arc::clone(journal);
    Thinker::new(ThinkerParts {
        mind: Arc::clone(&senses.mind),
        provider: brief.vendors.mind,
        script: Arc::clone(&brief.script),
        budget: call_budget(brief.definition().limits.budget_usd),
        clock: Arc::clone(&brief.clock),
        keep: Arc::new(move |entry| journal.ledger(entry)),
    })
}

/// Ends the call at the provider first: closing the stream first would make it go on with the next verb, which is the
/// apology. True when a person is rung instead, and the provider goes on with the call.
async fn end(call: &mut Converse, brief: &CallBrief, senses: &Senses) -> bool {
    let (live, ending) = (!call.state.provider_ended, call.core.ending());
    let leaving = async { live && leave(ending, brief, senses).await };
    // the stream is read meanwhile: a reader that stands still would be dropped before the call is over
    let left = timeout(2 * STOP_WITHIN, async { tokio::join!(leaving, call.until_stopped()).0 }).await;
    if left.is_err() {
        tracing::warn!("the provider did not end the stream in time");
    }
    // an analysis that is later than this is done without
    let _ = timeout(UNDERSTAND_WITHIN, call.understand_the_rest()).await;
    call.stop_tasks.cancel();
    let closing = async { while call.tasks.join_next().await.is_some() {} };
    if timeout(CLOSE_WITHIN, closing).await.is_err() {
        call.tasks.abort_all();
    }
    left.unwrap_or(false)
}

/// Lets a person be rung where one was asked for, or ends the call. True when one is rung.
async fn leave(ending: Option<Ending>, brief: &CallBrief, senses: &Senses) -> bool {
    if ending == Some(Ending::Transfer) && transfer::ring(brief, senses).await {
        return true;
    }
    end_at_provider(brief, senses).await;
    false
}

pub(super) async fn end_at_provider(brief: &CallBrief, senses: &Senses) {
    for _ in 0..2 {
        match timeout(STOP_WITHIN, senses.telephony.end(&brief.call_sid)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => tracing::warn!(%error, "the call could not be ended at the provider"),
            Err(_) => tracing::warn!("the provider did not answer when the call was to be ended"),
        }
    }
}
