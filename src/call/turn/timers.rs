//! Time: every deadline is a plain function of the state, so the loop needs to know only the next one.

use super::Conversation;
use super::event::{Action, Ending};
use super::rules::{
    CLOSING_CAP_MS, DRAFT_MS, FALSE_ALARM_MS, LineName, MAILBOX_CAP_MS, MAILBOX_QUIET_MS, MARK_STALL_MS, MOUTH_STALL_MS, TURN_CAP_MS,
};
use super::speech::{Source, Speech};
use super::state::Stage;
use crate::call::understand;

pub(super) const fn closing_due(now: u64) -> u64 {
    now + CLOSING_CAP_MS
}

type Deadline = fn(&Conversation) -> Option<u64>;
type Due = fn(&mut Conversation);

/// Every deadline with what happens when it passes, most urgent first.
const DEADLINES: [(Deadline, Due); 12] = [
    (Conversation::longest_call, |c| c.end(Ending::MaxDuration)),
    (Conversation::last_words, Conversation::end_closing),
    (Conversation::goodbye_time, |c| c.close(LineName::Goodbye, Ending::MaxDuration)),
    (|c| c.callee.grace_due, Conversation::grace_is_over),
    (Conversation::false_alarm, Conversation::was_no_turn),
    (Conversation::endless_turn, Conversation::cut_turn_off),
    (Conversation::stale_draft, Conversation::drop_draft),
    (Conversation::late_reply, Conversation::give_up),
    (Conversation::filler_time, Conversation::fill),
    (Conversation::stalled_mouth, Conversation::nudge_mouth),
    (Conversation::overdue_mark, Conversation::trust_the_clock),
    (Conversation::patience, Conversation::lose_patience),
];

impl Conversation {
    /// When [`super::Event::Tick`] is wanted next; `None` when it is over.
    #[must_use]
    pub fn wake_at(&self) -> Option<u64> {
        if self.is_over() {
            return None;
        }
        DEADLINES.iter().filter_map(|(deadline, _)| deadline(self)).min()
    }

    /// Does what is due; one deadline may make another one due, but never in a circle.
    pub(super) fn tick(&mut self) {
        for _ in 0..2 * DEADLINES.len() {
            let due = |(deadline, _): &&(Deadline, Due)| deadline(self).is_some_and(|due| due <= self.now);
            let Some((_, act)) = DEADLINES.iter().find(due).filter(|_| !self.is_over()) else { return };
            act(self);
        }
    }

    fn longest_call(&self) -> Option<u64> {
        Some(self.rules.max_duration_ms)
    }

    fn goodbye_time(&self) -> Option<u64> {
        matches!(self.stage, Stage::Opening | Stage::Talking).then(|| self.rules.goodbye_at())
    }

    fn last_words(&self) -> Option<u64> {
        if let Stage::Closing { due, .. } = self.stage { Some(due) } else { None }
    }

    fn end_closing(&mut self) {
        if let Stage::Closing { ending, .. } = self.stage {
            self.end(ending);
        }
    }

    fn grace_is_over(&mut self) {
        self.callee.grace_due = None;
        if self.stage == Stage::Talking {
            self.pause();
        }
    }

    /// Sounds that became no words, or a backchannel that nothing followed.
    fn false_alarm(&self) -> Option<u64> {
        let callee = &self.callee;
        let says_nothing = callee.words.is_empty() || self.speech.is_some() && understand::is_backchannel(&callee.words);
        (callee.speaking && says_nothing).then(|| callee.began_at.max(callee.words_at) + FALSE_ALARM_MS)
    }

    fn endless_turn(&self) -> Option<u64> {
        (self.callee.speaking && !self.callee.words.is_empty()).then(|| self.callee.began_at + TURN_CAP_MS)
    }

    fn stale_draft(&self) -> Option<u64> {
        self.draft.as_ref().map(|draft| draft.since + DRAFT_MS)
    }

    fn late_reply(&self) -> Option<u64> {
        let speech = self.speech.as_ref().filter(|speech| speech.source == Source::Model && !speech.text_done)?;
        Some(speech.text_at + self.rules.limits().reply_deadline_ms)
    }

    fn filler_time(&self) -> Option<u64> {
        self.speech.as_ref().and_then(|speech| speech.filler_due)
    }

    fn stalled_mouth(&self) -> Option<u64> {
        let draft = self.draft.as_ref().map(|draft| &draft.speech);
        let owed = |speech: &&Speech| speech.pieces.iter().any(|piece| piece.sealed && !piece.complete);
        self.speech.as_ref().or(draft).filter(owed).map(|speech| speech.moved_at + MOUTH_STALL_MS)
    }

    /// The mouth does not deliver: one new connection, then it is lost.
    fn nudge_mouth(&mut self) {
        if self.draft.is_some() {
            return self.drop_draft();
        }
        let Some(speech) = &mut self.speech else { return };
        speech.moved_at = self.now;
        if std::mem::replace(&mut speech.nudged, true) {
            self.mouth_is_lost();
        } else {
            self.push(Action::ResetMouth);
        }
    }

    fn overdue_mark(&self) -> Option<u64> {
        let sent = self.speech.as_ref().is_some_and(Speech::all_sent);
        sent.then(|| self.playout.ends_at_ms() + MARK_STALL_MS)
    }

    /// How long it may be still: a mailbox before its message, a callee before "are you there?".
    fn patience(&self) -> Option<u64> {
        if self.speech.is_some() || self.draft.is_some() {
            return None;
        }
        match self.stage {
            Stage::Mailbox { since, leaving: false, .. } => {
                let quiet = since.max(self.callee.words_at).max(self.callee.began_at) + MAILBOX_QUIET_MS;
                Some(if self.callee.speaking { since + MAILBOX_CAP_MS } else { quiet.min(since + MAILBOX_CAP_MS) })
            }
            Stage::Talking if !self.callee.speaking => self.waiting_since.map(|since| since + self.rules.limits().silence_ms),
            _ => None,
        }
    }

    fn lose_patience(&mut self) {
        if matches!(self.stage, Stage::Mailbox { .. }) {
            self.leave_message(false);
        } else if std::mem::replace(&mut self.asked_if_there, true) || !self.say_line(LineName::AreYouThere) {
            self.close(LineName::Goodbye, Ending::Silence);
        }
    }
}
