//! A conversation rehearsed without sockets: a mouth whose audio spells its words, a phone that plays in real time, a mind
//! that says what it is told.

mod callbacks;
mod endings;
mod floor;
mod machines;
mod phone;
mod property;
mod replies;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub(crate) use self::phone::{Phone, Queued, read_aloud, spell};
use super::rules::{LineName, Rules};
use super::{Action, Conversation, Ending, Event};
use crate::agents::definition::{AgentDefinition, Lines};
use crate::agents::load::load;
use crate::call::journal::EventKind;
use crate::domain::callback::PromiseHours;
use crate::domain::campaign::OnVoicemail;
use crate::domain::time::Timestamp;
use crate::domain::window::{CallingWindow, Hours};
use crate::mind::prompt::{LeadFacts, PromptTexts, Script};
use crate::providers::{Heard, Role};

pub(crate) fn demo() -> AgentDefinition {
    load(include_str!("../../../../config/demo/agent.toml")).unwrap()
}

pub(crate) fn rules() -> Rules {
    rules_of(demo())
}

pub(crate) fn rules_of(definition: AgentDefinition) -> Rules {
    let lead = LeadFacts { zone: "America/New_York".into(), local_time: "Monday".into(), ..LeadFacts::default() };
    let script = Arc::new(Script::new(&PromptTexts::built_in(), Arc::new(definition), &lead));
    let clips = [LineName::Greeting, LineName::Filler, LineName::Apology, LineName::Goodbye]
        .map(|line| (line, spell(line.words(script.lines()))))
        .into_iter()
        .collect();
    let window = CallingWindow { days: [Some(Hours { open: 540, close: 1_200 }); 7], holidays: Vec::new() };
    Rules {
        script,
        clips,
        on_voicemail: OnVoicemail::LeaveMessage,
        can_transfer: false,
        max_duration_ms: 180_000,
        began: "2026-11-23T15:00:00Z".parse::<Timestamp>().unwrap(),
        hours: PromiseHours::own(window, "America/New_York"),
        callbacks_left: 3,
    }
}

/// What history keeps of a line the agent's definition has.
fn line(rehearsal: &Rehearsal, of: fn(&Lines) -> &String) -> String {
    format!("agent: {}", of(rehearsal.talk.rules.script.lines()))
}

/// What the mouth was told and has not rendered.
enum Ordered {
    Text(String),
    Flush,
}

/// A conversation with everything around it.
pub(crate) struct Rehearsal {
    pub talk: Conversation,
    pub now: u64,
    phone: Phone,
    said: BTreeMap<u32, VecDeque<Ordered>>,
    pub thinking: Vec<(u32, String)>,
    pub analysing: u32,
    pub mouth_works: bool,
    pub log: Vec<String>,
    pub ended: Option<Ending>,
    pub opt_outs: u32,
    heard_before: usize,
}

impl Rehearsal {
    pub fn new(rules: Rules) -> Self {
        Self {
            talk: Conversation::new(Arc::new(rules)),
            now: 0,
            phone: Phone::default(),
            said: BTreeMap::new(),
            thinking: Vec::new(),
            analysing: 0,
            mouth_works: true,
            log: Vec::new(),
            ended: None,
            opt_outs: 0,
            heard_before: 0,
        }
    }

    /// A conversation whose greeting was heard.
    pub fn talking() -> Self {
        Self::talking_by(rules())
    }

    /// The same by rules of the test's own.
    pub fn talking_by(rules: Rules) -> Self {
        let mut rehearsal = Self::new(rules);
        rehearsal.event(Event::Started);
        rehearsal.pass(60_000_u64.min(rehearsal.greeting_ms() + 100));
        rehearsal
    }

    pub fn greeting_ms(&self) -> u64 {
        self.talk.rules.words(LineName::Greeting).len() as u64 * 60
    }

    pub fn event(&mut self, event: Event) {
        self.phone.play_until(self.now).into_iter().for_each(|mark| self.step(Event::Mark(mark)));
        self.step(event);
    }

    fn step(&mut self, event: Event) {
        let mut actions = Vec::new();
        let follow_ups = {
            self.talk.step(event, self.now, &mut actions);
            actions.into_iter().flat_map(|action| self.act(action)).collect::<Vec<_>>()
        };
        assert!(self.talk.wake_at().is_none_or(|at| at > self.now), "a deadline was not used up");
        assert!(self.thinking.len() <= 1, "two replies at once: {:?}", self.thinking);
        follow_ups.into_iter().for_each(|event| self.step(event));
    }

    fn act(&mut self, action: Action) -> Vec<Event> {
        match action {
            Action::Say { reply, text } => self.order(reply, Ordered::Text(text.trim().to_owned())),
            Action::Flush { reply } => {
                self.order(reply, Ordered::Flush);
                return self.render(reply);
            }
            Action::ClearMouth => self.said.clear(),
            Action::Play(audio) => self.phone.queue.push_back(Queued::Audio(audio)),
            Action::Mark(mark) => self.phone.queue.push_back(Queued::Mark(mark)),
            Action::ClearPhone => {
                let marks = self.phone.clear();
                self.log.push("clear".into());
                return marks.into_iter().map(Event::Mark).collect();
            }
            Action::Think(ask) => self.thinking.push((ask.reply, ask.utterance)),
            Action::CancelThink { reply } => self.thinking.retain(|(known, _)| *known != reply),
            Action::Analyse(_) => self.analysing += 1,
            Action::OptOut => self.opt_outs += 1,
            Action::Note { kind: EventKind::Agent, body, .. } => self.check_heard(&body),
            Action::End(ending) => self.ended = Some(ending),
            Action::ResetMouth | Action::Note { .. } | Action::Timings(_) => {}
        }
        Vec::new()
    }

    fn order(&mut self, reply: u32, ordered: Ordered) {
        self.said.entry(reply).or_default().push_back(ordered);
    }

    /// What a mouth that works makes of its orders: each flush gives the audio of the text before it, however late.
    fn render(&mut self, reply: u32) -> Vec<Event> {
        let ordered = self.said.entry(reply).or_default();
        let mut events = Vec::new();
        while let Some(end) = ordered.iter().position(|next| matches!(next, Ordered::Flush)).filter(|_| self.mouth_works) {
            let texts = ordered.drain(..=end).filter_map(|next| if let Ordered::Text(text) = next { Some(text) } else { None });
            let audio = spell(&texts.collect::<Vec<_>>().join(" "));
            let half = audio.len() / 2;
            events.push(Event::Audio { reply, audio: audio.slice(..half) });
            events.push(Event::Audio { reply, audio: audio.slice(half..) });
            events.push(Event::Flushed { reply });
        }
        events
    }

    /// A mouth that stalled goes on with its orders.
    pub fn mouth_goes_on(&mut self) {
        self.mouth_works = true;
        let late: Vec<Event> = self.said.keys().copied().collect::<Vec<_>>().into_iter().flat_map(|reply| self.render(reply)).collect();
        late.into_iter().for_each(|event| self.event(event));
    }

    /// What history keeps is what the phone played, cut to whole words.
    fn check_heard(&mut self, kept: &str) {
        let played = read_aloud(&self.phone.played[self.heard_before..]);
        self.heard_before = self.phone.played.len();
        let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let (played, kept_plain) = (plain(&played), plain(kept));
        let at = played.find(&kept_plain);
        // before it: a first word of a dropped speech that was cut; behind it: the same of this one
        assert!(at.is_some_and(|at| at <= 32), "kept {kept:?}, played {played:?}");
        assert!(played.len() - kept_plain.len() <= 48, "kept {kept:?}, played {played:?}");
        self.log.push(format!("agent: {kept}"));
    }

    /// Lets time pass: marks come back and deadlines are kept.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while self.ended.is_none() {
            let next = [self.phone.until_next_mark(), self.talk.wake_at()].into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at <= until) else { break };
            self.now = self.now.max(next);
            self.event(Event::Tick);
        }
        self.now = until;
        if self.ended.is_none() {
            self.event(Event::Tick);
        }
    }

    pub fn hear(&mut self, heard: Heard) {
        self.event(Event::Heard(heard));
    }

    /// A whole turn of the callee, with the words arriving over half a second.
    pub fn callee(&mut self, text: &str) {
        self.hear(Heard::SpeechStarted);
        self.pass(200);
        self.hear(Heard::Interim { text: text.into() });
        self.pass(300);
        self.hear(Heard::EndOfTurn { text: text.into(), confidence: None, silence: None });
    }

    /// The mind answers the open question.
    pub fn answer(&mut self, text: &str) {
        let (reply, _) = self.thinking.pop().expect("a reply is being thought about");
        for token in text.split_inclusive(' ') {
            self.event(Event::ReplyText { reply, text: token.into() });
        }
        self.event(Event::ReplyDone { reply });
    }

    pub fn is_playing(&self) -> bool {
        self.phone.is_playing()
    }

    /// History, one line each.
    pub fn lines(&self) -> Vec<String> {
        let speaker = |role| if role == Role::User { "callee" } else { "agent" };
        self.talk.history().lines().iter().map(|line| format!("{}: {}", speaker(line.who), line.text)).collect()
    }

    pub fn last_line(&self) -> String {
        self.lines().pop().unwrap_or_default()
    }
}
