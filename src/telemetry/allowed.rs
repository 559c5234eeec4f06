//! What may leave the machine in an error report. A list of what may, not of what may not: an event that holds anything else
//! is sent without it.

use sentry::protocol::{Event, Exception, Frame, Stacktrace, Values};
use uuid::Uuid;

use crate::providers::wire::words::safe_words;

/// Fields a report can be found by.
pub const TAGS: [&str; 10] =
    ["attempt.id", "campaign.id", "lead.id", "worker.id", "job.kind", "job.id", "job.verdict", "provider", "code", "gate"];
/// Fields that explain it.
pub const EXPLAINING: [&str; 6] = ["error", "reason", "disposition", "send.no", "lease.epoch", "duration_ms"];

/// An unbroken run of letters and digits this long may be a key.
const KEY: usize = 24;

/// The event with what is allowed and nothing else.
#[must_use]
pub fn only_allowed(event: Event<'static>, role: &'static str) -> Event<'static> {
    let tags = event.tags.into_iter().filter(|(name, _)| TAGS.contains(&name.as_str())).map(|(name, text)| (name, value(&text)));
    let extra = event.extra.into_iter().filter(|(name, _)| EXPLAINING.contains(&name.as_str()));
    Event {
        event_id: event.event_id,
        level: event.level,
        timestamp: event.timestamp,
        platform: event.platform,
        release: event.release,
        environment: event.environment,
        sdk: event.sdk,
        logger: event.logger.map(|target| words(&target)),
        message: event.message.map(|message| words(&message)),
        culprit: event.culprit.map(|place| words(&place)),
        tags: tags.chain([("role".to_owned(), role.to_owned())]).collect(),
        extra: extra.map(|(name, given)| (name, given.as_str().map_or_else(|| given.clone(), value_of_text))).collect(),
        exception: Values { values: event.exception.into_iter().map(place_only).collect() },
        ..Event::default()
    }
}

fn value_of_text(text: &str) -> sentry::protocol::Value {
    value(text).into()
}

/// Ids stay as they are; anything else is read like words.
fn value(text: &str) -> String {
    if Uuid::try_parse(text).is_ok() { text.to_owned() } else { words(text) }
}

/// Without what is quoted, without numbers of people and without keys.
fn words(text: &str) -> String {
    let unquoted = without_quotes(text);
    let masked: Vec<&str> = unquoted.split_whitespace().map(|word| if may_be_key(word) { "***" } else { word }).collect();
    safe_words(&masked.join(" "))
}

/// Errors quote what they could not use: `` it is inside 'é' of `I do not want it` ``, `invalid type: string "Ann"`.
fn without_quotes(text: &str) -> String {
    let (mut kept, mut quote) = (String::new(), None);
    for c in text.chars() {
        match quote {
            None if matches!(c, '"' | '`' | '“') => {
                kept.push('…');
                quote = Some(if c == '“' { '”' } else { c });
            }
            None => kept.push(c),
            Some(end) if c == end => quote = None,
            Some(_) => {}
        }
    }
    kept
}

fn may_be_key(word: &str) -> bool {
    let longest = word.split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| run.contains(|c: char| c.is_ascii_digit()));
    longest.map(str::len).max().unwrap_or(0) >= KEY
}

/// What it is and where; not its words, which may be anybody's.
fn place_only(exception: Exception) -> Exception {
    let frames = exception.stacktrace.map(|trace| trace.frames.into_iter().map(code_only).collect());
    Exception {
        ty: words(&exception.ty),
        mechanism: exception.mechanism.map(|how| sentry::protocol::Mechanism { ty: how.ty, handled: how.handled, ..Default::default() }),
        stacktrace: frames.map(|frames| Stacktrace { frames, ..Stacktrace::default() }),
        ..Exception::default()
    }
}

/// The place in the code, without variables and without lines of source.
fn code_only(frame: Frame) -> Frame {
    Frame {
        function: frame.function,
        module: frame.module,
        filename: frame.filename,
        lineno: frame.lineno,
        colno: frame.colno,
        in_app: frame.in_app,
        instruction_addr: frame.instruction_addr,
        ..Frame::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_quotes_numbers_and_keys() {
        let cases = [
            ("the database refused `Ann's lead`; trying again", "the database refused …; trying again"),
            ("invalid type: string \"I do not want it\", expected u64", "invalid type: string …, expected u64"),
            ("a quote that `never ends", "a quote that …"),
            ("+14155550123 was refused", "*** was refused"),
            ("token 0123456789abcdef0123456789abcdef is old", "token *** is old"),
            ("callfleet::providers::deepgram::flux", "callfleet::providers::deepgram::flux"),
        ];
        for (text, kept) in cases {
            assert_eq!(words(text), kept);
        }
        let id = "01939f2e-6b1c-7c9a-8d3e-5f0a1b2c3d4e";
        assert_eq!(value(id), id);
    }

    /// Whoever made it: another crate, or a line that was written in haste.
    fn careless() -> Event<'static> {
        let [said, phone] = ["I sleep badly", "+14155550123"].map(str::to_owned);
        let frame = Frame {
            function: Some("callfleet::call::hold".to_owned()),
            vars: [("heard".to_owned(), said.clone().into())].into(),
            context_line: Some(said.clone()),
            ..Frame::default()
        };
        let trace = Stacktrace { frames: vec![frame], ..Stacktrace::default() };
        let exception = Exception { ty: "Lost".to_owned(), value: Some(said.clone()), stacktrace: Some(trace), ..Exception::default() };
        let crumb = sentry::protocol::Breadcrumb { message: Some(said.clone()), ..Default::default() };
        let user = sentry::protocol::User { username: Some("Ann".to_owned()), ..Default::default() };
        let request = sentry::protocol::Request { data: Some(said.clone()), ..Default::default() };
        Event {
            message: Some(format!("{phone} hung up")),
            logger: Some("callfleet::call".to_owned()),
            server_name: Some("desk-of-ann".into()),
            user: Some(user),
            request: Some(request),
            breadcrumbs: vec![crumb].into(),
            exception: vec![exception].into(),
            transaction: Some(said.clone()),
            extra: [("transcript".to_owned(), said.into()), ("duration_ms".to_owned(), 12.into())].into(),
            tags: [("phone".to_owned(), phone), ("provider".to_owned(), "twilio".to_owned())].into(),
            ..Event::default()
        }
    }

    #[test]
    fn a_careless_event_keeps_only_what_is_allowed() {
        let event = only_allowed(careless(), "worker");
        let sent = serde_json::to_string(&event).unwrap();
        for secret in ["sleep badly", "4155550123", "Ann", "desk-of-ann", "transcript"] {
            assert!(!sent.contains(secret), "{secret}: {sent}");
        }
        assert_eq!(event.message.as_deref(), Some("*** hung up"));
        assert_eq!(event.tags, [("provider", "twilio"), ("role", "worker")].map(|(k, v)| (k.to_owned(), v.to_owned())).into());
        assert_eq!(event.extra, [("duration_ms".to_owned(), 12.into())].into());
        let frames = &event.exception[0].stacktrace.as_ref().unwrap().frames;
        assert_eq!(frames[0].function.as_deref(), Some("callfleet::call::hold"));
    }

    #[test]
    fn every_field_is_explained_to_the_operator() {
        let page = include_str!("../../docs/logging.md");
        let silent: Vec<_> = TAGS.iter().chain(&EXPLAINING).filter(|name| !page.contains(&format!("`{name}`"))).collect();
        assert!(silent.is_empty(), "docs/logging.md says nothing about {silent:?}");
    }
}
