//! The dial protocol's rows, checked on both engines.

mod answer;
mod arm;
mod bench;
mod claim;
mod finish;
mod hold;
mod life;
mod reconcile;
mod sweep;
