//! Named places at which a process can be made to die or to stand still, so that trials can prove that nothing is lost there.
//!
//! Nothing happens unless the environment names one: `CALLFLEET_CRASH_POINT=claim.after:3` ends the process by SIGKILL when
//! it comes there for the third time, `claim.after:3:stop` stops it by SIGSTOP until somebody sends SIGCONT. The places are
//! few; docs/reliability.md says what has to hold at each.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Signal, getpid, kill_process};

/// What the environment calls it.
pub const VARIABLE: &str = "CALLFLEET_CRASH_POINT";

#[derive(Debug, PartialEq, Eq)]
struct Planned {
    place: String,
    passage: u32,
    signal: Signal,
}

static PLANNED: OnceLock<Option<Planned>> = OnceLock::new();
static PASSED: AtomicU32 = AtomicU32::new(0);

/// The process comes to this place.
pub fn pass(place: &'static str) {
    let planned = PLANNED.get_or_init(|| std::env::var(VARIABLE).ok().as_deref().and_then(read));
    let Some(planned) = planned.as_ref().filter(|planned| planned.place == place) else { return };
    if PASSED.fetch_add(1, Ordering::Relaxed) + 1 == planned.passage {
        tracing::warn!(place, "crash point reached");
        // a process may always signal itself
        let _ = kill_process(getpid(), planned.signal);
    }
}

fn read(text: &str) -> Option<Planned> {
    let mut parts = text.split(':');
    let place = parts.next().filter(|place| !place.is_empty())?.to_owned();
    let passage = parts.next().map_or(Some(1), |number| number.parse().ok())?;
    let signal = match parts.next() {
        None | Some("kill") => Signal::KILL,
        Some("stop") => Signal::STOP,
        Some(_) => return None,
    };
    Some(Planned { place, passage, signal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_a_passage_and_a_signal_are_read() {
        let planned = |place: &str, passage, signal| Some(Planned { place: place.to_owned(), passage, signal });
        assert_eq!(read("claim.after"), planned("claim.after", 1, Signal::KILL));
        assert_eq!(read("claim.after:3"), planned("claim.after", 3, Signal::KILL));
        assert_eq!(read("post.after:2:stop"), planned("post.after", 2, Signal::STOP));
        for wrong in ["", ":2", "claim.after:x", "claim.after:1:later"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
