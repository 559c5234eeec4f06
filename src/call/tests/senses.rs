//! Senses in memory: ears that hear what the test says, a mouth whose audio spells its words, a mind that answers from a
//! list, a telephone company that ends calls.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::call::phone::FromPhone;
use crate::call::turn::tests::spell;
use crate::domain::phone::PhoneNumber;
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
    pub phone: mpsc::Sender<FromPhone>,
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
