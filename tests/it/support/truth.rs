//! The simulator's truth log, asked the questions a person who was called would ask.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

/// One line of `truth.jsonl`.
#[derive(Debug, Deserialize)]
pub struct Line {
    pub at_ms: i64,
    pub event: String,
    pub call_sid: Option<String>,
    pub to: String,
    pub words: Option<String>,
    pub status: Option<String>,
}

/// The log, in the order things happened.
#[derive(Debug)]
pub struct Truth(Vec<Line>);

impl Truth {
    /// Reads what is written so far; a last line that is still being written is left out.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        Self(whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect())
    }

    fn of<'a>(&'a self, event: &'a str) -> impl Iterator<Item = (&'a Line, &'a str)> {
        self.0.iter().filter(move |line| line.event == event).filter_map(|line| Some((line, line.call_sid.as_deref()?)))
    }

    /// Every call that was made.
    pub fn calls(&self) -> BTreeSet<&str> {
        self.of("created").map(|(_, sid)| sid).collect()
    }

    /// Whether a call's phone rang.
    pub fn rang(&self, sid: &str) -> bool {
        self.of("ringing").any(|(_, of)| of == sid)
    }

    /// Whom a call was made to.
    pub fn number(&self, sid: &str) -> &str {
        self.of("created").find(|(_, of)| *of == sid).map(|(line, _)| line.to.as_str()).unwrap()
    }

    /// No number was called twice.
    pub fn assert_each_called_once(&self) {
        let often: Vec<_> = self.calls_by_number().into_iter().filter(|(_, calls)| *calls > 1).collect();
        assert!(often.is_empty(), "called more than once: {often:?}");
    }

    /// How often each number was called.
    pub fn calls_by_number(&self) -> BTreeMap<&str, u32> {
        let mut counts = BTreeMap::new();
        for (line, _) in self.of("created") {
            *counts.entry(line.to.as_str()).or_default() += 1;
        }
        counts
    }

    /// Calls somebody is talking on, and who.
    pub fn talking(&self) -> BTreeMap<&str, &str> {
        self.of("answered").filter(|(_, sid)| self.end(sid).is_none()).map(|(line, sid)| (sid, line.to.as_str())).collect()
    }

    /// When each call was asked for, in order.
    pub fn asked_for(&self) -> Vec<i64> {
        self.of("created").map(|(line, _)| line.at_ms).collect()
    }

    /// How long a call that was answered and has ended was talked, milliseconds.
    pub fn talked_ms(&self, sid: &str) -> Option<i64> {
        let answered = self.of("answered").find(|(_, of)| *of == sid)?.0.at_ms;
        Some(self.end(sid)?.0 - answered)
    }

    /// When a call ended, and how.
    pub fn end(&self, sid: &str) -> Option<(i64, &str)> {
        self.of("ended").find(|(_, of)| *of == sid).map(|(line, _)| (line.at_ms, line.status.as_deref().unwrap_or_default()))
    }

    /// Everything of ours a call's callee heard.
    pub fn heard(&self, sid: &str) -> String {
        self.of("played").filter(|(_, of)| *of == sid).filter_map(|(line, _)| line.words.as_deref()).collect::<Vec<_>>().join(" ")
    }

    /// When a call's callee had heard words of ours to their end.
    pub fn heard_at(&self, sid: &str) -> Vec<i64> {
        self.of("played").filter(|(_, of)| *of == sid).map(|(line, _)| line.at_ms).collect()
    }

    /// No phone rings while its owner is still on a call of ours, and no call rings twice.
    pub fn assert_one_call_at_a_time(&self) {
        let (mut live, mut rung) = (BTreeMap::new(), BTreeSet::new());
        for line in &self.0 {
            let Some(sid) = line.call_sid.as_deref() else { continue };
            match line.event.as_str() {
                "created" => {
                    let other = live.insert(line.to.as_str(), sid);
                    assert_eq!(other, None, "{} got call {sid} while another one was live", line.to);
                }
                "ringing" => assert!(rung.insert(sid), "call {sid} rang twice"),
                "ended" => assert_eq!(live.remove(line.to.as_str()), Some(sid), "call {sid} ended twice, or never began"),
                _ => {}
            }
        }
        assert!(live.is_empty(), "calls that never ended: {live:?}");
    }
}
