//! What an agent says and what it costs: prompts in three layers, routing, budgets, history, the ledger.
//!
//! One turn reads: [`route`] picks a model, [`prompt`] writes the request over the [`history`], [`budget`] reserves its
//! worst case, [`thinker`] streams the reply while [`analysis`] tells what the callee meant, and the [`ledger`] keeps what
//! was used at which [`price`].

pub mod analysis;
pub mod budget;
pub mod history;
pub mod ledger;
pub mod price;
pub mod promise;
pub mod prompt;
pub mod route;
pub mod thinker;
pub mod tokens;
