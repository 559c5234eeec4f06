//! A turn of the callee is over: the cases that code decides, then the model.

use super::Conversation;
use super::event::{Action, Ending};
use super::rules::LineName;
use super::speech::{Source, Speech};
use super::state::{Next, Stage};
use crate::call::journal::EventKind;
use crate::call::understand::{self, When};
use crate::domain::outcome::PromisedCallback;
use crate::mind::analysis::{Analysis, Intent};

impl Conversation {
    /// Answers a finished turn. Whatever we were saying is over.
    pub(super) fn take_turn(&mut self, text: &str) {
        self.interrupt(true);
        self.next = Next::Listen;
        self.asked_if_there = false;
        let ask = self.ask(0, text);
        self.history_mut().push_callee(text);
        self.found.turns += 1;
        self.tries = 0;
        if self.decided_by_code(text) {
            return;
        }
        if self.found.turns > self.rules.limits().max_turns {
            return self.close(LineName::Goodbye, Ending::MaxTurns);
        }
        self.push(Action::Analyse(ask.clone()));
        let adopted = self.adopt_draft(text);
        self.reply(adopted, ask);
    }

    fn reply(&mut self, adopted: Option<Speech>, mut ask: super::Ask) {
        let turn = ask.turn;
        let mut speech = adopted.unwrap_or_else(|| {
            let speech = Speech::new(self.take_no(), Source::Model, self.now);
            ask.reply = speech.no;
            self.push(Action::Think(ask));
            speech
        });
        speech.wanted_at = self.now;
        speech.text_at = self.now;
        speech.moved_at = self.now;
        speech.filler_due = Some(self.now + self.rules.limits().filler_after_ms);
        speech.timings.turn = turn;
        speech.timings.speech_end = self.callee.fell_silent_at;
        speech.timings.end_of_turn = Some(self.now);
        self.begin(speech);
    }

    /// Questions that code answers alone, because a model may not get them wrong.
    fn decided_by_code(&mut self, text: &str) -> bool {
        self.found.flags.human_requested |= understand::asks_for_human(text);
        if understand::asks_if_ai(text) {
            self.found.flags.asked_if_ai = true;
            self.drop_draft();
            self.say_or_end(LineName::IAmAnAi);
        } else if understand::wrong_number(text) {
            self.close(LineName::Goodbye, Ending::WrongNumber);
        } else if self.asked_when || understand::wants_callback(text) {
            return self.callback(text);
        } else if understand::is_goodbye(text) {
            self.close(LineName::Goodbye, Ending::Goodbye);
        } else {
            return false;
        }
        true
    }

    fn say_or_end(&mut self, line: LineName) {
        if !self.say_line(line) {
            self.end(Ending::AgentError);
        }
    }

    /// "Call me later": resolved on the callee's clock and confirmed, or asked about once.
    fn callback(&mut self, text: &str) -> bool {
        let asked = std::mem::replace(&mut self.asked_when, false);
        match understand::when(text, &self.rules, self.now) {
            When::At(promise, say) => {
                self.drop_draft();
                self.promise(promise, &say);
            }
            When::Unclear if !asked => {
                self.drop_draft();
                self.asked_when = true;
                self.say_or_end(LineName::CallbackUnclear);
            }
            When::Unclear | When::Not => return false,
        }
        true
    }

    /// Confirms a callback aloud and ends.
    pub(super) fn promise(&mut self, promise: PromisedCallback, say: &str) {
        let body = serde_json::json!({ "callback": promise }).to_string();
        self.note(EventKind::Understood, self.now, body);
        self.found.callback = Some(promise);
        match self.rules.script.callback_confirmed(say) {
            Ok(words) => self.close_with(words, None, Ending::Callback),
            Err(_) => self.close(LineName::Goodbye, Ending::Callback),
        }
    }

    /// What a model understood of a turn. Slots always count; the intent only while it is about the last turn.
    pub(super) fn analysed(&mut self, turn: u32, analysis: Analysis) {
        self.note(EventKind::Understood, self.now, describe(turn, &analysis));
        let intent = analysis.intent;
        for (name, value) in analysis.slots {
            self.history_mut().note_slot(&name, &understand::slot_words(&value));
            self.found.slots.insert(name, value);
        }
        if turn + 1 == self.found.turns {
            match self.stage {
                Stage::Opening | Stage::Talking => self.act_on(intent, analysis.callback_words),
                Stage::Over(_) => self.understood_late(intent, analysis.callback_words),
                Stage::Mailbox { .. } | Stage::Closing { .. } => {}
            }
        }
    }

    /// The callee is gone, and what they wanted last still counts.
    fn understood_late(&mut self, intent: Intent, callback_words: Option<String>) {
        match (intent, callback_words) {
            (Intent::Callback, Some(words)) => self.asked_for_callback(&words),
            (Intent::Callback | Intent::Goodbye, _) => {}
            _ => self.act_on(intent, None),
        }
    }

    /// A callback was asked for and can no longer be confirmed aloud.
    pub(super) fn asked_for_callback(&mut self, words: &str) {
        if let (None, When::At(promise, _)) = (&self.found.callback, understand::when(words, &self.rules, self.now)) {
            self.found.callback = Some(promise);
        }
    }

    fn act_on(&mut self, intent: Intent, callback_words: Option<String>) {
        match intent {
            Intent::OptOut => self.opt_out("understood by the model"),
            Intent::Callback => self.callback_understood(callback_words),
            Intent::Goodbye => self.goodbye_understood(),
            Intent::Human => self.found.flags.human_requested = true,
            Intent::WrongPerson => self.found.wrong_person = true,
            Intent::Refusal => self.found.declined = true,
            Intent::Answer | Intent::Question => self.found.declined = false,
            Intent::Other => {}
        }
    }

    /// The model found a callback that code did not: confirmed instead of the reply, or after it when it already plays.
    fn callback_understood(&mut self, words: Option<String>) {
        let Some(words) = words else {
            self.asked_when = true;
            return;
        };
        let When::At(promise, say) = understand::when(&words, &self.rules, self.now) else {
            self.asked_when = true;
            return;
        };
        if self.speech.as_ref().is_some_and(|speech| speech.began_at.is_some()) {
            self.next = Next::Promise(Box::new((promise, say)));
        } else {
            self.promise(promise, &say);
        }
    }

    fn goodbye_understood(&mut self) {
        if self.speech.is_some() {
            self.next = Next::End(Ending::Goodbye);
        } else if !self.callee.speaking {
            self.close(LineName::Goodbye, Ending::Goodbye);
        }
    }
}

fn describe(turn: u32, analysis: &Analysis) -> String {
    serde_json::json!({
        "turn": turn, "intent": analysis.intent, "callback_words": analysis.callback_words,
        "sentiment": analysis.sentiment, "slots": analysis.slots,
    })
    .to_string()
}
