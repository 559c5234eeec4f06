//! Settings as a request brings them: JSON, or the text of a file. What is wrong is told by key, and in a file by line.

use serde_json::Value;

use super::assignments::Assignments;
use super::error::{ApiError, WrongKey};
use crate::domain::campaign::CampaignState;
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
    /// Both forms were sent, or what was sent cannot be read: then all that is wrong with it.
    pub fn read(self, need: Need) -> Result<Option<CampaignFile>, ApiError> {
        let read = match (self.json, self.toml) {
            (None, None) => return Ok(None),
            (Some(json), None) => CampaignFile::from_json(&json.to_string()),
            (None, Some(text)) => CampaignFile::from_toml(text),
            (Some(_), Some(_)) => {
                return Err(ApiError::unusable("bad_settings", "both `settings` and `settings_toml` were sent", "send one of the two"));
            }
        };
        read.map(Some).map_err(|wrong| self.origin().refused(&need.unmet(wrong)))
    }

    /// Where they were written.
    pub fn origin(self) -> Origin<'a> {
        let name = self.file.unwrap_or(FILE);
        self.toml.map_or(Origin::Request, |text| Origin::File { name, text })
    }
}

/// How much has to be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A draft may still lack its caller numbers.
    Draft,
    /// A campaign that has begun lacks nothing.
    Complete,
}

impl Need {
    /// What a campaign in this state needs.
    pub fn of(state: CampaignState) -> Self {
        if state == CampaignState::Draft { Self::Draft } else { Self::Complete }
    }

    /// What is wrong that may not be.
    pub fn unmet(self, wrong: Vec<SettingError>) -> Vec<SettingError> {
        wrong.into_iter().filter(|error| self == Self::Complete || !error.lacks_callers()).collect()
    }
}

/// Where settings were written.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// In the request itself.
    Request,
    /// There too, key by key.
    Assigned(&'a Assignments),
    /// In a file.
    File {
        /// What it is called.
        name: &'a str,
        /// What stands in it.
        text: &'a str,
    },
}

impl Origin<'_> {
    /// The refusal of settings that are wrong, in the order in which they were written; what stands nowhere comes last.
    pub fn refused(self, errors: &[SettingError]) -> ApiError {
        let mut placed: Vec<(Option<usize>, &SettingError)> = errors.iter().map(|error| (self.place(error), error)).collect();
        placed.sort_by_key(|(place, _)| place.unwrap_or(usize::MAX));
        let lines: Vec<String> = placed.iter().map(|(place, error)| self.told(*place, error)).collect();
        let refused = ApiError::unusable("bad_settings", lines.join("\n"), "correct the campaign's settings and send them again");
        refused.about(placed.iter().map(|(_, error)| WrongKey { key: error.key.clone(), message: error.said() }).collect())
    }

    /// The line of a file, or which of several keys.
    fn place(self, error: &SettingError) -> Option<usize> {
        match self {
            Self::Request => None,
            Self::Assigned(keys) => keys.place_of(&error.key),
            Self::File { text, .. } => error.line.or_else(|| Place::of_key(text, &error.key).map(|place| place.line)),
        }
    }

    fn told(self, place: Option<usize>, error: &SettingError) -> String {
        match (self, place) {
            (Self::Request | Self::Assigned(_), _) => error.to_string(),
            (Self::File { name, .. }, Some(line)) => format!("{name}, line {line}: {error}"),
            (Self::File { name, .. }, None) => format!("{name}: {error}"),
        }
    }
}

/// What is stored: settings of which nothing is wrong that may not be.
///
/// # Errors
/// Everything that is wrong.
pub fn checked(file: &CampaignFile, need: Need, origin: Origin<'_>) -> Result<Value, ApiError> {
    let wrong = need.unmet(file.problems());
    if !wrong.is_empty() {
        return Err(origin.refused(&wrong));
    }
    let stored = serde_json::to_value(file);
    let mut stored = stored.map_err(|error| ApiError::unusable("bad_settings", error.to_string(), "write finite numbers"))?;
    // an older process of the fleet refuses keys that it does not know: this one stands there only where it is used
    if let (None, Some(keys)) = (&file.transfer_to, stored.as_object_mut()) {
        keys.remove("transfer_to");
    }
    Ok(stored)
}
