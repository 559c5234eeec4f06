//! What is kept back of a campaign's budget for one call: the budget is a hard stop only if no call can cost more than that.

use std::time::Duration;

use crate::domain::campaign::CampaignSettings;
use crate::domain::count::counted;
use crate::domain::money::NanoUsd;

/// What the worst case of a call is reckoned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallReserve {
    /// Never less than this (`dialing.reserve_usd`).
    pub floor: NanoUsd,
    /// What a call costs however short it is.
    pub once: NanoUsd,
    /// A begun minute on the telephone, until the provider hangs up.
    pub telephone_minute: NanoUsd,
    /// A begun minute of talk with our side.
    pub speech_minute: NanoUsd,
}

impl CallReserve {
    /// The same for every call, however long it may last.
    #[must_use]
    pub const fn flat(floor: NanoUsd) -> Self {
        Self { floor, once: NanoUsd::ZERO, telephone_minute: NanoUsd::ZERO, speech_minute: NanoUsd::ZERO }
    }

    /// For a call of this campaign.
    #[must_use]
    pub fn of(&self, settings: &CampaignSettings) -> NanoUsd {
        self.floor.max(self.longest(settings))
    }

    /// That sum with its reason, where the call's length is the reason.
    #[must_use]
    pub fn told(&self, settings: &CampaignSettings) -> String {
        let (most, longest) = (self.of(settings), settings.longest_call());
        if most == self.floor {
            return most.to_string();
        }
        let handed = if settings.transfer_to.is_some() { ", handed to transfer_to" } else { "" };
        format!("{most}: it may last {}{handed}", counted(begun_minutes(longest), "minute"))
    }

    /// Warns of a budget that lets no call begin.
    #[must_use]
    pub fn warning(&self, settings: &CampaignSettings) -> Option<String> {
        let budget = settings.budget.filter(|budget| self.of(settings) > *budget)?;
        let fix = "raise budget_usd, or lower max_duration_s";
        Some(format!("budget_usd {budget} does not suffice for one call, which may need {}; {fix}", self.told(settings)))
    }

    /// The longest call there may be.
    fn longest(&self, settings: &CampaignSettings) -> NanoUsd {
        self.once + times(self.telephone_minute, settings.longest_call()) + times(self.speech_minute, settings.time_limit())
    }
}

fn times(minute: NanoUsd, length: Duration) -> NanoUsd {
    NanoUsd(minute.0.saturating_mul(begun_minutes(length)))
}

fn begun_minutes(length: Duration) -> i64 {
    i64::try_from(length.as_secs().div_ceil(60)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::campaign::file::CampaignFile;

    const PRICES: CallReserve = CallReserve {
        floor: NanoUsd(500_000_000),
        once: NanoUsd(10_000_000),
        telephone_minute: NanoUsd(20_000_000),
        speech_minute: NanoUsd(20_000_000),
    };

    fn settings(max_duration_s: u64, transfers: bool, budget: Option<f64>) -> CampaignSettings {
        let file = CampaignFile {
            caller_numbers: vec!["+14155550100".to_owned()],
            max_duration_s,
            transfer_to: transfers.then(|| "+14155550199".to_owned()),
            budget_usd: budget,
            ..CampaignFile::default()
        };
        file.settings().unwrap()
    }

    #[test]
    fn the_longest_call_is_kept_back_and_never_less_than_the_floor() {
        let cases = [
            // 60 s and the half minute after which the provider hangs up: two begun minutes
            (60, false, 0.5, "$0.5000"),
            (600, false, 0.5, "$0.5000"),
            (1_200, false, 0.85, "$0.8500: it may last 21 minutes"),
            (600, true, 1.63, "$1.6300: it may last 70 minutes, handed to transfer_to"),
            (14_400, false, 9.65, "$9.6500: it may last 241 minutes"),
            (14_400, true, 10.83, "$10.8300: it may last 300 minutes, handed to transfer_to"),
        ];
        for (seconds, transfers, usd, told) in cases {
            let settings = settings(seconds, transfers, None);
            assert_eq!((PRICES.of(&settings), PRICES.told(&settings).as_str()), (NanoUsd::from_usd(usd), told), "{seconds} {transfers}");
        }
    }

    #[test]
    fn a_flat_reserve_knows_no_length() {
        let flat = CallReserve::flat(NanoUsd(5));
        assert_eq!(flat.of(&settings(14_400, true, None)), NanoUsd(5));
    }

    #[test]
    fn a_budget_below_one_call_is_warned_of() {
        assert_eq!(PRICES.warning(&settings(14_400, true, None)), None, "no budget");
        assert_eq!(PRICES.warning(&settings(600, false, Some(0.5))), None, "enough for one");
        let told = PRICES.warning(&settings(14_400, true, Some(1.0))).unwrap();
        assert!(told.starts_with("budget_usd $1.0000 does not suffice for one call, which may need $10.8300: it may last 300"), "{told}");
    }
}
