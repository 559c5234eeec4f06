//! A provider's batches: late, shuffled, and as unlucky as the test wants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::brittle::Fuse;
use super::mind::{right, trouble};
use crate::providers::{Again, BatchDesk, BatchLine, BatchStatus, ChatAnswer, ChatRequest, ProviderError};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Smooth,
    /// Every third line fails the first time it is asked.
    SomeFail,
    /// The same, but the batch expires over it.
    SomeExpire,
    /// The first batch fails before anything ran.
    FailsOnce,
    /// A batch never ends by itself; one that is cancelled has answered every second line.
    Stuck,
    /// Nothing the model says is JSON.
    Nonsense,
}

pub(super) struct FakeDesk {
    fate: Fate,
    fuse: Arc<Fuse>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    files: BTreeMap<String, Vec<(String, ChatRequest)>>,
    results: BTreeMap<String, Vec<BatchLine>>,
    batches: Vec<Running>,
    unlucky: BTreeSet<String>,
    billed: usize,
}

struct Running {
    metadata: String,
    file: String,
    polls: u32,
    status: BatchStatus,
}

impl FakeDesk {
    pub(super) fn new(fate: Fate, fuse: Arc<Fuse>) -> Self {
        Self { fate, fuse, inner: Mutex::default() }
    }

    /// Answers the provider charged for.
    pub(super) fn bills(&self) -> usize {
        self.inner.lock().unwrap().billed
    }

    /// The request may be lost on the way there or the answer on the way back.
    fn step<T>(&self, effect: impl FnOnce(&mut Inner) -> T) -> Result<T, ProviderError> {
        let lost = || trouble(Again::Yes, 503);
        if !self.fuse.alive() {
            return Err(lost());
        }
        let done = effect(&mut self.inner.lock().unwrap());
        if self.fuse.alive() { Ok(done) } else { Err(lost()) }
    }

    fn run(&self, inner: &mut Inner, at: usize) {
        let requests = inner.files[&inner.batches[at].file].clone();
        let first = at == 0;
        if self.fate == Fate::FailsOnce && first {
            inner.batches[at].status.status = "failed".into();
            inner.batches[at].status.errors = vec!["line 1: invalid_json_line".into()];
            return;
        }
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        // Backwards: the order of the answers is not the order of the requests.
        for (n, (custom_id, request)) in requests.into_iter().enumerate().rev() {
            let unlucky = matches!(self.fate, Fate::SomeFail | Fate::SomeExpire) && n % 3 == 1 && inner.unlucky.insert(custom_id.clone());
            if unlucky {
                errors.push(BatchLine { custom_id, result: Err(trouble(Again::Yes, 500)) });
            } else {
                inner.billed += 1;
                output.push(BatchLine { custom_id, result: Ok(self.answer(&request)) });
            }
        }
        let id = inner.batches[at].status.id.clone();
        let expires = self.fate == Fate::SomeExpire && !errors.is_empty();
        let status = &mut inner.batches[at].status;
        status.status = if expires { "expired" } else { "completed" }.into();
        for (name, lines, slot) in [("out", output, &mut status.output_file_id), ("err", errors, &mut status.error_file_id)] {
            if !lines.is_empty() {
                // An expired line may be missing instead of named.
                let lines = if expires && name == "err" { Vec::new() } else { lines };
                inner.results.insert(format!("{id}-{name}"), lines);
                *slot = Some(format!("{id}-{name}"));
            }
        }
    }

    fn answer(&self, request: &ChatRequest) -> ChatAnswer {
        let mut answer = right(request);
        if self.fate == Fate::Nonsense {
            answer.content = "As a model, I think".into();
        }
        answer
    }
}

#[async_trait]
impl BatchDesk for FakeDesk {
    async fn upload(&self, requests: &[(String, ChatRequest)]) -> Result<String, ProviderError> {
        self.step(|inner| {
            let id = format!("file-{}", inner.files.len());
            inner.files.insert(id.clone(), requests.to_vec());
            id
        })
    }

    async fn create(&self, file_id: &str, metadata: (&str, &str)) -> Result<BatchStatus, ProviderError> {
        self.step(|inner| {
            let status = BatchStatus {
                id: format!("batch-{}", inner.batches.len()),
                status: "validating".into(),
                output_file_id: None,
                error_file_id: None,
                errors: Vec::new(),
            };
            inner.batches.push(Running { metadata: metadata.1.into(), file: file_id.into(), polls: 0, status: status.clone() });
            status
        })
    }

    async fn find(&self, metadata: (&str, &str)) -> Result<Option<BatchStatus>, ProviderError> {
        self.step(|inner| inner.batches.iter().find(|batch| batch.metadata == metadata.1).map(|batch| batch.status.clone()))
    }

    async fn status(&self, batch_id: &str) -> Result<BatchStatus, ProviderError> {
        self.step(|inner| {
            let at = inner.batches.iter().position(|batch| batch.status.id == batch_id).unwrap();
            inner.batches[at].polls += 1;
            if inner.batches[at].polls == 2 && self.fate != Fate::Stuck {
                self.run(inner, at);
            }
            inner.batches[at].status.clone()
        })
    }

    async fn cancel(&self, batch_id: &str) -> Result<BatchStatus, ProviderError> {
        self.step(|inner| {
            let at = inner.batches.iter().position(|batch| batch.status.id == batch_id).unwrap();
            let requests = inner.files[&inner.batches[at].file].clone();
            let answered = requests.into_iter().step_by(2);
            let lines: Vec<_> = answered.map(|(custom_id, request)| BatchLine { custom_id, result: Ok(self.answer(&request)) }).collect();
            inner.billed += lines.len();
            inner.results.insert(format!("{batch_id}-out"), lines);
            let status = &mut inner.batches[at].status;
            (status.status, status.output_file_id) = ("cancelled".into(), Some(format!("{batch_id}-out")));
            status.clone()
        })
    }

    async fn read(&self, file_id: &str) -> Result<Vec<BatchLine>, ProviderError> {
        self.step(|inner| inner.results[file_id].clone())
    }
}
