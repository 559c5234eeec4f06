//! A campaign's settings as people write them: one schema for `campaign.toml`, JSON and the API.
//!
//! Every key has a default. [`CampaignFile::settings`] checks all of them and reports everything that is wrong at once. What is
//! stored is the JSON of this form, so an operator later reads back exactly what was written.

mod asked;
mod countries;
mod defaults;
mod form;
mod problem;
mod read;
mod settings;

pub(super) use problem::Problems;

pub use form::{BreakerFile, CallbacksFile, CampaignFile, CapsFile, PaceFile, RedialFile, RedialLine, ScheduleFile};
pub use problem::SettingError;

#[cfg(test)]
mod tests;
