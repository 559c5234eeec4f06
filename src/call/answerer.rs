//! Person or machine: the provider's verdict, and the first words where the provider is late or wrong.

use crate::call::understand::plain;
use crate::word_enum;

word_enum! {
    /// A machine that answered.
    pub enum Machine {
        /// Takes messages.
        Voicemail = "voicemail",
        /// Takes no more messages.
        MailboxFull = "mailbox_full",
        /// Asks who is calling before it connects.
        Screening = "call_screening",
        /// A phone menu.
        Menu = "ivr",
        /// A fax.
        Fax = "fax",
    }
}

/// The provider's verdict as far as it changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A person.
    Human,
    /// A machine that is still talking.
    MachineStart,
    /// A machine that listens now.
    MachineEnd,
    /// A fax.
    Fax,
}

impl Verdict {
    /// Reads the provider's word; `None` when it says nothing (`unknown`).
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "human" => Some(Self::Human),
            "machine_start" => Some(Self::MachineStart),
            "fax" => Some(Self::Fax),
            word if word.starts_with("machine_end_") => Some(Self::MachineEnd),
            _ => None,
        }
    }
}

/// What machines say and people do not; the first kind that matches counts.
const FIRST_WORDS: [(Machine, &[&str]); 4] = [
    (
        Machine::MailboxFull,
        &[
            "mailbox is full",
            "mail box is full",
            "voicemail box is full",
            "not accepting messages",
            "cannot accept any messages",
            "has not been set up",
        ],
    ),
    (
        Machine::Screening,
        &[
            "state your name",
            "say your name and",
            "record your name",
            "why you are calling",
            "why you re calling",
            "reason for your call",
            "reason for calling",
            "screening service",
            "person you re calling is using",
        ],
    ),
    (
        Machine::Voicemail,
        &[
            "leave a message",
            "leave your message",
            "leave me a message",
            "leave us a message",
            "leave your name",
            "after the tone",
            "after the beep",
            "at the tone",
            "record your message",
            "not available to take your call",
            "unable to take your call",
            "can t take your call",
            "cannot take your call",
            "forwarded to voicemail",
            "forwarded to an automatic voice",
            "automated voice messaging",
            "you ve reached the voicemail",
            "you have reached the voicemail",
            "person you are trying to reach is not available",
        ],
    ),
    (
        Machine::Menu,
        &[
            "press 1",
            "press one",
            "press 2",
            "press two",
            "press 0",
            "press zero",
            "for english press",
            "main menu",
            "listen carefully as our",
            "menu options",
            "dial the extension",
            "enter the extension",
            "your call may be recorded for quality",
        ],
    ),
];

/// Recognises a machine by what it says first. Only for the first words of a call: later, people say these things too.
#[must_use]
pub fn by_first_words(text: &str) -> Option<Machine> {
    let words = format!(" {} ", plain(text));
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(&format!(" {phrase} ")));
    FIRST_WORDS.iter().find(|(_, phrases)| says(phrases)).map(|(machine, _)| *machine)
}

#[cfg(test)]
mod tests {
    use super::{Machine, Verdict, by_first_words};

    #[test]
    fn machines_are_known_by_their_first_words() {
        let cases = [
            ("Hi, you've reached Bob. Please leave a message after the tone.", Some(Machine::Voicemail)),
            ("The mailbox is full and cannot accept any messages. Please leave a message later.", Some(Machine::MailboxFull)),
            ("Please state your name and why you're calling.", Some(Machine::Screening)),
            ("Thank you for calling. For sales, press 1.", Some(Machine::Menu)),
            ("Hello?", None),
            ("He is not available right now, who is calling?", None),
            ("Yes, this is Ann speaking", None),
            ("Can you press on, I have little time", None),
        ];
        for (words, machine) in cases {
            assert_eq!(by_first_words(words), machine, "{words}");
        }
    }

    #[test]
    fn verdicts_are_read_as_the_provider_writes_them() {
        assert_eq!(Verdict::read("machine_end_beep"), Some(Verdict::MachineEnd));
        assert_eq!(Verdict::read("machine_end_silence"), Some(Verdict::MachineEnd));
        assert_eq!(Verdict::read("machine_start"), Some(Verdict::MachineStart));
        assert_eq!(Verdict::read("unknown"), None);
    }
}
