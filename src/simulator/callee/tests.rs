use super::*;
use crate::simulator::scenario::Scenario;

/// A callee, what they said so far, and how it ended.
struct Rehearsal {
    callee: Callee,
    ears: Decoder,
    said: Vec<String>,
    pressed: String,
    hung_up: bool,
}

impl Rehearsal {
    fn with(persona: &str) -> Self {
        let toml =
            format!("[pace]\nms_per_word = 100\nreply_after_ms = 200\nhello_after_ms = 100\npatience_ms = 4000\n[personas.x]\n{persona}");
        let scenario = Scenario::from_toml(&toml).unwrap();
        let callee = Callee::new(Arc::clone(&scenario.personas["x"]), &scenario.pace, Chance(1), "+14155550100");
        Self { callee, ears: Decoder::default(), said: Vec::new(), pressed: String::new(), hung_up: false }
    }

    fn play(&mut self, audio: &[u8]) -> &mut Self {
        for piece in audio.chunks(FRAME_BYTES) {
            let mut frame = [SILENCE; FRAME_BYTES];
            frame[..piece.len()].copy_from_slice(piece);
            let moment = self.callee.tick(&frame);
            for event in self.ears.feed(&moment.said) {
                if let Event::WordEnded { text, .. } = event {
                    self.said.push(text);
                }
            }
            self.pressed.push_str(&moment.pressed);
            self.hung_up |= moment.hung_up;
        }
        self
    }

    fn hear(&mut self, text: &str) -> &mut Self {
        self.play(&voice::encode(text, 100))
    }

    fn wait(&mut self, ms: u32) -> &mut Self {
        self.play(&voice::silence(ms))
    }

    fn words(&self) -> String {
        self.said.join(" ")
    }
}

#[test]
fn waits_for_the_pause_and_answers_by_the_first_rule_that_fits() {
    let rules = "rules = [{ when = 'own your home', say = 'Yes I do.', times = 1 }, { when = 'any', say = 'Pardon?' }]";
    let mut call = Rehearsal::with(rules);
    call.wait(300).hear("Hi. Do you own your home?");
    assert_eq!(call.words(), "Hello?");
    call.wait(180);
    assert_eq!(call.words(), "Hello?", "the pause is not over");
    call.wait(1000);
    assert_eq!(call.words(), "Hello? Yes I do.");
    call.hear("So you own your home.").wait(1000);
    assert_eq!(call.words(), "Hello? Yes I do. Pardon?", "the first rule is used up");
}

#[test]
fn words_that_were_not_played_whole_are_not_heard() {
    let mut call = Rehearsal::with("rules = [{ when = 'insurance', say = 'Wrong.' }, { when = 'any', say = 'Right.' }]");
    let mut audio = voice::encode("about insurance", 100);
    audio.truncate(audio.len() - 300);
    call.wait(300).play(&audio).wait(1000);
    assert_eq!(call.words(), "Hello? Right.");
}

#[test]
fn interrupts_after_so_many_words_and_only_so_often() {
    let mut call = Rehearsal::with("interrupts = { after_words = 3, say = 'Who is this?' }");
    call.wait(300).hear("one two three four five six seven eight nine ten eleven twelve");
    assert_eq!(call.words(), "Hello? Who is this?");
}

#[test]
fn hangs_up_in_the_middle_after_so_many_words() {
    let mut call = Rehearsal::with("hangs_up_after.words = 3");
    call.wait(300).hear("one two");
    assert!(!call.hung_up);
    call.hear("three four");
    assert!(call.hung_up);
}

#[test]
fn speaks_to_the_end_before_it_presses_or_hangs_up() {
    let mut call = Rehearsal::with(
        "rules = [{ when = 'nine', say = 'Fine then.', then = { press = '9' } }, { when = 'any', say = 'Bye now.', then = 'hang_up' }]",
    );
    call.wait(300).hear("press nine").wait(1000);
    assert_eq!((call.words().as_str(), call.pressed.as_str(), call.hung_up), ("Hello? Fine then.", "9", false));
    call.hear("goodbye").wait(1000);
    assert_eq!((call.words().as_str(), call.hung_up), ("Hello? Fine then. Bye now.", true));
}

#[test]
fn a_voicemail_speaks_its_greeting_beeps_and_records_until_its_patience_ends() {
    let mut call = Rehearsal::with("behaviour = 'voicemail'\ngreeting = 'Leave a message.'");
    call.wait(2000).hear("Hello this is Ava").wait(1000);
    assert_eq!((call.words().as_str(), call.hung_up), ("Leave a message.", false));
    call.wait(4000);
    assert!(call.hung_up);
}

#[test]
fn sound_without_words_is_answered_by_the_rule_for_anything() {
    let mut call = Rehearsal::with("rules = [{ when = 'home', say = 'Yes.' }, { when = 'any', say = 'What?' }]");
    call.wait(300).play(&voice::beep(500)).wait(1000);
    assert_eq!(call.words(), "Hello? What?");
}

#[test]
fn the_silent_one_says_nothing_and_leaves_in_the_end() {
    let mut call = Rehearsal::with("behaviour = 'silent'");
    call.hear("Hello? Is anybody there?").wait(3000);
    assert_eq!((call.words().as_str(), call.hung_up), ("", false));
    call.wait(2000);
    assert!(call.hung_up);
}
