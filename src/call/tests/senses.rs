//! Senses in memory: ears that hear what the test says, a mouth whose audio spells its words, a mind that answers from a
//! list, a phone that plays in real time, a telephone company that ends calls.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::call::brief::{CallBrief, Senses};
use crate::call::hold::hold;
use crate::call::journal::{CallEvent, CallReport, CallSignal, EventKind, Journal};
use crate::call::ledger::Vendors;
use crate::call::phone::{FromPhone, PhoneLink, ToPhone};
use crate::call::turn::Rules;
use crate::call::turn::tests::{Phone, Queued, read_aloud, rules, spell};
use crate::clock::{Clock, SharedClock};
use crate::domain::campaign::OnVoicemail;
use crate::domain::ids::AttemptId;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::mind::ledger::{LedgerEntry, Service};
use crate::providers::{
    Again, ChatAnswer, ChatPiece, ChatRequest, DialLine, Ears, EarsLink, EarsOptions, Heard, Mind, Mouth, MouthLink, ProviderCall,
    ProviderError, Say, Spoken, Telephony, Transfer, Usage, Voice,
};

pub fn broken(what: &str) -> ProviderError {
    ProviderError { provider: "test", what: what.into(), status: None, again: Again::Yes }
}

/// Every link the ears gave, newest last, with the bytes they took.
#[derive(Default)]
pub struct FakeEars {
    links: Mutex<Vec<mpsc::Sender<Heard>>>,
    pub bytes: Arc<Mutex<Vec<u64>>>,
}

#[async_trait]
impl Ears for FakeEars {
    async fn listen(&self, _: &EarsOptions, stop: CancellationToken) -> Result<EarsLink, ProviderError> {
        let (audio, mut taken) = mpsc::channel::<Bytes>(8);
        let (tell, heard) = mpsc::channel(8);
        let number = {
            let mut links = self.links.lock().unwrap();
            links.push(tell);
            self.bytes.lock().unwrap().push(0);
            links.len() - 1
        };
        let bytes = Arc::clone(&self.bytes);
        tokio::spawn(async move {
            while let Some(Some(frame)) = stop.run_until_cancelled(taken.recv()).await {
                bytes.lock().unwrap()[number] += frame.len() as u64;
            }
        });
        Ok(EarsLink { audio, heard })
    }

    async fn check(&self) -> Result<(), ProviderError> {
        Ok(())
    }
}

impl FakeEars {
    pub async fn tell(&self, heard: Heard) {
        let link = self.links.lock().unwrap().last().cloned().expect("somebody listens");
        link.send(heard).await.unwrap();
    }

    pub fn connections(&self) -> usize {
        self.links.lock().unwrap().len()
    }
}

/// Renders at once what was flushed.
pub struct FakeMouth;

#[async_trait]
impl Mouth for FakeMouth {
    async fn open(&self, _: &Voice, _: CancellationToken) -> Result<MouthLink, ProviderError> {
        let (say, mut orders) = mpsc::channel(64);
        let (tell, spoken) = mpsc::channel(64);
        tokio::spawn(async move {
            let mut text = String::new();
            while let Some(order) = orders.recv().await {
                match order {
                    Say::Text { text: more, .. } => text.push_str(&more),
                    Say::Clear => text.clear(),
                    Say::Flush { reply } => {
                        let audio = spell(std::mem::take(&mut text).trim());
                        for piece in audio.chunks(3_200) {
                            let _ = tell.send(Spoken::Audio { reply, audio: Bytes::copy_from_slice(piece) }).await;
                        }
                        let _ = tell.send(Spoken::Flushed { reply }).await;
                    }
                }
            }
        });
        Ok(MouthLink { say, spoken })
    }

    async fn render(&self, _: &Voice, text: &str) -> Result<Bytes, ProviderError> {
        Ok(spell(text))
    }
}

/// Answers in order; `None` never answers.
#[derive(Default)]
pub struct FakeMind {
    pub replies: Mutex<VecDeque<Option<&'static str>>>,
    pub understood: Mutex<VecDeque<Value>>,
    pub cancelled: Arc<Mutex<u32>>,
}

#[async_trait]
impl Mind for FakeMind {
    async fn stream(&self, _: &ChatRequest, stop: CancellationToken) -> Result<mpsc::Receiver<ChatPiece>, ProviderError> {
        let reply = self.replies.lock().unwrap().pop_front().ok_or_else(|| broken("no reply left"))?;
        let (out, pieces) = mpsc::channel(4);
        let cancelled = Arc::clone(&self.cancelled);
        tokio::spawn(async move {
            let telling = async {
                let Some(reply) = reply else { return std::future::pending().await };
                for token in reply.split_inclusive(' ') {
                    sleep(Duration::from_millis(20)).await;
                    let _ = out.send(ChatPiece::Text(token.into())).await;
                }
                let usage = Some(Usage { tokens_in: 100, tokens_cached: 0, tokens_out: 10 });
                let _ = out.send(ChatPiece::Done { finish: "stop".into(), usage }).await;
            };
            if stop.run_until_cancelled(telling).await.is_none() {
                *cancelled.lock().unwrap() += 1;
            }
        });
        Ok(pieces)
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatAnswer, ProviderError> {
        sleep(Duration::from_millis(400)).await;
        let known = self.understood.lock().unwrap().pop_front().unwrap_or(json!({}));
        let mut answer = json!({"intent": "answer", "callback_words": null, "sentiment": 0, "owns_home": null, "monthly_bill": null, "interested": null});
        answer.as_object_mut().unwrap().extend(known.as_object().unwrap().clone());
        Ok(ChatAnswer {
            content: answer.to_string(),
            refusal: None,
            finish: "stop".into(),
            model: request.model.clone(),
            usage: Usage::default(),
            flex: false,
        })
    }

    async fn models(&self) -> Result<Vec<String>, ProviderError> {
        Ok(Vec::new())
    }
}

/// Ends calls: the stream stops shortly after.
pub struct FakeTelephony {
    phone: mpsc::Sender<FromPhone>,
    pub ended: Mutex<Vec<String>>,
    /// Who was rung, by their number.
    pub rung: Mutex<Vec<String>>,
    /// It refuses to ring anybody.
    pub rings_nobody: AtomicBool,
}

#[async_trait]
impl Telephony for FakeTelephony {
    async fn connect(&self) -> Result<Box<dyn DialLine>, ProviderError> {
        Err(broken("no dialling here"))
    }
    async fn fetch(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        Ok(None)
    }
    async fn list(&self, _: &PhoneNumber, _: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError> {
        Ok(Vec::new())
    }
    async fn end(&self, call_sid: &str) -> Result<(), ProviderError> {
        self.ended.lock().unwrap().push(call_sid.to_owned());
        let _ = self.phone.send(FromPhone::Stopped).await;
        Ok(())
    }
    async fn transfer(&self, _: &str, transfer: &Transfer) -> Result<(), ProviderError> {
        if self.rings_nobody.load(Ordering::Relaxed) {
            return Err(broken("nobody is rung"));
        }
        self.rung.lock().unwrap().push(transfer.to.e164().to_owned());
        let _ = self.phone.send(FromPhone::Stopped).await;
        Ok(())
    }
    async fn cancel(&self, _: &str) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn take_back(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        Ok(None)
    }
    async fn check(&self) -> Result<(), ProviderError> {
        Ok(())
    }
}

#[derive(Default)]
pub struct Notes {
    pub events: Mutex<Vec<CallEvent>>,
    pub ledger: Mutex<Vec<LedgerEntry>>,
    pub opt_outs: Mutex<u32>,
}

impl Journal for Notes {
    fn event(&self, event: CallEvent) {
        self.events.lock().unwrap().push(event);
    }
    fn ledger(&self, entry: LedgerEntry) {
        self.ledger.lock().unwrap().push(entry);
    }
    fn opt_out(&self) {
        *self.opt_outs.lock().unwrap() += 1;
    }
}

struct Monday;

impl Clock for Monday {
    fn now(&self) -> Timestamp {
        "2026-11-23T15:00:00Z".parse().unwrap()
    }
}

/// A running call and everything around it.
pub struct Call {
    pub ears: Arc<FakeEars>,
    pub mind: Arc<FakeMind>,
    pub telephony: Arc<FakeTelephony>,
    pub notes: Arc<Notes>,
    pub signals: mpsc::Sender<CallSignal>,
    pub stop: CancellationToken,
    pub phone: mpsc::Sender<FromPhone>,
    /// Everything the callee heard so far, spelled.
    pub heard: Arc<Mutex<Vec<u8>>>,
    held: JoinHandle<CallReport>,
}

/// How the phone behaves.
pub struct PhoneHabits {
    /// Room of its channel.
    pub room: usize,
    /// How long it takes for each item.
    pub slowness: Duration,
}

impl PhoneHabits {
    /// It takes everything at once.
    pub const QUICK: Self = Self { room: 128, slowness: Duration::ZERO };
}

pub fn call(replies: &[Option<&'static str>]) -> Call {
    call_with(replies, &PhoneHabits::QUICK, OnVoicemail::LeaveMessage)
}

pub fn call_with(replies: &[Option<&'static str>], habits: &PhoneHabits, on_voicemail: OnVoicemail) -> Call {
    call_by(Rules { on_voicemail, ..rules() }, replies, habits)
}

/// Held by these rules.
pub fn call_by(rules: Rules, replies: &[Option<&'static str>], habits: &PhoneHabits) -> Call {
    let (from_phone, from) = mpsc::channel(128);
    let (to, to_phone) = mpsc::channel(habits.room);
    let telephony = Arc::new(FakeTelephony {
        phone: from_phone.clone(),
        ended: Mutex::default(),
        rung: Mutex::default(),
        rings_nobody: AtomicBool::default(),
    });
    let mind = Arc::new(FakeMind { replies: Mutex::new(replies.iter().copied().collect()), ..FakeMind::default() });
    let (ears, notes) = (Arc::new(FakeEars::default()), Arc::new(Notes::default()));
    let clock: SharedClock = Arc::new(Monday);
    let brief = CallBrief {
        attempt: AttemptId::new(),
        call_sid: "CA1".into(),
        script: rules.script,
        clips: rules.clips,
        hours: rules.hours,
        callbacks_left: rules.callbacks_left,
        answered: BTreeMap::new(),
        on_voicemail: rules.on_voicemail,
        transfer: rules.can_transfer.then(|| Transfer {
            to: PhoneNumber::from_e164("+14155550199").unwrap(),
            from: PhoneNumber::from_e164("+14155550100").unwrap(),
            result_url: "https://app.example/transfer".into(),
            time_limit: Duration::from_secs(3_600),
        }),
        max_duration: Duration::from_secs(180),
        clock,
        vendors: Vendors { ears: "ears", mind: "mind" },
    };
    let senses = Senses { ears: ears.clone(), mouth: Arc::new(FakeMouth), mind: mind.clone(), telephony: telephony.clone() };
    let (signals, signals_in) = mpsc::channel(8);
    let stop = CancellationToken::new();
    let heard = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn(play(to_phone, from_phone.clone(), Arc::clone(&heard), habits.slowness));
    let held = tokio::spawn(hold(brief, PhoneLink { from, to }, senses, notes.clone(), signals_in, stop.clone()));
    Call { ears, mind, telephony, notes, signals, stop, phone: from_phone, heard, held }
}

/// The phone: plays in real time, returns marks, forgets on clear.
async fn play(mut to: mpsc::Receiver<ToPhone>, from: mpsc::Sender<FromPhone>, heard: Arc<Mutex<Vec<u8>>>, slowness: Duration) {
    let (began, mut phone) = (Instant::now(), Phone::default());
    let mut marks = Vec::new();
    loop {
        let next = phone.until_next_mark();
        let item = tokio::select! {
            item = to.recv() => Some(item),
            () = sleep_until(began + Duration::from_millis(next.unwrap_or(0))), if next.is_some() => None,
        };
        let now = u64::try_from(began.elapsed().as_millis()).unwrap();
        marks.extend(phone.play_until(now));
        heard.lock().unwrap().clone_from(&phone.played);
        match item {
            None => {}
            Some(None) => return,
            Some(Some(ToPhone::Audio(audio))) => phone.queue.push_back(Queued::Audio(audio)),
            Some(Some(ToPhone::Mark(name))) => phone.queue.push_back(Queued::Mark(name[1..].parse().unwrap())),
            Some(Some(ToPhone::Clear)) => marks.extend(phone.clear()),
        }
        for mark in marks.drain(..) {
            let _ = from.send(FromPhone::Mark(format!("m{mark}"))).await;
        }
        if !slowness.is_zero() {
            sleep(slowness).await;
        }
    }
}

impl Call {
    /// A whole turn of the callee, with audio.
    pub async fn says(&self, text: &str) {
        self.ears.tell(Heard::SpeechStarted).await;
        for _ in 0..10 {
            self.phone.send(FromPhone::Audio(Bytes::from_static(&[0x7f; 160]))).await.unwrap();
            sleep(Duration::from_millis(20)).await;
        }
        self.ears.tell(Heard::Interim { text: text.into() }).await;
        sleep(Duration::from_millis(200)).await;
        self.ears.tell(Heard::EndOfTurn { text: text.into(), confidence: None, silence: Some(Duration::from_millis(100)) }).await;
    }

    pub async fn greeted(&self) {
        sleep(Duration::from_millis(10_000)).await;
    }

    /// What the callee heard so far.
    pub fn heard(&self) -> String {
        read_aloud(&self.heard.lock().unwrap())
    }

    pub async fn report(self) -> (CallReport, Arc<Notes>, Arc<FakeTelephony>) {
        (self.held.await.unwrap(), self.notes, self.telephony)
    }
}

impl Notes {
    pub fn of(&self, kind: EventKind) -> Vec<String> {
        self.events.lock().unwrap().iter().filter(|event| event.kind == kind).map(|event| event.body.clone()).collect()
    }

    pub fn entries(&self, service: Service) -> Vec<LedgerEntry> {
        self.ledger.lock().unwrap().iter().filter(|entry| entry.service == service).cloned().collect()
    }
}
