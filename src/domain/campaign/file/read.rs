//! From text to the form and back.

use super::{CampaignFile, SettingError};
use crate::domain::campaign::keys;
use crate::domain::place::{Place, TomlFault};

impl CampaignFile {
    /// Reads `campaign.toml`.
    ///
    /// # Errors
    /// Every key that is none or whose value does not fit, and what is wrong with the others; or the place where the syntax is broken.
    pub fn from_toml(text: &str) -> Result<Self, Vec<SettingError>> {
        toml::from_str(text).map_err(|error| {
            let as_json = toml::from_str::<toml::Table>(text).ok().and_then(|table| serde_json::to_value(table).ok());
            match as_json.map(|settings| keys::read(&settings)) {
                Some(Err(wrong)) => wrong.into_iter().map(|error| placed(text, error)).collect(),
                _ => {
                    let fault = TomlFault::new(text, &error);
                    let fix = "write TOML: key = value below [section]";
                    vec![SettingError { line: Some(fault.place.line), ..SettingError::new("syntax", fault.what, fix) }]
                }
            }
        })
    }

    /// Reads the JSON form, as stored or as sent to the API.
    ///
    /// # Errors
    /// Every key that is none or whose value does not fit, and what is wrong with the others; or the place where the syntax is broken.
    pub fn from_json(text: &str) -> Result<Self, Vec<SettingError>> {
        serde_json::from_str(text).map_err(|error| match serde_json::from_str(text).map(|settings| keys::read(&settings)) {
            Ok(Err(wrong)) => wrong,
            _ => vec![SettingError::new("settings", error, "mend the JSON")],
        })
    }

    /// The JSON form that is stored: everything that was written, defaults filled in.
    ///
    /// # Errors
    /// Only for a budget that is not a finite number.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

fn placed(text: &str, error: SettingError) -> SettingError {
    SettingError { line: Place::of_key(text, &error.key).map(|place| place.line), ..error }
}
