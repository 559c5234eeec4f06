//! Every file of a trial: settings with shortened times, the network's people and faults, campaigns and lists.

use std::fmt::Write as _;

use super::checker::rows::Rules;
use super::plan::Plan;
use super::times::Times;

/// Campaigns of a trial. The second one calls some of the first one's numbers; the third one's hours are closed.
pub const CAMPAIGNS: [&str; 3] = ["first", "second", "closed"];
/// Leads of the second and of the third campaign.
const SHARED: usize = 10;
const CLOSED: usize = 3;

/// Who is rung for a callee that asks for a person.
const PERSON: &str = "+14155550300";
/// A lead in thirty asks for one, chosen by the number alone: whoever else the seed chooses stays who they are.
const ASK_FOR_PERSON: &str = "[136]6$";
/// It takes some seconds to be put through. The person is busy the second time, and has a second for everybody else.
const HANDED_OVER: &str = r#"
[personas.asks_for_person]
rules = [{ when = "any", say = "Can I talk to a real person please?", times = 1 }]
patience_ms = 4000
[personas.person]
hello = "Sales desk."
hangs_up_after = { ms = 1000 }
[personas.person_or_busy]
sequence = ["person", "busy", "person"]
"#;

const RESERVE_USD: f64 = 0.5;
/// Calls per second, of the account and of each campaign: whatever is armed gets its turn well within a ticket's lease, so that
/// tickets that are rung again are those that were lost.
const PACE: f64 = 50.0;

/// Where a deployment finds what it needs: URLs without a path, those of the servers as the settings take them.
#[derive(Debug, Clone)]
pub struct Places {
    pub public: String,
    pub twilio: String,
    pub speech: String,
    pub model: String,
    /// With the database's name.
    pub postgres: String,
    pub redis: String,
    /// Of every key in Redis.
    pub prefix: String,
}

/// `postgres` is a host and a port.
pub fn database_url(postgres: &str, database: &str) -> String {
    format!("postgres://postgres@{postgres}/{database}")
}

/// `callfleet.toml`; `changes` are further keys of `[dialing]`, each once.
pub fn callfleet(places: &Places, times: Times, changes: &[(&str, u64)]) -> String {
    let Places { public, twilio, speech, model, postgres, redis, prefix } = places;
    let mut dialing = vec![
        ("tick_ms", 100),
        ("ticket_lease_ms", times.of(1_000)),
        ("send_window_ms", times.send_window()),
        ("send_deadline_ms", times.send_deadline()),
        ("post_timeout_ms", times.post_timeout()),
        ("unknown_after_ms", times.quiet()),
        ("look_every_ms", times.of(300)),
        ("absent_hold_ms", times.of(1_500)),
        ("reconcile_every_ms", times.of(200)),
        ("poll_after_ms", times.of(1_500)),
        ("holder_dead_after_ms", times.holder_dead()),
        ("refusal_backoff_ms", times.of(200)),
        ("scheduler_lease_ms", times.of(2_000)),
    ];
    for (key, value) in changes {
        dialing.retain(|(known, _)| known != key);
        dialing.push((key, *value));
    }
    let dialing = dialing.iter().fold(String::new(), |mut text, (key, value)| {
        let _ = writeln!(text, "{key} = {value}");
        text
    });
    let job_lease = times.of(2_000).max(1_000);
    format!(
        "mode = \"fleet\"\npublic_url = \"{public}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[hooks]\nlisten = \"127.0.0.1:0\"\n\
         [postgres]\nurl = \"{postgres}\"\nmax_connections = 8\n[redis]\nurl = \"redis://{redis}/0\"\nprefix = \"{prefix}\"\n\
         [twilio]\nbase_url = \"{twilio}\"\naccount_sid = \"AC00000000000000000000000000000001\"\n\
         auth_token = \"simulated-auth-token\"\ncalls_per_second = {PACE:.1}\n\
         [deepgram]\nbase_url = \"{speech}\"\napi_key = \"simulated\"\n\
         [openai]\nbase_url = \"{model}/v1\"\napi_key = \"simulated\"\n\
         [worker]\nlines = 30\njob_lease_ms = {job_lease}\n[dialing]\n{dialing}reserve_usd = {RESERVE_USD}\n[deferred]\nbatch_age_ms = 600000\npoll_ms = 600000\n\
         [telemetry]\nlog_format = \"json\"\n"
    )
}

/// The network: who answers, and what goes wrong there.
pub fn scenario(plan: &Plan) -> String {
    let faults = &plan.provider;
    format!(
        "[twilio]\ncps = 200.0\n[pace]\nsetup_ms = 20\nring_ms = [80, 400]\nms_per_word = 40\nreply_after_ms = 60\nhello_after_ms = 40\n\
         patience_ms = 1500\n[[numbers]]\nmatch = \"{PERSON}\"\npersona = \"person_or_busy\"\n\
         [[numbers]]\npattern = \"{ASK_FOR_PERSON}\"\npersona = \"asks_for_person\"\n\
         [[numbers]]\nweighted = {{ hangs_up = 9, busy = 4, busy_once = 4, no_answer = 4, failed = 2, refused = 1, opts_out = 2, silent = 1 }}\n\
         [personas.hangs_up]\nhangs_up_after = {{ ms = 350 }}\n[personas.busy]\nbehaviour = \"busy\"\n\
         [personas.busy_once]\nsequence = [\"busy\", \"hangs_up\"]\n[personas.no_answer]\nbehaviour = \"no_answer\"\nring_ms = 500\n\
         [personas.failed]\nbehaviour = \"failed\"\nsip = 503\n[personas.refused]\nbehaviour = \"refused\"\ncode = 21211\n\
         [personas.opts_out]\nrules = [{{ when = \"any\", then = {{ press = \"9\" }} }}]\nhangs_up_after = {{ ms = 2500 }}\n\
         [personas.silent]\nbehaviour = \"silent\"\npatience_ms = 1000\n{HANDED_OVER}\
         [faults]\nlist_lag_ms = {}\n[faults.create]\n{}[faults.callbacks]\n{}[faults.stream]\nnever_starts = 0.03\ncut = 0.05\n\
         cut_after_ms = 200\n",
        plan.list_lag_ms,
        lines(&faults.create),
        lines(&faults.callbacks)
    )
}

fn lines(pairs: &[(&'static str, f64)]) -> String {
    pairs
        .iter()
        .map(|(key, value)| if key.ends_with("_ms") { format!("{key} = {value:.0}\n") } else { format!("{key} = {value}\n") })
        .collect()
}

/// Someone who speaks one sentence.
pub const AGENT: &str = r#"
name = "short"
company = "Trial"
persona_name = "Ava"
persona = "Brief."
rules = ["Say goodbye."]
objective = "End the call."
voice = "aura-2-thalia-en"
qualified_when = 'interested == "yes"'
[facts]
company = "A trial."
[ears]
model = "flux-general-en"
language = "en-US"
keyterms = ["trial"]
[models]
simple = "gpt-6-luna"
reasoning = "gpt-6-sol"
deferred = "gpt-6-luna"
[lines]
greeting = "Hi, this is Ava, an AI assistant. To get no more calls press nine."
are_you_there = "Hello?"
goodbye = "Goodbye."
opt_out_confirmed = "Understood. Goodbye."
i_am_an_ai = "I am an AI."
callback_confirmed = "I will call you {{ when }}."
callback_unclear = "When?"
filler = "One moment."
apology = "Sorry. Goodbye."
voicemail = "Hi, this is Ava, an AI assistant. Goodbye."
[[slots]]
name = "interested"
kind = "yes_no"
description = "Whether they are interested"
[limits]
silence_ms = 1000
max_turns = 4
max_output_tokens = 40
budget_usd = 0.02
filler_after_ms = 1200
reply_deadline_ms = 3000
"#;

/// A campaign's file. `hours` are those of every day; one that an older build reads as well hands nobody over, since that build may not
/// know how.
pub fn campaign(hours: &str, times: Times, beside_older: bool) -> String {
    let redial = times.redial().div_ceil(1_000);
    let transfer_to = if beside_older { String::new() } else { format!("transfer_to = \"{PERSON}\"\n") };
    format!(
        "{transfer_to}caller_numbers = [\"+14155550200\"]\nrequire_consent = false\nconsent_override_reason = \"simulated people\"\nbudget_usd = 100.0\nring_timeout_s = 20\nmax_duration_s = 60\n\
         [pace]\ncalls_per_second = {PACE:.1}\nlines = 40\n[caps]\nattempts = 3\nattempts_per_day = 4\ncallbacks = 0\n\
         [hours]\nweekdays = \"{hours}\"\nweekend = \"{hours}\"\noverride_reason = \"simulated people\"\n\
         [redial]\nbusy = {{ after = \"{redial}s\", times = 1 }}\nno_answer = {{ after = \"{redial}s\", times = 1 }}\nvoicemail = {{ after = \"1d\", times = 1 }}\n\
         failed = {{ after = \"{redial}s\", times = 1 }}\nincomplete = {{ after = \"{redial}s\", times = 1 }}\n\
         [breaker]\nfailures = 0.0\n"
    )
}

/// An hour on the callees' clock that ended three hours ago.
pub fn closed_hours() -> String {
    let here = jiff::Timestamp::now().in_tz("America/Los_Angeles").map_or(12, |time| time.hour());
    let open = (i32::from(here) + 20).rem_euclid(24);
    format!("{open:02}:00-{open:02}:59")
}

/// What a campaign allows, for the checker.
pub fn rules(campaign: &str, times: Times) -> Rules {
    #[allow(clippy::cast_possible_truncation, reason = "half a dollar in nano-dollars")]
    let reserve_nano_usd = (RESERVE_USD * 1e9) as i64;
    Rules {
        campaign: campaign.to_owned(),
        closed: campaign == CAMPAIGNS[2],
        calls_per_lead: 3,
        // the campaign says 4; the strictest American law, which holds by default, says 3
        calls_per_number_a_day: 3,
        redial_after_ms: i64::try_from(times.redial().div_ceil(1_000) * 1_000).unwrap_or(i64::MAX),
        reserve_nano_usd,
        longest_send_ms: i64::try_from(times.longest_send()).unwrap_or(i64::MAX),
    }
}

/// Number of a lead of the first campaign.
pub fn number(index: usize) -> String {
    format!("+1415555{:04}", 1_000 + index)
}

/// The leads of each campaign: external id and number.
pub fn leads(count: usize) -> [Vec<(String, String)>; 3] {
    let first = count.saturating_sub(SHARED + CLOSED).max(SHARED);
    let lead = |campaign: &str, index: usize| (format!("{campaign}-{index}"), number(index));
    [
        (0..first).map(|index| lead("first", index)).collect(),
        (0..SHARED).map(|index| lead("second", index)).collect(),
        (first..first + CLOSED).map(|index| lead("closed", index)).collect(),
    ]
}

pub fn csv(leads: &[(String, String)]) -> String {
    leads.iter().fold("external_id,phone_number,state\n".to_owned(), |mut csv, (id, number)| {
        let _ = writeln!(csv, "{id},{number},CA");
        csv
    })
}
