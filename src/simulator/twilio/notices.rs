//! Warnings Twilio would show in its debugger: nothing breaks, but somebody did something wrong.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How often each warning was given, by its code.
#[derive(Debug, Default)]
pub(super) struct Notices(Mutex<BTreeMap<u32, u64>>);

impl Notices {
    pub(super) fn give(&self, code: u32, call_sid: &str, what: &str) {
        tracing::warn!(twilio.code = code, call.sid = call_sid, "{what}");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
    }

    pub(super) fn counted(&self) -> BTreeMap<u32, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
