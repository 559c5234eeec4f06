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

/// What lets a campaign begin that has yet to: nothing is wrong, leads usually come before the start.
pub fn note(campaign: &Campaign) -> Option<String> {
    let Campaign { name, state, .. } = campaign;
    beginning(*state, name).map(|beginning| format!("campaign {name} is {beginning}"))
}

fn beginning(state: CampaignState, name: &str) -> Option<String> {
    match state {
        CampaignState::Draft => Some(format!("a draft: nobody is called until it is started ({})", verb("start", name))),
        CampaignState::Scheduled => Some(format!("scheduled: nobody is called before its start time ({} tells it)", verb("explain", name))),
        _ => None,
    }
}

/// Why a campaign that has begun calls nobody, and what changes that; `None` while it calls, and before it begins.
pub fn warning(campaign: &Campaign) -> Option<String> {
    let Campaign { name, state, .. } = campaign;
    help(*state, name).map(|help| format!("campaign {name} is {state}: {help}"))
}

fn help(state: CampaignState, name: &str) -> Option<String> {
    use CampaignState::{Cancelled, Completed, Draft, Draining, Halted, Paused, Running, Scheduled};
    let verb = |word| verb(word, name);
    Some(match state {
        Draft | Scheduled | Running => return None,
        Completed => format!("nobody is called until it is started again ({})", verb("start")),
        Paused => format!("nobody is called until it is resumed ({})", verb("resume")),
        Halted => format!("nobody is called until the cause is mended ({}) and it is resumed ({})", verb("explain"), verb("resume")),
        Draining => format!("it makes no calls but promised callbacks; once it is completed, it can be started again ({})", verb("start")),
        Cancelled => "nobody is called any more; import into another campaign".to_owned(),
    })
}

fn verb(word: &str, name: &str) -> String {
    format!("callfleet campaign {word} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verb that a state's help names, and the state it leads to.
    #[test]
    fn the_command_that_is_named_leads_to_calls() {
        use CampaignState::{Completed, Draft, Halted, Paused, Running};
        for (state, word) in [(Draft, "start"), (Completed, "start"), (Paused, "resume"), (Halted, "resume")] {
            let told = beginning(state, "spring").or_else(|| help(state, "spring")).unwrap();
            assert!(told.ends_with(&format!("(callfleet campaign {word} spring)")), "{state}");
            assert!(state.may_become(Running), "{state}");
        }
    }

    #[test]
    fn a_campaign_that_runs_needs_no_words_and_no_other_has_two() {
        for state in CampaignState::ALL {
            let told = [beginning(*state, "spring"), help(*state, "spring")].into_iter().flatten().count();
            assert_eq!(told, usize::from(*state != CampaignState::Running), "{state}");
        }
    }
}
