//! The dial protocol as pure decisions: one file per decision, (row, observation, now) in, verdict out.
//!
//! In the order of a lead's life: [`claim`] gives one worker the right to send once; [`classify`] says what the provider's
//! answer proves; [`refusal`] what a refusal means for the lead, the number, the campaign and the fleet; [`reconcile`]
//! settles what nobody knows; [`meet`] decides whether a call that shows up is ours; [`fold`] takes in callbacks in any
//! order; [`recall`] takes back what a pause or an opt-out finds at the provider; [`poll`], [`sweep`] and [`reap`] look after what
//! fell silent; [`finish`] makes the outcome and [`next_step`] says
//! what becomes of the lead. The SQL and the sockets around them are thin; the model in `model` plays them all against a
//! provider that loses, delays and repeats.

pub mod claim;
pub mod classify;
pub mod finish;
pub mod fold;
pub mod meet;
pub mod next_step;
pub mod pace;
pub mod poll;
pub mod reap;
pub mod recall;
pub mod reconcile;
pub mod refusal;
pub mod row;
pub mod sip;
pub mod sweep;
pub mod timings;

#[cfg(test)]
mod model;

pub use claim::{Claim, Switches, claim};
pub use classify::{PostAnswer, PostClass, classify};
pub use finish::{CallEnd, HolderSide, Verdict, finish};
pub use fold::{Callback, Folded, fold};
pub use meet::{Meeting, meet};
pub use next_step::{LeadHistory, LeadStep, after_denial, next_step};
pub use pace::{
    FreePlaces, calls_within, claim_pace, dials_abreast, free_places, leeway, pace_text, rest, rests_until, room_ahead, send_pace, spacing,
    turn_lasts, turns_apart,
};
pub use poll::{PollAnswer, Polled, poll};
pub use reap::{HeartbeatWatch, Reaped, reap};
pub use recall::{Recall, Recalled, recall};
pub use reconcile::{ListedCall, Look, Reconciled, UnsureRow, Watch, last_look, reconcile};
pub use refusal::{HaltScope, Refusal, RefusalPlan};
pub use row::{CallStatus, DialRow};
pub use sweep::{StaleRow, Swept, sweep};
pub use timings::DialTimings;
