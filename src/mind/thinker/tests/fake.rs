//! A model service that answers from a list.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::providers::{Again, ChatAnswer, ChatPiece, ChatRequest, Mind, ProviderError, Usage};

pub(super) enum Answer {
    Says {
        words: Vec<String>,
        usage: Option<Usage>,
    },
    /// Words, then a failure.
    Breaks(&'static [&'static str]),
    /// Words, then nothing until stopped.
    Stalls(&'static [&'static str]),
    /// Connected, but never a word.
    Silent,
    Refuses(Again),
}

impl Answer {
    pub(super) fn says(words: &[&str], usage: Option<Usage>) -> Self {
        Self::Says { words: words.iter().map(|word| (*word).to_owned()).collect(), usage }
    }
}

pub(super) struct FakeMind {
    answers: Mutex<VecDeque<Answer>>,
    asked: AtomicUsize,
    streams: Mutex<Vec<(CancellationToken, Option<mpsc::Sender<ChatPiece>>)>>,
}

impl FakeMind {
    pub(super) fn new(answers: Vec<Answer>) -> Self {
        Self { answers: Mutex::new(answers.into()), asked: AtomicUsize::new(0), streams: Mutex::default() }
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Streams whose stop token has not fired.
    pub(super) fn open_streams(&self) -> usize {
        self.streams.lock().unwrap().iter().filter(|(stop, _)| !stop.is_cancelled()).count()
    }

    fn next(&self) -> Answer {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answers.lock().unwrap().pop_front().expect("the test asks once more than it has answers")
    }
}

fn broken(again: Again) -> ProviderError {
    ProviderError { provider: "openai", what: "500".to_owned(), status: Some(500), again }
}

/// The pieces of an answer, and whether the stream stays open after them.
fn pieces(answer: Answer) -> Result<(Vec<ChatPiece>, bool), ProviderError> {
    let texts = |words: &[&str]| words.iter().map(|word| ChatPiece::Text((*word).to_owned())).collect::<Vec<_>>();
    Ok(match answer {
        Answer::Refuses(again) => return Err(broken(again)),
        Answer::Says { words, usage } => {
            let mut all: Vec<_> = words.into_iter().map(ChatPiece::Text).collect();
            all.push(ChatPiece::Done { finish: "stop".to_owned(), usage });
            (all, false)
        }
        Answer::Breaks(words) => {
            let mut all = texts(words);
            all.push(ChatPiece::Failed(broken(Again::Yes)));
            (all, false)
        }
        Answer::Stalls(words) => (texts(words), true),
        Answer::Silent => (Vec::new(), true),
    })
}

#[async_trait]
impl Mind for FakeMind {
    async fn stream(&self, _: &ChatRequest, stop: CancellationToken) -> Result<mpsc::Receiver<ChatPiece>, ProviderError> {
        let (all, stays) = pieces(self.next())?;
        let (to, from) = mpsc::channel(16);
        for piece in all {
            to.send(piece).await.unwrap();
        }
        self.streams.lock().unwrap().push((stop, stays.then_some(to)));
        Ok(from)
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatAnswer, ProviderError> {
        match self.next() {
            Answer::Says { words, usage } => Ok(ChatAnswer {
                content: words.concat(),
                refusal: None,
                finish: "stop".to_owned(),
                model: request.model.clone(),
                usage: usage.unwrap_or_default(),
                flex: false,
            }),
            Answer::Refuses(again) => Err(broken(again)),
            _ => pending().await,
        }
    }

    async fn models(&self) -> Result<Vec<String>, ProviderError> {
        Ok(Vec::new())
    }
}
