//! A machine answered: leave the message after the beep, or hang up, as the campaign says.

use super::Conversation;
use super::event::Ending;
use super::rules::LineName;
use super::state::Stage;
use crate::call::answerer::{Machine, Verdict};
use crate::call::journal::EventKind;
use crate::domain::campaign::OnVoicemail;

impl Conversation {
    /// The provider's verdict. Against two turns of conversation it is wrong.
    pub(super) fn answered_by(&mut self, verdict: &str) {
        self.note(EventKind::Answerer, self.now, verdict);
        let Some(verdict) = Verdict::read(verdict).filter(|_| self.found.turns < 2) else { return };
        match verdict {
            Verdict::Fax => self.a_machine(Machine::Fax),
            Verdict::MachineStart => self.a_machine(Machine::Voicemail),
            Verdict::MachineEnd => {
                self.a_machine(Machine::Voicemail);
                self.beep();
            }
            Verdict::Human => {}
        }
    }

    pub(super) fn a_machine(&mut self, machine: Machine) {
        if self.found.machine.is_some() || !matches!(self.stage, Stage::Opening | Stage::Talking) {
            return;
        }
        self.found.machine = Some(machine);
        self.note(EventKind::Answerer, self.now, machine.as_str());
        self.drop_draft();
        self.early = None;
        let ending = ending_of(machine);
        let takes_messages = matches!(machine, Machine::Voicemail | Machine::Screening);
        if !takes_messages || self.rules.on_voicemail == OnVoicemail::HangUp {
            return self.end(ending);
        }
        self.interrupt(false);
        self.waiting_since = None;
        self.stage = Stage::Mailbox { ending, since: self.now, leaving: false, beeped: false };
        if machine == Machine::Screening {
            self.leave_message(false);
        }
    }

    /// The machine listens. A message that was begun before the beep is begun again.
    fn beep(&mut self) {
        if let Stage::Mailbox { beeped: false, .. } = self.stage {
            self.leave_message(true);
        }
    }

    pub(super) fn leave_message(&mut self, after_beep: bool) {
        let Stage::Mailbox { leaving, beeped, ending, .. } = &mut self.stage else { return };
        let ending = *ending;
        (*leaving, *beeped) = (true, after_beep);
        self.interrupt(false);
        self.waiting_since = None;
        if !self.say_line(LineName::Voicemail) {
            self.end(ending);
        }
    }
}

const fn ending_of(machine: Machine) -> Ending {
    match machine {
        Machine::Voicemail => Ending::Voicemail,
        Machine::MailboxFull => Ending::MailboxFull,
        Machine::Screening => Ending::CallScreened,
        Machine::Menu => Ending::Ivr,
        Machine::Fax => Ending::Fax,
    }
}
