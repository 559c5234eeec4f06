//! Files of one run, in the order they were made.

use axum::body::Bytes;
use serde_json::{Value, json};

/// Batch files are kept 30 days.
const BATCH_LIFE_S: i64 = 30 * 86_400;

/// All files.
#[derive(Debug, Default)]
pub struct Files(Vec<File>);

/// One file.
#[derive(Debug)]
pub struct File {
    id: String,
    created_at: i64,
    expires_at: Option<i64>,
    name: String,
    /// What it is for.
    pub purpose: String,
    /// What is in it.
    pub bytes: Bytes,
}

/// A file to keep.
#[derive(Debug, Default)]
pub struct NewFile {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// What is in it.
    pub bytes: Bytes,
    /// How long it lives; batch files have 30 days where nothing is said.
    pub life_s: Option<i64>,
}

impl Files {
    /// Keeps a file; gives its description.
    pub fn keep(&mut self, id: String, new: NewFile, now: i64) -> Value {
        let by_default = new.purpose.starts_with("batch").then_some(BATCH_LIFE_S);
        let expires_at = new.life_s.or(by_default).map(|life| now + life);
        let file = File { id, created_at: now, expires_at, name: new.name, purpose: new.purpose, bytes: new.bytes };
        let shown = file.shown();
        self.0.push(file);
        shown
    }

    /// One file.
    pub fn get(&self, id: &str) -> Option<&File> {
        self.0.iter().find(|file| file.id == id)
    }

    /// Whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|file| file.id != id);
        self.0.len() < before
    }

    /// Files of one purpose, or all, oldest first.
    pub fn of_purpose<'f>(&'f self, purpose: Option<&'f str>) -> impl Iterator<Item = &'f File> {
        self.0.iter().filter(move |file| purpose.is_none_or(|purpose| file.purpose == purpose))
    }
}

impl File {
    /// The file object.
    pub fn shown(&self) -> Value {
        json!({
            "id": self.id, "object": "file", "bytes": self.bytes.len(), "created_at": self.created_at, "expires_at": self.expires_at,
            "filename": self.name, "purpose": self.purpose, "status": "processed", "status_details": null,
        })
    }
}
