//! A call's events folded into a text a person can read, with times.

use std::fmt::Write as _;

use crate::call::journal::{CallEvent, EventKind, TurnTimings};

/// One paragraph per line said, with what happened in between.
#[must_use]
pub fn readable(events: &[CallEvent]) -> String {
    let mut lines: Vec<_> = events.iter().filter_map(|event| line(event).map(|(at, line)| (at, event.seq, line))).collect();
    lines.sort_by_key(|(at, seq, line)| (*at, !line.starts_with(REPLIED), *seq));
    // two sources may say the same about who answered
    lines.dedup_by(|next, last| next.2 == last.2 && next.2.starts_with('('));
    lines.into_iter().fold(String::new(), |mut text, (at, _, line)| {
        let _ = writeln!(text, "[{}] {line}", clock(at)); // writing to a String cannot fail
        text
    })
}

/// Stands before the reply it is about.
const REPLIED: &str = "(replied after";

fn line(event: &CallEvent) -> Option<(u64, String)> {
    let body = event.body.as_str();
    if event.kind == EventKind::Timings {
        return waited(body);
    }
    let text = match event.kind {
        EventKind::Callee => format!("Callee: {body}"),
        EventKind::Agent => format!("Agent: {body}"),
        EventKind::BargeIn => "(the callee spoke over the agent)".to_owned(),
        EventKind::Digit => format!("(pressed {body})"),
        EventKind::Answerer => format!("(answered by: {body})"),
        EventKind::Trouble => format!("(trouble: {body})"),
        EventKind::Ended => format!("(ended: {body})"),
        EventKind::Transfer => format!("(a person was rung: {body})"),
        EventKind::StreamStarted | EventKind::FirstAudio | EventKind::Understood | EventKind::Timings => return None,
    };
    Some((event.offset_ms, text))
}

/// What the callee waited for a reply, at the moment it came; the event itself is written when the reply was heard.
fn waited(timings: &str) -> Option<(u64, String)> {
    let timings: TurnTimings = serde_json::from_str(timings).ok()?;
    Some((timings.first_frame?, format!("{REPLIED} {} ms)", timings.reply_ms()?)))
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
        let timings = TurnTimings { end_of_turn: Some(3_000), first_frame: Some(3_450), ..TurnTimings::default() };
        let events = [
            (100, EventKind::StreamStarted, String::new()),
            (3_000, EventKind::Callee, "Yes, I do.".into()),
            (120, EventKind::Agent, "Do you own your home?".into()),
            (3_450, EventKind::Agent, "Great.".into()),
            (3_900, EventKind::Timings, serde_json::to_string(&timings).unwrap()),
            (4_000, EventKind::Answerer, "human".into()),
            (4_000, EventKind::Answerer, "human".into()),
            (61_250, EventKind::Ended, "hung_up".into()),
        ];
        let events: Vec<CallEvent> =
            (0..).zip(events).map(|(seq, (offset_ms, kind, body))| CallEvent { seq, offset_ms, kind, body }).collect();
        let text = "[00:00.1] Agent: Do you own your home?\n[00:03.0] Callee: Yes, I do.\n[00:03.4] (replied after 450 ms)\n\
                    [00:03.4] Agent: Great.\n[00:04.0] (answered by: human)\n[01:01.2] (ended: hung_up)\n";
        assert_eq!(readable(&events), text);
    }
}
