//! Imports that nobody reads on, though their list is not at its end. Whoever goes away writes nothing, so it shows by the time since
//! rows were stored last.

use super::super::ApiState;
use super::super::error::ApiError;
use crate::domain::campaign::CampaignState;
use crate::domain::count::counted;
use crate::intake::import::typed;
use crate::store::campaign::Campaign;
use crate::store::import::Import;

/// The command that goes on with an import, as a shell takes it; a campaign that is cancelled takes no leads.
pub fn resume(import: &Import, campaign: &Campaign) -> Option<String> {
    let command =
        || format!("callfleet leads import --campaign {} {}{}", campaign.name, quoted(&import.file_name), typed(&import.judged_by));
    (campaign.state != CampaignState::Cancelled).then(command)
}

/// Says that a campaign's list is incomplete, and what completes it; nothing where nothing does.
///
/// # Errors
/// The database cannot be read.
pub async fn warning(api: &ApiState, campaign: &Campaign) -> Result<Option<String>, ApiError> {
    let (mut imports, now) = (api.store.running_imports(campaign.id).await?, api.clock.now());
    imports.retain(|import| import.is_interrupted(now));
    let Some((latest, resume)) = imports.first().and_then(|latest| Some((latest, resume(latest, campaign)?))) else { return Ok(None) };
    let more = match imports.len() {
        1 => String::new(),
        all => format!("; and {} more: callfleet leads imports --campaign {}", all - 1, campaign.name),
    };
    Ok(Some(told(latest, &resume) + &more))
}

fn told(import: &Import, resume: &str) -> String {
    let (rows, at) = (counted(import.row_offset, "row"), import.progress_at.unwrap_or(import.created_at));
    format!(
        "the import of {} was interrupted after {rows} at {at}, so the list is incomplete; to go on: {resume}; to take it back: \
         callfleet leads undo {}",
        import.file_name, import.id
    )
}

fn quoted(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_plain { name.to_owned() } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_the_name_as_it_is() {
        let names = ["big.csv", "my list.csv", "Ann's.csv", "a;b"].map(quoted);
        assert_eq!(names, ["big.csv", "'my list.csv'", r"'Ann'\''s.csv'", "'a;b'"]);
    }
}
