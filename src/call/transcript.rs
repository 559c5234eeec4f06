//! A call's events folded into a text a person can read, with times.

use std::fmt::Write as _;

use crate::call::journal::{CallEvent, EventKind, TurnTimings};

/// One paragraph per line said, with what happened in between.
#[must_use]
pub fn readable(events: &[CallEvent]) -> String {
    let mut ordered: Vec<&CallEvent> = events.iter().collect();
    ordered.sort_by_key(|event| (event.offset_ms, event.seq));
    ordered.into_iter().filter_map(line).fold(String::new(), |mut text, (at, line)| {
        let _ = writeln!(text, "[{}] {line}", clock(at)); // writing to a String cannot fail
        text
    })
}

fn line(event: &CallEvent) -> Option<(u64, String)> {
    let body = event.body.as_str();
    let text = match event.kind {
        EventKind::Callee => format!("Callee: {body}"),
        EventKind::Agent => format!("Agent: {body}"),
        EventKind::BargeIn => "(the callee spoke over the agent)".to_owned(),
        EventKind::Digit => format!("(pressed {body})"),
        EventKind::Answerer => format!("(answered by: {body})"),
        EventKind::Trouble => format!("(trouble: {body})"),
        EventKind::Ended => format!("(ended: {body})"),
        EventKind::Timings => waited(body)?,
        EventKind::StreamStarted | EventKind::FirstAudio | EventKind::Understood => return None,
    };
    Some((event.offset_ms, text))
}

/// What the callee waited for a reply.
fn waited(timings: &str) -> Option<String> {
    let ms = serde_json::from_str::<TurnTimings>(timings).ok()?.reply_ms()?;
    Some(format!("(replied after {ms} ms)"))
}

fn clock(ms: u64) -> String {
    format!("{:02}:{:02}.{}", ms / 60_000, ms / 1_000 % 60, ms % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::readable;
    use crate::call::journal::{CallEvent, EventKind, TurnTimings};

    #[test]
    fn reads_in_the_order_of_speech() {
        let timings = TurnTimings { end_of_turn: Some(4_000), first_frame: Some(4_450), ..TurnTimings::default() };
        let events = [
            (100, EventKind::StreamStarted, String::new()),
            (3_000, EventKind::Callee, "Yes, I do.".into()),
            (120, EventKind::Agent, "Do you own your home?".into()),
            (4_450, EventKind::Timings, serde_json::to_string(&timings).unwrap()),
            (61_250, EventKind::Ended, "hung_up".into()),
        ];
        let events: Vec<CallEvent> =
            (0..).zip(events).map(|(seq, (offset_ms, kind, body))| CallEvent { seq, offset_ms, kind, body }).collect();
        let text = "[00:00.1] Agent: Do you own your home?\n[00:03.0] Callee: Yes, I do.\n[00:04.4] (replied after 450 ms)\n\
                    [01:01.2] (ended: hung_up)\n";
        assert_eq!(readable(&events), text);
    }
}
