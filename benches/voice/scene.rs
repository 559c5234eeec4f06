//! What is played: constant latencies, people who are busy and people who talk; and the product's settings for it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// Silence that ends a turn, by the ears' own rule.
const SILENCE_MS: u64 = 200;
/// From the audio to the ears' word about it.
const EARS_MS: u64 = 50;
/// From the request to the model's first token; the others come with it.
const TOKEN_MS: u64 = 200;
/// From the text to its first sound.
const SOUND_MS: u64 = 80;
/// Numbers of people whose line is busy.
const BUSY: &str = "+1415555";
/// Numbers of people who talk.
const TALKS: &str = "+1510555";
/// The agent's file is the demo's; only its budget is out of the way.
const AGENT: &str = include_str!("../../config/demo/agent.toml");

/// What a callee waits for an answer when the product adds nothing.
pub const FLOOR: Duration = Duration::from_millis(SILENCE_MS + EARS_MS + TOKEN_MS + SOUND_MS);

/// The sum in words.
pub fn floor_explained() -> String {
    format!(
        "{} ms: {SILENCE_MS} silence that ends a turn + {EARS_MS} ears + {TOKEN_MS} first token + {SOUND_MS} first sound",
        FLOOR.as_millis()
    )
}

/// The simulator's play; people who talk do so for `turns` turns and then hang up.
pub fn scenario(turns: u32) -> String {
    format!(
        r#"
[twilio]
cps = 500.0
[pace]
setup_ms = 20
ring_ms = [200, 1200]
ms_per_word = 150
reply_after_ms = 300
hello_after_ms = 300
[deepgram]
eot_silence_ms = {SILENCE_MS}
stt_ms = {EARS_MS}
tts_first_ms = {SOUND_MS}
ms_per_word = 150
[openai.latency]
first_token_ms = {TOKEN_MS}
[[openai.replies]]
say = "Thank you for telling me. What else would you like to know about it?"
[[openai.fields]]
name = "intent"
value = "answer"
[[numbers]]
prefix = "{BUSY}"
persona = "busy"
[[numbers]]
prefix = "{TALKS}"
persona = "talks"
[personas.busy]
behaviour = "busy"
ring_ms = 20
[personas.talks]
rules = [
  {{ when = "any", say = "Well, I think that we would use a lot of it.", times = {turns} }},
  {{ when = "any", say = "Goodbye.", then = "hang_up" }},
]
"#
    )
}

/// The addresses of a run.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The simulator, as a URL.
    pub vendor: String,
    /// The product's API.
    pub api: SocketAddr,
    /// The product's callbacks and media.
    pub public: SocketAddr,
}

/// A fleet's servers.
#[derive(Debug, Clone)]
pub struct Servers {
    /// `postgres://…`
    pub postgres: String,
    /// `redis://…`
    pub redis: String,
}

/// The product's settings.
pub fn settings(folder: &Path, at: &Addresses, lines: u32, servers: Option<&Servers>) -> String {
    let Addresses { vendor, api, public } = at;
    let mut toml = format!("data = {:?}\npublic_url = \"http://{public}\"\n", folder.display().to_string());
    if let Some(Servers { postgres, redis }) = servers {
        let database = format!("[postgres]\nurl = \"{postgres}\"\n[redis]\nurl = \"{redis}\"\nprefix = \"bench-{}\"\n", std::process::id());
        write!(toml, "mode = \"fleet\"\n{database}").expect("writing to a String cannot fail");
    }
    let rest = format!(
        "[web]\nlisten = \"{api}\"\n[hooks]\nlisten = \"{public}\"\n\
         [twilio]\nbase_url = \"{vendor}\"\naccount_sid = \"AC00000000000000000000000000000001\"\n\
         auth_token = \"simulated-auth-token\"\ncalls_per_second = 100.0\n\
         [deepgram]\nbase_url = \"{vendor}\"\napi_key = \"simulated\"\n\
         [openai]\nbase_url = \"{vendor}/v1\"\napi_key = \"simulated\"\n\
         [worker]\nlines = {lines}\n[telemetry]\nlog = \"warn\"\n"
    );
    toml + &rest
}

/// The agent's file.
pub fn agent() -> String {
    AGENT.replace("budget_usd = 0.05", "budget_usd = 5.0")
}

/// A campaign with so many lines, open at any hour, that never dials anybody twice.
pub fn campaign(lines: u32) -> String {
    format!(
        "caller_numbers = [\"+14155550200\"]\nrequire_consent = false\nconsent_override_reason = \"simulated people\"\n[pace]\ncalls_per_second = 50.0\nlines = {lines}\n\
         [hours]\nweekdays = \"00:00-24:00\"\nweekend = \"00:00-24:00\"\noverride_reason = \"simulated people\"\n\
         [redial]\nbusy = {{ after = \"1d\", times = 0 }}\nfailed = {{ after = \"1d\", times = 0 }}\n"
    )
}

/// A list of so many people whose line is busy.
pub fn busy_people(count: u32) -> String {
    people(BUSY, count)
}

/// A list of so many people who talk.
pub fn talking_people(count: u32) -> String {
    people(TALKS, count)
}

fn people(prefix: &str, count: u32) -> String {
    (1_000..1_000 + count).fold("phone_number\n".to_owned(), |list, line| format!("{list}{prefix}{line:04}\n"))
}
