//! What a worker does: dials tickets, holds calls, works the job table, and shows that it lives.

mod admission;
pub mod agents;
pub mod campaigns;
mod clips;
pub mod defer;
pub mod dial_lead;
mod earlier_call;
mod earlier_paces;
pub mod fewer_dials;
pub mod finish_call;
pub mod heartbeat;
pub mod hold_call;
mod in_hand;
pub mod journal;
mod kept_ticket;
pub mod local_journal;
mod patience;
mod prerender;
mod silence;
pub mod table;
pub mod turns;
mod unheld;
