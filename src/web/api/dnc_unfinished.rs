//! Do-not-call lists whose import is going on or broke off: shown, warned of with what finishes or removes them, and the refusal of
//! the one that comes second.

use serde::Serialize;

use super::ApiState;
use super::error::ApiError;
use crate::domain::campaign::Countries;
use crate::domain::dnc::ListDate;
use crate::store::dnc::UnfinishedList;

/// A list that is not complete.
#[derive(Debug, Serialize)]
pub struct UnfinishedJson {
    #[serde(flatten)]
    list: UnfinishedList,
    /// How many numbers of it have been read; nobody calls them.
    numbers: i64,
}

/// All of them, by name.
///
/// # Errors
/// The database cannot be read.
pub async fn shown(api: &ApiState) -> Result<Vec<UnfinishedJson>, ApiError> {
    let mut shown = Vec::new();
    for list in api.store.unfinished_lists().await? {
        shown.push(UnfinishedJson { numbers: api.store.unfinished_numbers(&list).await?, list });
    }
    Ok(shown)
}

/// Says of each that concerns a campaign which calls these countries what it means, and what finishes or removes it.
///
/// # Errors
/// The database cannot be read.
pub async fn warnings(api: &ApiState, complete: &[ListDate], countries: &Countries) -> Result<Vec<String>, ApiError> {
    let mut unfinished = api.store.unfinished_lists().await?;
    // one that nobody had before may concern everybody: its registry is not known yet
    unfinished.retain(|list| complete.iter().find(|other| other.name == list.name).is_none_or(|other| other.concerns(countries)));
    Ok(unfinished.iter().map(told).collect())
}

fn told(list: &UnfinishedList) -> String {
    let UnfinishedList { name, began_at, is_renewal } = list;
    let import = format!("its import of {began_at} is still going on or broke off; to finish it, {}", again(name));
    if *is_renewal {
        format!("a newer do-not-call list {name} is incomplete, and the numbers of the complete one stay in force: {import}")
    } else {
        let remove = format!("callfleet dnc remove {name} --reason WHY");
        let state = format!("the do-not-call list {name} is incomplete, and only the numbers that were read are not called");
        format!("{state}: {import}; to remove it: {remove}")
    }
}

/// Nothing is known of how it was read: a list is of a region and a registry when it is complete.
fn again(name: &str) -> String {
    format!(
        "import the whole list again, with the --region and --registry that it needs: callfleet dnc import FILE --scrub-date DAY --list {name}"
    )
}

/// Refuses an import whose list is not as it was when the import began.
pub fn list_changed(name: &str) -> ApiError {
    let message = format!(
        "the do-not-call list {name} was changed while this import was going on: another one ended first, or the list was removed; nothing \
         of it was replaced"
    );
    let fix = format!("see what is in force with callfleet dnc list; if this file is the newer one, {}", again(name));
    ApiError::conflict("list_changed", message, fix)
}
