//! The services calls are made and held with, as the configuration names them.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::providers::deepgram::{Deepgram, DeepgramSettings};
use crate::providers::openai::{OpenAi, OpenAiSettings};
use crate::providers::twilio::{Twilio, TwilioSettings};

/// The vendors' clients.
pub(super) struct Clients {
    pub(super) twilio: Arc<Twilio>,
    pub(super) deepgram: Arc<Deepgram>,
    pub(super) openai: Arc<OpenAi>,
}

impl Clients {
    pub(super) fn open(config: &Config, tasks: &TaskTracker) -> anyhow::Result<Self> {
        let deepgram = DeepgramSettings::new(&config.deepgram.base_url, config.deepgram.api_key.clone());
        let openai = OpenAiSettings::new(&config.openai.base_url, config.openai.api_key.clone());
        Ok(Self {
            twilio: Arc::new(Twilio::new(twilio_settings(config))?),
            deepgram: Arc::new(Deepgram::new(deepgram, tasks.clone())?),
            openai: Arc::new(OpenAi::new(openai, tasks.clone())?),
        })
    }
}

/// As whom the telephone provider is asked.
#[must_use]
pub fn twilio_settings(config: &Config) -> TwilioSettings {
    let twilio = &config.twilio;
    let has_key = !twilio.api_key_sid.is_empty();
    let secret: SecretString = if has_key { twilio.api_key_secret.clone() } else { twilio.auth_token.clone() };
    let mut settings = TwilioSettings::new(&twilio.base_url, &twilio.account_sid, secret);
    settings.api_key_sid = has_key.then(|| twilio.api_key_sid.clone());
    settings.dial_timeout = Duration::from_millis(config.dialing.post_timeout_ms);
    settings
}
