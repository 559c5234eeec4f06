//! The dial protocol's rows, checked on both engines.

mod answer;
mod arm;
mod bench;
mod caller;
mod claim;
mod claim_rounds;
mod claim_untold;
mod earlier;
mod ends_together;
mod explain;
mod fatal;
mod finish;
mod hold;
mod last_call;
mod left;
mod life;
mod orders;
mod plans;
mod priority;
mod promise;
mod prune;
mod races;
mod recall;
mod reconcile;
mod round_trips;
mod sweep;
