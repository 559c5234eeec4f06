//! Imports that were not taken back to the end. Whoever is stopped meanwhile leaves leads on the list, and they would be called.

use super::super::ApiState;
use super::super::error::ApiError;
use crate::store::campaign::Campaign;
use crate::store::import::Import;

/// Says of each that leads of it are left, and what finishes it.
///
/// # Errors
/// The database cannot be read.
pub async fn warnings(api: &ApiState, campaign: &Campaign) -> Result<Vec<String>, ApiError> {
    Ok(api.store.half_undone_imports(campaign.id).await?.iter().map(told).collect())
}

fn told(import: &Import) -> String {
    format!(
        "the import of {} is not taken back to the end, which is going on or broke off, and its leads that are left are called; to finish \
         it: callfleet leads undo {}",
        import.file_name, import.id
    )
}
