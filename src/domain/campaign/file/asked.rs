//! What is asked of settings that are written or begun with, beyond what a campaign needs to go on: one that runs already by
//! older rules does.

use std::collections::BTreeMap;

use super::settings::given;
use super::{CampaignFile, RedialFile, SettingError};
use crate::domain::campaign::duration;
use crate::domain::phone::PhoneNumber;

impl CampaignFile {
    /// Everything that is wrong when these settings are written or begun with. More is asked than [`Self::settings`] needs.
    #[must_use]
    pub fn problems(&self) -> Vec<SettingError> {
        let mut wrong = self.settings().err().unwrap_or_default();
        wrong.extend(self.doubled_callers());
        wrong.extend(self.redial.at_once());
        wrong.extend(self.unexplained_consent());
        wrong.extend(self.countries_without_numbers());
        wrong
    }

    /// Numbers that stand in the pool twice: the one that was meant instead is missing, and nobody sees it.
    fn doubled_callers(&self) -> Vec<SettingError> {
        let (mut places, mut wrong) = (BTreeMap::new(), Vec::new());
        for (place, text) in (1_usize..).zip(&self.caller_numbers) {
            let Ok(number) = PhoneNumber::from_e164(text.trim()) else { continue };
            let shown = number.masked();
            if let Some(before) = places.insert(number, place) {
                let fix = format!("numbers {before} and {place} of the list are the same; name each number once");
                wrong.push(SettingError::new("caller_numbers", shown, fix));
            }
        }
        wrong
    }

    fn unexplained_consent(&self) -> Option<SettingError> {
        let fix = "leave it true, or say in consent_override_reason why calls without consent are lawful here";
        let unexplained = !self.require_consent && !given(self.consent_override_reason.as_deref());
        unexplained.then(|| SettingError::new("require_consent", "false", fix))
    }
}

impl RedialFile {
    /// Redials that ring a person again as soon as the last call has ended.
    fn at_once(&self) -> Vec<SettingError> {
        let Self { busy, no_answer, voicemail, failed, incomplete, .. } = self;
        let lines = [("busy", busy), ("no_answer", no_answer), ("voicemail", voicemail), ("failed", failed), ("incomplete", incomplete)];
        let at_once =
            lines.into_iter().filter(|(_, line)| line.times > 0 && duration::parse(&line.after).is_some_and(|after| after.is_zero()));
        let fix = "at least 1s, or the phone rings again as soon as the call has ended; write times = 0 for no redial";
        at_once.map(|(name, line)| SettingError::new(format!("redial.{name}.after"), &line.after, fix)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(more: &str) -> Vec<String> {
        let file = CampaignFile::from_toml(&format!("caller_numbers = [\"+14155550200\"]\n{more}")).unwrap();
        assert!(file.settings().is_ok(), "what runs by older rules goes on");
        file.problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn nobody_is_rung_back_to_back() {
        let fix = "at least 1s, or the phone rings again as soon as the call has ended; write times = 0 for no redial";
        for line in ["busy", "no_answer", "voicemail", "failed", "incomplete"] {
            let after = |after: &str, times: u32| said(&format!("[redial]\n{line} = {{ after = \"{after}\", times = {times} }}"));
            assert_eq!(after("0s", 1), [format!("redial.{line}.after: `0s`: {fix}")]);
            assert_eq!(after("0h0m", 3), [format!("redial.{line}.after: `0h0m`: {fix}")]);
            assert_eq!(after("1s", 1), [""; 0]);
            assert_eq!(after("0s", 0), [""; 0], "there is no redial to wait for");
        }
    }

    #[test]
    fn a_caller_number_stands_in_the_pool_once() {
        let of = |numbers: &[&str]| {
            let file = CampaignFile { caller_numbers: numbers.iter().map(ToString::to_string).collect(), ..CampaignFile::default() };
            assert!(file.settings().is_ok(), "what runs by older rules goes on");
            file.problems().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of(&["+14155550200", "+14155550201"]), [""; 0]);
        let same = |one: usize, other: usize| {
            format!("caller_numbers: `+1415***0200`: numbers {one} and {other} of the list are the same; name each number once")
        };
        assert_eq!(of(&["+14155550200", "+14155550201", " +14155550200"]), [same(1, 3)]);
        assert_eq!(of(&["+14155550200", "+14155550200", "+14155550200"]), [same(1, 2), same(2, 3)]);
    }
}
