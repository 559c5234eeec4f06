//! Campaigns that something has halted: an account that is refused stops all of them, whatever the other checks say.

use serde_json::Value;

use super::check::Check;
use super::{ApiPath, Client};
use crate::cli::output::{cell, items};

/// One check for every halted campaign; none when there is no such.
pub async fn checks(client: Option<&Client>) -> Vec<Check> {
    let Some(client) = client else { return Vec::new() };
    match client.get(ApiPath::new(&["v1", "campaigns"])).await {
        Err(error) => vec![Check::broken("campaigns", format!("{error:#}"), "look at the database")],
        Ok(answer) => halted(items(&answer.json["campaigns"])),
    }
}

/// While another campaign calls it is something to know; else nobody is called.
fn halted(campaigns: &[Value]) -> Vec<Check> {
    let is_in = |campaign: &Value, states: &[&str]| campaign["state"].as_str().is_some_and(|state| states.contains(&state));
    let some_call = campaigns.iter().any(|campaign| is_in(campaign, &["running", "draining", "scheduled"]));
    let judge = |campaign: &Value| {
        let name = cell(&campaign["name"]);
        let detail = format!("{name} is halted: {}", cell(&campaign["state_reason"]));
        let fix = format!("mend that, then: callfleet campaign resume {name}; or give it up: callfleet campaign cancel {name}");
        if some_call { Check::note("campaign", detail, fix) } else { Check::broken("campaign", detail, fix) }
    };
    campaigns.iter().filter(|campaign| is_in(campaign, &["halted"])).map(judge).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::check::State;
    use super::*;

    #[test]
    fn a_halted_campaign_is_told_and_nobody_is_ready_to_call_while_all_are() {
        let campaign = |name: &str, state: &str| json!({ "name": name, "state": state, "state_reason": "code 20003" });
        let found = halted(&[campaign("spring", "halted"), campaign("autumn", "halted"), campaign("old", "completed")]);
        assert_eq!(found.iter().map(|check| check.state).collect::<Vec<_>>(), [State::Broken, State::Broken]);
        assert!(
            found[0].detail == "spring is halted: code 20003" && found[0].fix.contains("callfleet campaign resume spring"),
            "{found:?}"
        );
        let beside = halted(&[campaign("spring", "halted"), campaign("autumn", "running")]);
        assert_eq!(beside.iter().map(|check| check.state).collect::<Vec<_>>(), [State::Note]);
        assert_eq!(halted(&[campaign("spring", "paused")]), []);
    }
}
