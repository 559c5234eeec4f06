//! Lines that are said as written, rendered ahead: the same audio for every call of an agent version.
//!
//! A line that cannot be rendered is spoken live, and tried again before a later call: the first trouble of a voice must not
//! make every call of this process slower.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::agents::definition::AgentDefinition;

/// Lines rendered at the same time: the first phone rings when all are there, and accounts speak a dozen at once.
const AT_ONCE: usize = 4;
/// After a round in which a line failed the next one waits this long, doubling.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// No longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Audio by text: 8 kHz μ-law.
pub type Audio = Arc<HashMap<String, Bytes>>;

/// Renders one line.
#[async_trait]
pub(super) trait Renderer: Send + Sync {
    /// Its audio; `None` when it cannot be had now.
    async fn render(&self, agent: &AgentDefinition, text: &str) -> Option<Bytes>;
}

/// The clips of one agent version.
pub(super) struct Clips {
    agent: Arc<AgentDefinition>,
    first: OnceCell<()>,
    /// Held by the round that runs.
    round: tokio::sync::Mutex<()>,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    audio: Audio,
    /// The next round is not before, with the pause that led to it; `None` once nothing is missing.
    again: Option<(Instant, Duration)>,
}

impl Clips {
    /// Nothing is rendered yet.
    pub fn new(agent: Arc<AgentDefinition>) -> Self {
        Self { agent, first: OnceCell::new(), round: tokio::sync::Mutex::new(()), made: Mutex::default() }
    }

    /// What is there once every line was tried; who asks meanwhile waits for that.
    pub async fn at_hand(&self, renderer: &dyn Renderer) -> Audio {
        self.first.get_or_init(|| self.render_missing(renderer)).await;
        Arc::clone(&self.made().audio)
    }

    /// The same after another try at what is missing, when one is due. Who asks while it runs takes what is there.
    pub async fn complete(&self, renderer: &dyn Renderer) -> Audio {
        let there = self.at_hand(renderer).await;
        let Ok(_round) = self.round.try_lock() else { return there };
        if self.is_due() {
            self.render_missing(renderer).await;
        }
        Arc::clone(&self.made().audio)
    }

    fn is_due(&self) -> bool {
        self.made().again.is_some_and(|(at, _)| at <= Instant::now())
    }

    async fn render_missing(&self, renderer: &dyn Renderer) {
        let there = Arc::clone(&self.made().audio);
        let missing: Vec<String> = static_lines(&self.agent).filter(|text| !there.contains_key(*text)).map(str::to_owned).collect();
        let rendering = stream::iter(missing).map(|text| async move {
            let audio = renderer.render(&self.agent, &text).await;
            (text, audio)
        });
        let rendered: Vec<(String, Option<Bytes>)> = rendering.buffer_unordered(AT_ONCE).collect().await;
        self.add(rendered);
    }

    fn add(&self, rendered: Vec<(String, Option<Bytes>)>) {
        let mut made = self.made();
        let failed = rendered.iter().any(|(_, audio)| audio.is_none());
        let new = rendered.into_iter().filter_map(|(text, audio)| Some((text, audio?)));
        let audio: HashMap<String, Bytes> = made.audio.iter().map(|(text, audio)| (text.clone(), audio.clone())).chain(new).collect();
        made.audio = Arc::new(audio);
        let pause = made.again.map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LONGEST_PAUSE));
        made.again = failed.then(|| (Instant::now() + pause, pause));
    }

    fn made(&self) -> std::sync::MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines without anything of a lead in them, each once.
fn static_lines(definition: &AgentDefinition) -> impl Iterator<Item = &str> {
    let lines = &definition.lines;
    let all = [
        &lines.greeting,
        &lines.are_you_there,
        &lines.goodbye,
        &lines.opt_out_confirmed,
        &lines.i_am_an_ai,
        &lines.callback_unclear,
        &lines.filler,
        &lines.apology,
        &lines.voicemail,
    ];
    // the words that every agent has for a transfer are spoken live: few campaigns hand calls to anybody
    let said = all
        .into_iter()
        .chain(&lines.transferring)
        .map(String::as_str)
        .filter(|text| !text.is_empty() && !text.contains("{{") && !text.contains("{%"));
    let mut known = std::collections::HashSet::new();
    said.filter(move |text| known.insert(*text))
}

#[cfg(test)]
mod tests;
