//! A journal that keeps what it is told.

use std::sync::Mutex;

use crate::call::journal::{CallEvent, CallReport, EventKind, Journal};
use crate::mind::ledger::{LedgerEntry, Service};

#[derive(Default)]
pub struct Notes {
    pub events: Mutex<Vec<CallEvent>>,
    pub ledger: Mutex<Vec<LedgerEntry>>,
    pub drafts: Mutex<Vec<CallReport>>,
    pub opt_outs: Mutex<u32>,
}

impl Journal for Notes {
    fn event(&self, event: CallEvent) {
        self.events.lock().unwrap().push(event);
    }
    fn ledger(&self, entry: LedgerEntry) {
        self.ledger.lock().unwrap().push(entry);
    }
    fn draft(&self, draft: CallReport) {
        self.drafts.lock().unwrap().push(draft);
    }
    fn opt_out(&self) {
        *self.opt_outs.lock().unwrap() += 1;
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
