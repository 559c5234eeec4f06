//! Settings as a request brings them: JSON, or the text of a file. What is wrong is told by key, and in a file by line.

use serde_json::Value;

use super::error::ApiError;
use crate::domain::campaign::file::{CampaignFile, SettingError};
use crate::domain::place::Place;

/// What a file of settings is called where the request does not say.
const FILE: &str = "campaign.toml";

/// All settings of a campaign, as a request brings them.
#[derive(Debug, Clone, Copy)]
pub struct WholeSettings<'a> {
    /// As JSON.
    pub json: Option<&'a Value>,
    /// As the text of a file.
    pub toml: Option<&'a str>,
    /// What that file is called, for whoever has to mend it.
    pub file: Option<&'a str>,
}

impl<'a> WholeSettings<'a> {
    /// The settings; `None` when the request has none.
    ///
    /// # Errors
    /// Both forms were sent, or what was sent cannot be read.
    pub fn read(self) -> Result<Option<CampaignFile>, ApiError> {
        let read = match (self.json, self.toml) {
            (None, None) => return Ok(None),
            (Some(json), None) => CampaignFile::from_json(&json.to_string()),
            (None, Some(text)) => CampaignFile::from_toml(text),
            (Some(_), Some(_)) => {
                return Err(ApiError::unusable("bad_settings", "both `settings` and `settings_toml` were sent", "send one of the two"));
            }
        };
        read.map(Some).map_err(|error| self.origin().refused(&[error]))
    }

    /// Where they were written.
    pub fn origin(self) -> Origin<'a> {
        let name = self.file.unwrap_or(FILE);
        self.toml.map_or(Origin::Request, |text| Origin::File { name, text })
    }
}

/// Where settings were written.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// In the request itself.
    Request,
    /// In a file.
    File {
        /// What it is called.
        name: &'a str,
        /// What stands in it.
        text: &'a str,
    },
}

impl Origin<'_> {
    /// The refusal of settings that are wrong.
    pub fn refused(self, errors: &[SettingError]) -> ApiError {
        let lines: Vec<String> = errors.iter().map(|error| self.placed(error)).collect();
        ApiError::unusable("bad_settings", lines.join("\n"), "correct the campaign's settings and send them again")
    }

    fn placed(self, error: &SettingError) -> String {
        let Self::File { name, text } = self else { return error.to_string() };
        match error.line.or_else(|| Place::of_key(text, &error.key).map(|place| place.line)) {
            Some(line) => format!("{name}, line {line}: {error}"),
            None => format!("{name}: {error}"),
        }
    }
}

/// What is stored for a draft: settings of which nothing is wrong but perhaps the missing caller numbers.
///
/// # Errors
/// Everything else that is wrong.
pub fn draft(file: &CampaignFile, origin: Origin<'_>) -> Result<Value, ApiError> {
    let wrong: Vec<SettingError> = file.problems().into_iter().filter(|error| !is_missing_callers(file, error)).collect();
    if !wrong.is_empty() {
        return Err(origin.refused(&wrong));
    }
    serde_json::to_value(file).map_err(|error| ApiError::unusable("bad_settings", error.to_string(), "write finite numbers"))
}

/// What is stored for a campaign that has begun: settings of which nothing is wrong.
///
/// # Errors
/// Everything that is wrong.
pub fn complete(file: &CampaignFile, origin: Origin<'_>) -> Result<Value, ApiError> {
    let wrong = file.problems();
    if wrong.is_empty() { draft(file, origin) } else { Err(origin.refused(&wrong)) }
}

fn is_missing_callers(file: &CampaignFile, error: &SettingError) -> bool {
    error.key == "caller_numbers" && file.caller_numbers.is_empty()
}
