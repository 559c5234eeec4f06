//! What is known of a call before its first word: who speaks, to whom, by which rules, and what was said last time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::HoldDesk;
use crate::call::hold::CallBrief;
use crate::call::turn::LineName;
use crate::domain::callback::PromiseHours;
use crate::domain::campaign::CampaignSettings;
use crate::domain::phone::PhoneNumber;
use crate::domain::zone::Address;
use crate::mind::analysis::answered;
use crate::mind::prompt::{LeadFacts, Script};
use crate::providers::Transfer;
use crate::store::StoreError;
use crate::store::dial::{EarlierCall, HoldClaim};
use crate::store::lead::Lead;
use crate::work::agents::{AgentError, ReadyAgent};
use crate::work::earlier_call;
use crate::work::journal::Subject;

/// How long whoever has answered waits for what is only good to know.
const UNHEARD: Duration = Duration::from_millis(500);

/// A call that was claimed and cannot be held.
#[derive(Debug, thiserror::Error)]
pub(super) enum BriefError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error("{0}")]
    Unfit(String),
}

impl BriefError {
    pub(super) fn retry_helps(&self) -> bool {
        match self {
            Self::Store(error) | Self::Agent(AgentError::Store(error)) => error.retry_helps(),
            Self::Agent(_) | Self::Unfit(_) => false,
        }
    }
}

impl HoldDesk {
    pub(super) async fn brief(&self, claim: &HoldClaim) -> Result<(CallBrief, Subject), BriefError> {
        let version = claim.agent_version.ok_or_else(|| BriefError::Unfit("its campaign has no agent".to_owned()))?;
        let (agent, lead, campaign) = tokio::try_join!(
            async { Ok::<_, BriefError>(self.agents.at_hand(version).await?) },
            async { Ok(self.store.lead(claim.lead).await?) },
            async { Ok(self.store.campaign(claim.campaign).await?) },
        )?;
        let lead = lead.ok_or_else(|| BriefError::Unfit("its lead is gone".to_owned()))?;
        let settings = campaign.ok_or_else(|| BriefError::Unfit("its campaign is gone".to_owned()))?.checked_settings()?;
        let earlier = self.earlier(claim, &lead).await;
        let facts = self.facts(&lead, earlier.as_ref());
        let slots = earlier.as_ref().and_then(|call| call.slots.as_deref());
        let (hours, callbacks_left) = may_promise(&settings, &lead);
        let script = Script::new(&agent.texts, Arc::clone(&agent.definition), &facts);
        for error in script.troubles() {
            tracing::warn!(template = error.template(), "a template of the agent fails for this lead; `call show` says why");
        }
        let brief = CallBrief {
            attempt: claim.attempt,
            call_sid: claim.call_sid.clone(),
            clips: clips(&agent),
            script: Arc::new(script),
            hours,
            callbacks_left,
            answered: slots.map(|slots| answered(&agent.definition.slots, slots)).unwrap_or_default(),
            on_voicemail: settings.on_voicemail,
            transfer: settings.transfer_to.as_ref().map(|to| self.transfer(claim, to, settings.time_limit_handed_off())),
            max_duration: settings.max_duration,
            clock: Arc::clone(&self.clock),
            vendors: self.vendors,
        };
        let reasoning_model = agent.definition.models.reasoning.clone();
        let subject = Subject { attempt: claim.attempt, epoch: claim.epoch, campaign: claim.campaign, reasoning_model };
        Ok((brief, subject))
    }

    fn transfer(&self, claim: &HoldClaim, to: &PhoneNumber, time_limit: Duration) -> Transfer {
        let result_url = self.public.transfer_url(claim.attempt, claim.send_no);
        Transfer { to: to.clone(), from: claim.from.clone(), result_url, time_limit }
    }

    fn facts(&self, lead: &Lead, earlier: Option<&EarlierCall>) -> LeadFacts {
        let zone = lead.zones.0.first().cloned().unwrap_or_else(|| "UTC".to_owned());
        let clock = jiff::tz::TimeZone::get(&zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let local_time = self.clock.now().in_zone(&clock).strftime("%A, %-d %B, %H:%M").to_string();
        let variables: BTreeMap<String, String> = lead.variables.0.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
        let earlier_call = earlier.map(|call| earlier_call::told(call, &clock));
        LeadFacts { first_name: variables.get("first_name").cloned(), variables, zone, local_time, earlier_call }
    }

    /// The last conversation, where there was one. The call goes on without it when it cannot be read in time.
    async fn earlier(&self, claim: &HoldClaim, lead: &Lead) -> Option<EarlierCall> {
        if lead.attempts < 2 {
            return None;
        }
        let asked = self.store.earlier_call(claim.lead, claim.attempt);
        let read = tokio::time::timeout(UNHEARD, asked).await.unwrap_or(Err(StoreError::Late));
        read.inspect_err(|error| tracing::warn!(%error, "the agent does not know what was said last time")).ok().flatten()
    }
}

/// What the agent may promise: callbacks in these hours, and how many.
fn may_promise(settings: &CampaignSettings, lead: &Lead) -> (PromiseHours, u32) {
    let stated = |name| lead.variables.get(name).and_then(Value::as_str);
    let address = Address { state: stated("state"), postal_code: stated("postal_code") };
    let hours = PromiseHours::of(settings, &lead.phone_number, &address.states(&lead.phone_number), &lead.zones);
    (hours, settings.max_callbacks.saturating_sub(u32::try_from(lead.callbacks).unwrap_or(0)))
}

/// A column of the list as text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The agent's rendered lines by name.
fn clips(agent: &ReadyAgent) -> BTreeMap<LineName, Bytes> {
    let named = LineName::ALL.iter().filter_map(|name| Some((*name, agent.clips.get(name.words(&agent.definition.lines))?.clone())));
    named.collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::callback::resolve;
    use crate::domain::campaign::file::CampaignFile;
    use crate::store::contract::fixtures;
    use crate::store::contract::support::with_sqlite;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_call_is_briefed_with_lawful_hours_in_all_zones_and_what_is_left_of_the_cap() {
        with_sqlite(|store| async move {
            let campaign = fixtures::campaign(&store, "spring").await;
            let lead = fixtures::lead(&store, campaign, 1).await;
            let mut lead = store.lead(lead).await.unwrap().unwrap();
            lead.zones.0 = vec!["America/Chicago".to_owned(), "America/New_York".to_owned()];
            // no calls on Sundays in Alabama
            lead.variables.0.insert("state".to_owned(), "AL".into());
            lead.callbacks = 2;
            let settings = CampaignFile::from_toml("caller_numbers = [\"+14155550200\"]").unwrap().settings().unwrap();
            let (hours, left) = may_promise(&settings, &lead);
            let friday = "2026-11-27T16:00:00Z".parse().unwrap();
            let earliest = |words: &str| {
                let chicago = TimeZone::get("America/Chicago").unwrap();
                resolve(words, friday, &hours).earliest.unwrap().in_zone(&chicago).strftime("%a %H:%M").to_string()
            };
            assert_eq!([earliest("Sunday at 3 pm"), earliest("tomorrow at 7:30 pm")], ["Mon 09:00", "Mon 09:00"]);
            assert_eq!((left, may_promise(&settings, &Lead { callbacks: 3, ..lead }).1), (1, 0));
        })
        .await;
    }
}
