//! A campaign that calls nobody now: whoever brings it leads, or wants one called again, is told so, with the command that helps.

use super::error::ApiError;
use crate::domain::campaign::CampaignState;
use crate::store::campaign::Campaign;

/// Refuses leads for a campaign that will never call again.
///
/// # Errors
/// It is cancelled.
pub fn must_not_be_cancelled(campaign: &Campaign) -> Result<(), ApiError> {
    let Campaign { name, state, .. } = campaign;
    if *state == CampaignState::Cancelled {
        return Err(ApiError::conflict("wrong_state", format!("campaign {name} is cancelled"), "import into another campaign"));
    }
    Ok(())
}

/// Why nobody is called, and what changes that; `None` while it calls.
pub fn warning(campaign: &Campaign) -> Option<String> {
    let Campaign { name, state, .. } = campaign;
    help(*state, name).map(|help| format!("campaign {name} is {state}: {help}"))
}

fn help(state: CampaignState, name: &str) -> Option<String> {
    use CampaignState::{Cancelled, Completed, Draft, Draining, Halted, Paused, Running, Scheduled};
    Some(match state {
        Running => return None,
        Draft | Completed => format!("nobody is called until callfleet campaign start {name}"),
        Scheduled => format!("nobody is called before its start time; callfleet campaign explain {name} tells it"),
        Paused => format!("nobody is called until callfleet campaign resume {name}"),
        Halted => {
            format!("nobody is called until the cause is mended (callfleet campaign explain {name}) and callfleet campaign resume {name}")
        }
        Draining => format!("it calls nobody but promised callbacks; when it is completed: callfleet campaign start {name}"),
        Cancelled => "nobody is called any more; import into another campaign".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verb that a state's help names, and the state it leads to.
    #[test]
    fn the_command_that_is_named_leads_to_calls() {
        use CampaignState::{Completed, Draft, Halted, Paused, Running};
        for (state, verb) in [(Draft, "start"), (Completed, "start"), (Paused, "resume"), (Halted, "resume")] {
            assert!(help(state, "spring").unwrap().ends_with(&format!("callfleet campaign {verb} spring")), "{state}");
            assert!(state.may_become(Running), "{state}");
        }
        assert_eq!(help(Running, "spring"), None);
    }
}
