//! Times of a campaign that have passed before it runs: whoever writes them down is told at once, not only when it cannot start.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::domain::campaign::CampaignState::{Draft, Halted, Paused, Scheduled};
use crate::domain::time::Timestamp;
use crate::store::campaign::Campaign;

/// How long a campaign may go on whose end has passed, for example.
const MONTH: Duration = Duration::from_secs(30 * 86_400);

/// What follows from a time that has passed; nothing of a campaign that runs, or is over. A draft may lack much else, so only its two
/// times are read.
pub fn warning(campaign: &Campaign, now: Timestamp) -> Option<String> {
    let passed = |key: &str| moment(campaign, key).filter(|at| *at <= now);
    if let Some(end) = passed("end").filter(|_| matches!(campaign.state, Draft | Scheduled | Paused | Halted)) {
        return Some(format!("its end {end} has passed, and it cannot run before it has a later one: {}", later_end(&campaign.name, now)));
    }
    let start = passed("start").filter(|_| campaign.state == Draft)?;
    Some(format!("its start time {start} has passed: it begins as soon as it is started"))
}

/// The command that gives a campaign a later end.
pub fn later_end(name: &str, now: Timestamp) -> String {
    let later = (now + MONTH).in_zone(&TimeZone::UTC).date();
    format!("callfleet campaign set {name} schedule.end={later}T18:00:00Z")
}

fn moment(campaign: &Campaign, key: &str) -> Option<Timestamp> {
    campaign.settings.0["schedule"][key].as_str()?.trim().parse().ok()
}
