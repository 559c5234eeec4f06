//! Secrets: from files of their own, and which of them this deployment cannot do without.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::{Config, ConfigError};

impl Config {
    pub(super) fn read_secret_files(&mut self) -> Result<(), ConfigError> {
        from_file(&mut self.postgres.url, self.postgres.url_file.as_deref(), "postgres.url_file")?;
        from_file(&mut self.redis.url, self.redis.url_file.as_deref(), "redis.url_file")?;
        from_file(&mut self.twilio.auth_token, self.twilio.auth_token_file.as_deref(), "twilio.auth_token_file")?;
        let previous = self.twilio.previous_auth_token_file.clone();
        from_file(&mut self.twilio.previous_auth_token, previous.as_deref(), "twilio.previous_auth_token_file")?;
        let shared = self.twilio.webhook_shared_key_file.clone();
        from_file(&mut self.twilio.webhook_shared_key, shared.as_deref(), "twilio.webhook_shared_key_file")?;
        let previous = self.twilio.previous_webhook_shared_key_file.clone();
        from_file(&mut self.twilio.previous_webhook_shared_key, previous.as_deref(), "twilio.previous_webhook_shared_key_file")?;
        from_file(&mut self.twilio.api_key_secret, self.twilio.api_key_secret_file.as_deref(), "twilio.api_key_secret_file")?;
        from_file(&mut self.deepgram.api_key, self.deepgram.api_key_file.as_deref(), "deepgram.api_key_file")?;
        from_file(&mut self.openai.api_key, self.openai.api_key_file.as_deref(), "openai.api_key_file")
    }

    /// What `callfleet up` and the worker cannot do without; asked before anything is dialed.
    ///
    /// # Errors
    /// [`ConfigError`] that names the first missing secret and how to give it.
    pub fn require_providers(&self) -> Result<(), ConfigError> {
        self.provider_keys().into_iter().try_for_each(|(key, value)| required(key, value))
    }

    /// The provider keys that are not set, by name.
    #[must_use]
    pub fn missing_keys(&self) -> Vec<&'static str> {
        self.provider_keys().into_iter().filter(|(_, value)| value.trim().is_empty()).map(|(key, _)| key).collect()
    }

    fn provider_keys(&self) -> [(&'static str, &str); 4] {
        [
            ("twilio.account_sid", &self.twilio.account_sid),
            ("twilio.auth_token", self.twilio.auth_token.expose_secret()),
            ("deepgram.api_key", self.deepgram.api_key.expose_secret()),
            ("openai.api_key", self.openai.api_key.expose_secret()),
        ]
    }

    /// What fleet mode cannot do without.
    ///
    /// # Errors
    /// [`ConfigError`] that names the missing URL.
    pub fn require_fleet(&self) -> Result<(), ConfigError> {
        required("postgres.url", self.postgres.url.expose_secret())?;
        required("redis.url", self.redis.url.expose_secret())
    }
}

fn required(key: &str, value: &str) -> Result<(), ConfigError> {
    if !value.trim().is_empty() {
        return Ok(());
    }
    let env = format!("CALLFLEET__{}", key.to_uppercase().replace('.', "__"));
    Err(ConfigError(format!("{key} is missing; set it in the file given by --config, or in the environment as {env}")))
}

fn from_file(secret: &mut SecretString, file: Option<&Path>, key: &str) -> Result<(), ConfigError> {
    let Some(file) = file else { return Ok(()) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        ConfigError(format!("{key}: cannot read {}: {error}; give a readable file with the secret alone", file.display()))
    })?;
    *secret = SecretString::from(text.trim().to_owned());
    Ok(())
}
