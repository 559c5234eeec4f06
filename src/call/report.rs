//! What a call tells: at its end, and as far as it is while it runs, for the case that its worker dies.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::agents::definition::AgentDefinition;
use crate::agents::qualify;
use crate::call::brief::CallBrief;
use crate::call::journal::CallReport;
use crate::call::outcome;
use crate::call::turn::{Conversation, Ending};

/// What the outcome is decided by, besides the conversation.
pub(super) struct Reporter {
    definition: Arc<AgentDefinition>,
    /// What the last conversation found out.
    answered: BTreeMap<String, Value>,
}

impl Reporter {
    /// For this call.
    pub fn of(brief: &CallBrief) -> Self {
        Self { definition: Arc::clone(brief.definition()), answered: brief.answered.clone() }
    }

    /// What came of it.
    pub fn report(&self, core: &Conversation) -> CallReport {
        self.told(core, Ending::HungUp)
    }

    /// What would have come of it if we failed now.
    pub fn draft(&self, core: &Conversation) -> CallReport {
        self.told(core, Ending::AgentError)
    }

    /// `otherwise` is how a conversation that has not ended counts.
    fn told(&self, core: &Conversation, otherwise: Ending) -> CallReport {
        let found = core.found();
        let ending = core.ending().unwrap_or(otherwise);
        let slots = serde_json::json!(outcome::known(found, ending, &self.answered));
        let qualified = qualify(&self.definition, &slots).unwrap_or_else(|error| {
            tracing::error!(%error, "a lead could not be qualified");
            false
        });
        let anything_heard = !core.history().lines().is_empty();
        CallReport { outcome: outcome::decide(found, ending, qualified, anything_heard), slots }
    }
}
