//! How one call goes, drawn: what answers, after how long, and what a person does with it. Pure: the same dice, the same call.

use std::time::Duration;

use super::dice::Dice;
use super::people::{People, Pickup, Talk, Wish};
use crate::domain::campaign::{CampaignSettings, OnVoicemail};

/// Seconds until the network says that a line is busy, or that it failed.
const BUSY_S: u64 = 2;
const FAILED_S: u64 = 1;
/// Seconds until a mailbox picks up, and until a machine is known to be one, or its greeting and our message are over.
const MAILBOX_RINGS_S: (u64, u64) = (16, 24);
const MACHINE_KNOWN_S: (u64, u64) = (4, 8);
const MESSAGE_LEFT_S: (u64, u64) = (25, 40);
/// Seconds until who hangs up at once does.
const HANGS_UP_S: (u64, u64) = (3, 12);
/// Of a normal distribution, nine of ten lie below this many deviations.
const P90: f64 = 1.281_551_565_5;

/// How one call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// From the dial to the answer, or to the end when nothing answers.
    pub ring: Duration,
    /// What answers.
    pub answer: Pickup,
    /// What a person wants.
    pub wish: Option<Wish>,
    /// From the answer to the end.
    pub talk: Duration,
}

impl Reply {
    /// From the dial to the end.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.ring + self.talk
    }

    /// Somebody or something picked up: the call is billed.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        matches!(self.answer, Pickup::Human | Pickup::Voicemail)
    }
}

impl People {
    /// How a call of a campaign goes.
    #[must_use]
    pub fn reply(&self, mut dice: Dice, settings: &CampaignSettings) -> Reply {
        let answer = self.answers.at(dice.share());
        let rings = settings.ring_timeout.as_secs();
        let (ring, wish, talk) = match answer {
            Pickup::Human => {
                let wish = self.wishes.at(dice.share());
                (dice.between(self.ring_s), Some(wish), self.talk_s(wish, &mut dice, settings))
            }
            Pickup::Voicemail => {
                let heard = if settings.on_voicemail == OnVoicemail::LeaveMessage { MESSAGE_LEFT_S } else { MACHINE_KNOWN_S };
                (dice.between(MAILBOX_RINGS_S), None, dice.between(heard))
            }
            Pickup::NoAnswer => (rings, None, 0),
            Pickup::Busy => (BUSY_S, None, 0),
            Pickup::Failed | Pickup::DeadNumber => (FAILED_S, None, 0),
        };
        Reply { ring: Duration::from_secs(ring.min(rings)), answer, wish, talk: Duration::from_secs(talk) }
    }

    fn talk_s(&self, wish: Wish, dice: &mut Dice, settings: &CampaignSettings) -> u64 {
        let talk = if wish == Wish::HungUp { dice.between(HANGS_UP_S) } else { self.talk.draw(dice) };
        talk.min(settings.max_duration.as_secs())
    }
}

impl Talk {
    /// Seconds, at least one.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 14,400 by far")]
    fn draw(self, dice: &mut Dice) -> u64 {
        let (median, p90) = (self.median_s as f64, self.p90_s as f64);
        let deviation = (p90 / median).ln() / P90;
        ((median * (deviation * dice.normal()).exp()).round() as u64).clamp(1, 14_400)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::super::people::Wishes;
    use super::*;
    use crate::domain::campaign::file::CampaignFile;

    fn settings() -> CampaignSettings {
        CampaignFile { caller_numbers: vec!["+14155550200".to_owned()], ..CampaignFile::default() }.settings().unwrap()
    }

    fn replies(people: &People, n: u128) -> Vec<Reply> {
        (0..n).map(|lead| people.reply(Dice::of(1, Uuid::from_u128(lead), 1), &settings())).collect()
    }

    #[test]
    fn many_calls_come_out_as_the_shares_say() {
        let said = Wishes {
            mix: Some(BTreeMap::from([("human".to_owned(), 60.0), ("busy".to_owned(), 40.0)])),
            talk: Some(Talk { median_s: 60, p90_s: 120 }),
            ..Wishes::default()
        };
        let people = People::of(&said, None).unwrap();
        let replies = replies(&people, 5_000);
        let humans = replies.iter().filter(|reply| reply.answer == Pickup::Human).count();
        assert!((2_900..3_100).contains(&humans), "{humans}");
        let talks = replies.iter().filter(|reply| reply.wish.is_some_and(|wish| wish != Wish::HungUp));
        let mut spans: Vec<u64> = talks.map(|reply| reply.talk.as_secs()).collect();
        spans.sort_unstable();
        let (median, p90) = (spans[spans.len() / 2], spans[spans.len() * 9 / 10]);
        assert!((57..=63).contains(&median) && (113..=127).contains(&p90), "{median} {p90}");
    }

    #[test]
    fn nothing_rings_or_talks_longer_than_the_campaign_allows() {
        let said = Wishes { talk: Some(Talk { median_s: 900, p90_s: 9_000 }), ..Wishes::default() };
        let (people, settings) = (People::of(&said, None).unwrap(), settings());
        for reply in replies(&people, 2_000) {
            assert!(reply.ring <= settings.ring_timeout && reply.talk <= settings.max_duration, "{reply:?}");
            assert_eq!(reply.wish.is_some(), reply.answer == Pickup::Human);
            assert_eq!(reply.talk > Duration::ZERO, reply.is_answered());
        }
    }

    #[test]
    fn equal_percentiles_leave_nothing_to_chance() {
        let mut dice = Dice::of(3, Uuid::nil(), 1);
        assert!((0..50).all(|_| Talk { median_s: 60, p90_s: 60 }.draw(&mut dice) == 60));
    }
}
