//! What an agent says and what it costs: prompts in three layers, routing, budgets, history, the ledger.

pub mod budget;
pub mod history;
pub mod ledger;
pub mod prompt;
pub mod route;
pub mod tokens;
