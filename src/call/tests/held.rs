//! A running call with a phone that plays in real time, and everything around it.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::notes::Notes;
use super::senses::{FakeEars, FakeMind, FakeMouth, FakeTelephony};
use crate::call::brief::{CallBrief, Senses};
use crate::call::hold::hold;
use crate::call::journal::{CallReport, CallSignal};
use crate::call::ledger::Vendors;
use crate::call::phone::{FromPhone, PhoneLink, ToPhone};
use crate::call::turn::Rules;
use crate::call::turn::tests::{Phone, Queued, read_aloud, rules};
use crate::clock::{Clock, SharedClock};
use crate::domain::campaign::OnVoicemail;
use crate::domain::ids::AttemptId;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::providers::{Heard, Transfer};

/// A reply that takes long to say.
pub const LONG: &str = "We install solar panels on the roofs of family homes all over the state and have done so since the year 2011.";

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

struct Monday;

impl Clock for Monday {
    fn now(&self) -> Timestamp {
        "2026-11-23T15:00:00Z".parse().unwrap()
    }
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
