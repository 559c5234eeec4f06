//! A turn of the callee is over: the cases that code decides, then the model.

use super::Conversation;
use super::event::{Action, Ending};
use super::rules::LineName;
use super::speech::{Source, Speech};
use super::state::{Next, Stage};
use crate::call::journal::EventKind;
use crate::call::understand::{self, Agreed, When};
use crate::domain::callback;
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
        let for_human = understand::asks_for_human(text);
        self.found.flags.human_requested |= for_human;
        if understand::asks_if_ai(text) {
            self.found.flags.asked_if_ai = true;
            self.drop_draft();
            self.say_or_end(LineName::IAmAnAi);
        } else if understand::wrong_number(text) {
            self.close(LineName::Goodbye, Ending::WrongNumber);
        } else if for_human && self.rules.can_transfer && !understand::wants_callback(text) {
            self.hand_over();
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
            When::At(agreed) => {
                self.drop_draft();
                self.promise(agreed);
            }
            When::NoMore => {
                self.drop_draft();
                self.promise_nothing();
            }
            When::Unclear if !asked => {
                self.drop_draft();
                self.asked_when = true;
                self.say_or_end(LineName::CallbackUnclear);
            }
            When::Over(sentence) if !asked => self.ask_for_another(sentence),
            When::Unclear | When::Over(_) | When::Not => return false,
        }
        true
    }

    /// The agent's own line asks for a time as if none had been named; the sentence of the rules says that it is over.
    fn ask_for_another(&mut self, sentence: String) {
        self.drop_draft();
        self.asked_when = true;
        if !self.say_words(sentence, None) {
            self.end(Ending::AgentError);
        }
    }

    /// Confirms a callback aloud and ends.
    pub(super) fn promise(&mut self, agreed: Agreed) {
        let body = serde_json::json!({ "callback": agreed.callback }).to_string();
        self.note(EventKind::Understood, self.now, body);
        let words = self.confirmation(&agreed);
        self.confirming = Some(agreed.when.clone());
        self.found.callback = Some(agreed.promised());
        self.close_with(words, None, Ending::Callback);
    }

    /// The agent's own line. It cannot say that the time is another than was asked for; then the sentence of the rules does.
    fn confirmation(&self, agreed: &Agreed) -> String {
        match &agreed.moved {
            Some(sentence) => self.with_goodbye(sentence),
            None => self.rules.script.callback_confirmed(&agreed.when),
        }
    }

    /// Words of ours were heard: those that say when the callback is make it a promise that both sides know.
    pub(super) fn confirm_callback(&mut self, heard: &str) {
        let said = self.confirming.as_deref().is_some_and(|when| heard.contains(when));
        let agreement = self.found.callback.as_mut().and_then(|callback| callback.agreement.as_mut());
        if let Some(agreement) = agreement.filter(|_| said) {
            agreement.confirmed_aloud = true;
        }
    }

    fn with_goodbye(&self, sentence: &str) -> String {
        format!("{sentence} {}", self.rules.words(LineName::Goodbye))
    }

    /// Says that no more calls may be promised, and ends.
    pub(super) fn promise_nothing(&mut self) {
        self.note(EventKind::Understood, self.now, serde_json::json!({ "callback": null }).to_string());
        self.found.callback_refused = true;
        self.close_with(self.with_goodbye(callback::NO_MORE), None, Ending::Callback);
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
        match understand::when(words, &self.rules, self.now) {
            When::At(agreed) => _ = self.found.callback.get_or_insert_with(|| agreed.promised()),
            When::NoMore => self.found.callback_refused = true,
            When::Unclear | When::Over(_) | When::Not => {}
        }
    }

    fn act_on(&mut self, intent: Intent, callback_words: Option<String>) {
        match intent {
            Intent::OptOut => self.opt_out("understood by the model"),
            Intent::Callback => self.callback_understood(callback_words),
            Intent::Goodbye => self.goodbye_understood(),
            Intent::Human => self.human_understood(),
            Intent::WrongPerson => self.found.wrong_person = true,
            Intent::Refusal => self.found.declined = true,
            Intent::Answer | Intent::Question => self.found.declined = false,
            Intent::Other => {}
        }
    }

    /// The model found a callback that code did not: answered instead of the reply, or after it when it already plays.
    fn callback_understood(&mut self, words: Option<String>) {
        if self.rules.callbacks_left == 0 {
            return self.after_speech(Next::PromiseNothing);
        }
        match words.map(|words| understand::when(&words, &self.rules, self.now)) {
            Some(When::At(agreed)) => self.after_speech(Next::Promise(Box::new(agreed))),
            _ => self.asked_when = true,
        }
    }

    /// The model heard a wish for a person that code did not. Nobody is rung for a callee who is gone.
    fn human_understood(&mut self) {
        self.found.flags.human_requested = true;
        if self.rules.can_transfer && !self.is_over() {
            self.after_speech(Next::Transfer);
        }
    }

    /// At once, or when the reply that plays already was heard.
    fn after_speech(&mut self, next: Next) {
        self.next = next;
        if self.speech.as_ref().is_none_or(|speech| speech.began_at.is_none()) {
            self.go_on(Source::Line, "");
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
