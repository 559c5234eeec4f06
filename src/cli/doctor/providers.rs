//! The three services: do they answer, do they take our keys, do they have what the agents ask for?

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::check::Check;
use super::{Client, Config};
use crate::boot::twilio_settings;
use crate::clock::{Clock, SystemClock};
use crate::domain::count::are;
use crate::mind::ledger::Service;
use crate::mind::price::PriceTable;
use crate::providers::deepgram::{Deepgram, DeepgramSettings};
use crate::providers::openai::{OpenAi, OpenAiSettings};
use crate::providers::twilio::Twilio;
use crate::providers::{Ears, Mind, Mouth, ProviderError, Telephony, Voice, VoiceVendor};

use super::super::output::{cell, items};
use super::super::path::ApiPath;

const OPENAI: &str = "openai";
const DEEPGRAM: &str = "deepgram";
const WITHIN: Duration = Duration::from_secs(15);
/// Spoken when there is no agent yet.
const USUAL_VOICE: &str = "aura-2-thalia-en";

/// What the saved agents ask for.
#[derive(Debug, Default)]
struct Wanted {
    models: BTreeSet<String>,
    voices: BTreeSet<Voice>,
}

/// Looks at all three.
pub async fn checks(config: &Config, client: Option<&Client>) -> Vec<Check> {
    let missing = config.missing_keys();
    if !missing.is_empty() {
        let detail = format!("not asked: {} {} missing", missing.join(", "), are(&missing.len()));
        return vec![Check::note("providers", detail, "set what is missing, then run this again")];
    }
    let (wanted, tasks) = (wanted(client).await, TaskTracker::new());
    let mut checks = vec![twilio(config).await];
    checks.extend(openai(config, &wanted, &tasks).await);
    checks.extend(deepgram(config, &wanted, &tasks).await);
    tasks.close();
    tasks.wait().await;
    checks
}

/// Of the newest version of every agent.
async fn wanted(client: Option<&Client>) -> Wanted {
    let mut wanted = Wanted::default();
    let Some(client) = client else { return wanted };
    let Ok(listed) = client.get(ApiPath::new(&["v1", "agents"])).await else { return wanted };
    let names: BTreeSet<String> = items(&listed.json["agents"]).iter().map(|agent| cell(&agent["name"])).collect();
    for name in names {
        if let Ok(agent) = client.get(ApiPath::new(&["v1", "agents", &name])).await {
            let definition: &Value = &agent.json["definition"];
            wanted.models.extend(definition["models"].as_object().into_iter().flatten().map(|(_, model)| cell(model)));
            wanted.voices.extend(serde_json::from_value::<Voice>(definition["voice"].clone()));
        }
    }
    wanted
}

async fn twilio(config: &Config) -> Check {
    let fix = "check twilio.account_sid, twilio.auth_token (or the API key) and twilio.base_url";
    let asked = async { Twilio::new(twilio_settings(config))?.check().await };
    judge("twilio", within(asked).await.map(|()| "answers, the account is active".to_owned()), fix)
}

async fn openai(config: &Config, wanted: &Wanted, tasks: &TaskTracker) -> Vec<Check> {
    let settings = OpenAiSettings::new(&config.openai.base_url, config.openai.api_key.clone());
    let fix = "check openai.api_key and openai.base_url";
    let openai = match OpenAi::new(settings, tasks.clone()) {
        Ok(openai) => openai,
        Err(error) => return vec![Check::broken(OPENAI, error.to_string(), fix)],
    };
    let models = match within(openai.models()).await {
        Ok(models) => models,
        failed => return vec![judge(OPENAI, failed.map(|_| String::new()), fix)],
    };
    let mut checks = vec![Check::ok(OPENAI, format!("answers, {} models", models.len()))];
    checks.extend(wanted.models.iter().map(|model| model_check(model, &models)));
    let voices = wanted.voices.iter().filter(|voice| voice.vendor == VoiceVendor::OpenAi);
    checks.extend(speak(OPENAI, &openai, voices, "check the agent's voice: its name and model").await);
    checks
}

/// Renders one word with each voice: the cheapest request that proves key and voice.
async fn speak(name: &'static str, mouth: &dyn Mouth, voices: impl IntoIterator<Item = &Voice>, fix: &str) -> Vec<Check> {
    let mut checks = Vec::new();
    for voice in voices {
        let spoken = within(mouth.render(voice, "Hello.")).await;
        let seen = spoken.map(|audio| format!("answers, {} speaks ({} ms)", voice.name, audio.len() / 8));
        checks.push(judge(name, seen, fix));
        checks.extend(unpriced(Service::Tts, voice.speech_model()));
    }
    checks
}

/// A note about a model whose use would count as $0.
fn unpriced(service: Service, model: &str) -> Option<Check> {
    let is_known = PriceTable::in_use().knows(service, model, SystemClock.now());
    let detail = || format!("{model} has no known price: its use will count as $0");
    (!is_known).then(|| Check::note("price", detail(), "add its price to the file that prices_file names"))
}

fn model_check(model: &str, offered: &[String]) -> Check {
    const NAME: &str = "model";
    if !offered.iter().any(|one| one == model) {
        return Check::broken(
            NAME,
            format!("{model} is not among the account's models"),
            "give the agent another model, or the account access",
        );
    }
    unpriced(Service::Llm, model).unwrap_or_else(|| Check::ok(NAME, model))
}

/// Whether it takes the key, and speaks with each voice.
async fn deepgram(config: &Config, wanted: &Wanted, tasks: &TaskTracker) -> Vec<Check> {
    let settings = DeepgramSettings::new(&config.deepgram.base_url, config.deepgram.api_key.clone());
    let fix = "check deepgram.api_key and deepgram.base_url";
    let deepgram = match Deepgram::new(settings, tasks.clone()) {
        Ok(deepgram) => deepgram,
        Err(error) => return vec![Check::broken(DEEPGRAM, error.to_string(), fix)],
    };
    let mut checks = vec![judge(DEEPGRAM, within(deepgram.check()).await.map(|()| "answers, takes the key".to_owned()), fix)];
    let usual = Voice::deepgram(USUAL_VOICE);
    let voices = wanted.voices.iter().filter(|voice| voice.vendor == VoiceVendor::Deepgram);
    let voices = if wanted.voices.is_empty() { vec![&usual] } else { voices.collect() };
    checks.extend(speak(DEEPGRAM, &deepgram, voices, "check deepgram.api_key, deepgram.base_url and the agent's voice").await);
    checks
}

async fn within<T>(asked: impl Future<Output = Result<T, ProviderError>>) -> Result<T, String> {
    match timeout(WITHIN, asked).await {
        Ok(answered) => answered.map_err(|error| error.what),
        Err(_) => Err(format!("no answer within {} s", WITHIN.as_secs())),
    }
}

fn judge(name: &'static str, seen: Result<String, String>, fix: &str) -> Check {
    match seen {
        Ok(detail) => Check::ok(name, detail),
        Err(what) => Check::broken(name, what, fix),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn a_model_must_be_offered_and_should_be_priced() {
        let offered = ["gpt-6-luna".to_owned(), "house-model".to_owned()];
        assert_eq!(model_check("gpt-6-luna", &offered).state, State::Ok);
        assert_eq!(model_check("house-model", &offered).state, State::Note);
        assert_eq!(model_check("gpt-6-sol", &offered).state, State::Broken);
    }
}
