//! How long a call may last before the provider hangs up, with us and with a person it is handed to.

use std::time::Duration;

use super::CampaignSettings;

/// Our side says goodbye before `max_duration_s` is over; the provider cuts what is left this much later.
const MARGIN: Duration = Duration::from_secs(30);
/// The longest talk with a person to whom a callee was handed.
const LONGEST_TALK: Duration = Duration::from_secs(3_600);

impl CampaignSettings {
    /// From the answer to the moment the provider hangs up, for a call that stays with us.
    #[must_use]
    pub fn time_limit(&self) -> Duration {
        self.max_duration + MARGIN
    }

    /// The same for a call that was handed to a person.
    #[must_use]
    pub fn time_limit_handed_off(&self) -> Duration {
        self.max_duration + LONGEST_TALK
    }

    /// The longest its calls may be billed.
    #[must_use]
    pub fn longest_call(&self) -> Duration {
        if self.transfer_to.is_some() { self.time_limit_handed_off() } else { self.time_limit() }
    }
}
