//! Ids are distinct types, so an attempt can never be passed where a lead is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id (`UUIDv7`: ids made later sort later).
            #[must_use]
            #[allow(clippy::new_without_default, reason = "a default id would be a shared id")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

id! {
    /// A campaign: a list, an agent and the rules of calling.
    CampaignId,
    /// One row of a list: a person to call.
    LeadId,
    /// One try at calling a lead; exists from the moment it is armed.
    AttemptId,
    /// An agent, whatever its version.
    AgentId,
    /// One immutable version of an agent.
    AgentVersionId,
    /// One immutable version of a prompt.
    PromptVersionId,
    /// One uploaded list.
    ImportId,
    /// A row of the job table.
    JobId,
    /// One piece of non-urgent LLM work.
    TaskId,
    /// One provider batch of such work.
    BatchId,
    /// A row of the ledger of provider calls.
    LedgerId,
    /// A process start: never reused, so a dead worker can be told from a live one.
    WorkerId,
}
