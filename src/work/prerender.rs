//! Renders a line before anybody hears it, and writes down what that costs: of no call and no campaign, since every call of
//! the agent hears the same audio.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

use crate::agents::definition::AgentDefinition;
use crate::clock::SharedClock;
use crate::domain::ids::LedgerId;
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::mind::ledger::{LedgerEntry, Purpose, Service, Tier, UsageSource};
use crate::mind::price::PriceTable;
use crate::providers::{Mouth, Usage};
use crate::store::Store;
use crate::work::clips::Renderer;
use crate::work::journal::{count, price};

/// Renders with a mouth, and bills.
#[derive(Clone)]
pub(super) struct Prerender {
    pub mouth: Arc<dyn Mouth>,
    pub store: Store,
    pub clock: SharedClock,
}

#[async_trait]
impl Renderer for Prerender {
    /// A line that cannot be rendered now is spoken live instead; the call does not depend on it.
    async fn render(&self, agent: &AgentDefinition, text: &str) -> Option<Bytes> {
        let (at, begun) = (self.clock.now(), Instant::now());
        match self.mouth.render(&agent.voice, text).await {
            Ok(audio) => {
                let mut entry = entry(agent, text, &audio, at);
                entry.total_ms = u64::try_from(begun.elapsed().as_millis()).ok();
                self.bill(entry, agent).await;
                Some(audio)
            }
            Err(error) => {
                tracing::warn!(agent = agent.name, %error, "a line was not rendered ahead; it is spoken live");
                None
            }
        }
    }
}

impl Prerender {
    /// The audio is there whether its row can be written or not.
    async fn bill(&self, mut entry: LedgerEntry, agent: &AgentDefinition) {
        price(&mut entry, &agent.models.reasoning);
        count(&entry);
        if let Err(error) = self.store.append_ledger(&[entry], self.clock.now()).await {
            tracing::warn!(agent = agent.name, %error, "a line rendered ahead is missing from the ledger");
        }
    }
}

fn entry(agent: &AgentDefinition, text: &str, audio: &Bytes, at: Timestamp) -> LedgerEntry {
    let model = agent.voice.speech_model();
    LedgerEntry {
        id: LedgerId::new(),
        at,
        campaign: None,
        attempt: None,
        turn: None,
        service: Service::Tts,
        purpose: Purpose::Prerender,
        provider: agent.voice.vendor.as_str().to_owned(),
        model: model.to_owned(),
        prompt_version: None,
        route_reason: None,
        tier: Tier::Standard,
        usage: Usage::default(),
        units: PriceTable::in_use().speech_units(model, text.chars().count() as u64, audio.len() as u64, at),
        usage_source: UsageSource::Estimated,
        cost: NanoUsd::ZERO,
        baseline: NanoUsd::ZERO,
        first_ms: None,
        total_ms: None,
        finish: Some("complete".to_owned()),
        cache_hit: false,
        retry_of: None,
        text: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::load::load;
    use crate::clock::SystemClock;
    use crate::providers::{MouthLink, ProviderError, Voice};
    use crate::store::contract::support::on_both_engines;
    use tokio_util::sync::CancellationToken;

    struct Tone;

    #[async_trait]
    impl Mouth for Tone {
        async fn open(&self, _voice: &Voice, _stop: CancellationToken) -> Result<MouthLink, ProviderError> {
            unreachable!("nothing is spoken live")
        }

        async fn render(&self, _voice: &Voice, _text: &str) -> Result<Bytes, ProviderError> {
            Ok(Bytes::from_static(&[0x7f; 16_000]))
        }
    }

    on_both_engines! {
        async fn a_rendered_line_is_billed_to_nobodys_call(store: Store) {
            let agent = load(include_str!("../../config/demo/agent.toml")).unwrap();
            let prerender = Prerender { mouth: Arc::new(Tone), store: store.clone(), clock: Arc::new(SystemClock) };
            assert_eq!(prerender.render(&agent, "Hello there.").await.unwrap().len(), 16_000);
            let report = store.cost_report(None).await.unwrap();
            let line = &report.lines[0];
            assert_eq!((line.service, line.purpose, line.calls, line.units), (Service::Tts, Purpose::Prerender, 1, 12));
            assert!(line.cost > NanoUsd::ZERO && line.cost == line.baseline && report.lines.len() == 1, "{report:?}");
        }
    }
}
