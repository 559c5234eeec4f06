//! The rows behind the dial protocol: each file does in one transaction what one decision of [`domain::dialing`] says.
//!
//! A lead's life: it is [`due`], [`arm`]ed, [`claim`]ed once per send and sent ([`answer`], or [`reconcile`] when nobody is sure); the
//! provider tells of the call ([`callback`]), a worker has it ([`hold`]), and it ends ([`finish`]). [`recall`], [`sweep`] and [`poll`]
//! look after what is taken back or fell silent, [`counts`] and [`view`] tell people where things stand.
//!
//! Locks are taken in one order (attempt, lead, other leads, number), so that two transactions never wait for each other.
//!
//! [`domain::dialing`]: crate::domain::dialing

pub mod answer;
pub mod arm;
mod arm_together;
mod at_once;
pub mod callback;
mod called;
mod caller;
mod charge;
pub mod claim;
mod claim_at_once;
pub mod counts;
pub mod due;
pub mod earlier;
mod ending;
mod explain;
mod facts;
pub mod finish;
mod finish_at_once;
mod halt;
mod heads;
pub mod hold;
mod intent;
mod keep;
mod last_call;
mod lead;
pub mod live;
mod number;
pub mod poll;
mod promise;
pub mod recall;
pub mod reconcile;
mod round_robin;
mod row;
mod settle;
pub mod signal;
pub(super) mod sql;
pub mod suppress;
pub mod sweep;
#[cfg(test)]
mod tests;
mod ticket;
mod transfer;
pub mod view;
pub mod withdraw;
mod write_news;

pub use answer::Recorded;
pub use arm::{ArmOrder, Arming};
pub use callback::{Told, Trouble};
pub use charge::Charge;
pub use claim::{ClaimAsk, ClaimOutcome, Claimed};
pub use counts::{OldestRow, OpenCount};
pub use due::DueLead;
pub use earlier::EarlierCall;
pub use ending::Ending;
pub use explain::LeadGates;
pub use finish::{Finished, FinishedCall};
pub use halt::NewlyRefused;
pub use hold::{HeldCall, HoldClaim, StreamClaim};
pub use live::LiveCall;
pub use poll::SilentCall;
pub use recall::Recallable;
pub use reconcile::UnsureCall;
pub use signal::StoredSignal;
pub use sweep::{Swept, SweptRow};
pub use ticket::ReadyTicket;
pub use view::{AttemptView, CallFilter, LeadView};

use std::time::Duration;

use crate::domain::ids::AttemptId;
use crate::store::rounds::Rounds;

/// How far rounds of a kind begin apart. A server is paid for each statement, hardly for its rows, and nobody hears these waits: a
/// caller that dials, a provider whose callback is answered, a call that is over. What speech waits for (a stream's claim, who
/// answered, an opt-out, a transfer) shares no statement.
///
/// What a look finds is used by its claim while it is 200 ms old ([`ticket`]), and this time counts: little of it.
const LOOKS_APART: Duration = Duration::from_millis(15);
/// A claim ends within the send window that it opens, so it waits least.
const CLAIMS_APART: Duration = Duration::from_millis(10);
/// A read is followed by its news, which wait again.
const READS_APART: Duration = Duration::from_millis(20);
/// A provider gives a callback seconds, and whoever sent a POST has nothing else to do with its call.
const NEWS_APART: Duration = Duration::from_millis(30);
/// A call that is over is read, then written.
const ENDS_APART: Duration = Duration::from_millis(40);

/// Statements that a server is asked so often that their callers share them.
#[derive(Debug)]
pub(super) struct DialRounds {
    looks: Rounds<AttemptId, Option<ticket::TicketAndLook>>,
    claims: Rounds<claim_at_once::Intent, bool>,
    reads: Rounds<AttemptId, Option<at_once::Read>>,
    news: Rounds<write_news::Change, Option<write_news::Whose>>,
    endings: Rounds<AttemptId, Option<Ending>>,
    closes: Rounds<finish_at_once::Close, bool>,
}

impl Default for DialRounds {
    fn default() -> Self {
        Self {
            looks: Rounds::apart(LOOKS_APART),
            claims: Rounds::apart(CLAIMS_APART),
            reads: Rounds::apart(READS_APART),
            news: Rounds::apart(NEWS_APART),
            endings: Rounds::apart(ENDS_APART),
            closes: Rounds::apart(ENDS_APART),
        }
    }
}
