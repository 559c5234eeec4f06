//! The simulator's log, as calls.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Deserialize;

/// One line of the log, as far as the checker reads it.
#[derive(Debug, Deserialize)]
struct Line {
    at_ms: i64,
    event: String,
    call_sid: Option<String>,
    to: String,
    status: Option<String>,
    status_callback: Option<String>,
    parent_call_sid: Option<String>,
    fault: Option<String>,
}

/// A call that was really made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    pub sid: String,
    pub to: String,
    /// The attempt its maker placed it for, by the path it reports to.
    pub attempt: Option<String>,
    /// The call that rang this person, to hand its callee over.
    pub parent: Option<String>,
    pub created_ms: i64,
    pub rang: bool,
    pub answered: bool,
    pub ended_ms: Option<i64>,
    pub status: Option<String>,
}

/// Every call, in the order of their creation.
#[derive(Debug, Default)]
pub struct Truth {
    pub calls: Vec<Call>,
    /// Those to people whom a callee was handed to: no lead was called by them.
    pub legs: Vec<Call>,
    /// What the provider did wrong, by kind.
    pub faults: BTreeMap<String, u64>,
}

impl Truth {
    /// Reads what is written so far; a last line that is still being written is left out.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let (mut calls, mut faults): (BTreeMap<String, Call>, BTreeMap<String, u64>) = Default::default();
        for line in whole.lines() {
            let line: Line = serde_json::from_str(line).map_err(io::Error::other)?;
            if let Some(fault) = &line.fault {
                *faults.entry(fault.clone()).or_default() += 1;
            }
            let Some(sid) = line.call_sid.clone() else { continue };
            calls.entry(sid).or_default().take(line);
        }
        let mut calls: Vec<Call> = calls.into_values().collect();
        calls.sort_by_key(|call| call.created_ms);
        let (legs, calls) = calls.into_iter().partition(|call| call.parent.is_some());
        Ok(Self { calls, legs, faults })
    }

    /// Calls that are not over.
    pub fn live(&self) -> usize {
        self.calls.iter().chain(&self.legs).filter(|call| call.ended_ms.is_none()).count()
    }
}

impl Call {
    fn take(&mut self, line: Line) {
        match line.event.as_str() {
            "created" => {
                (self.sid, self.to, self.created_ms) = (line.call_sid.unwrap_or_default(), line.to, line.at_ms);
                self.attempt = line.status_callback.as_deref().and_then(attempt_of);
                self.parent = line.parent_call_sid;
            }
            "ringing" => self.rang = true,
            "answered" => self.answered = true,
            "ended" => (self.ended_ms, self.status) = (Some(line.at_ms), line.status),
            _ => {}
        }
    }
}

/// `…/hooks/twilio/{attempt}/{send_no}/{mac}`
fn attempt_of(callback: &str) -> Option<String> {
    callback.split("/hooks/twilio/").nth(1)?.split('/').next().map(str::to_owned)
}
