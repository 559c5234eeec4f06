//! What the telephone company saw.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    at_ms: i64,
    event: String,
    to: String,
}

/// The truth log, counted.
#[derive(Debug, Default)]
pub struct Truth {
    /// When each call was asked for, in order.
    created: Vec<i64>,
    /// Calls that ended.
    pub ended: usize,
    /// Requests that were refused.
    pub refused: usize,
    /// Calls by number.
    by_number: BTreeMap<String, u32>,
}

impl Truth {
    pub fn read(path: &Path) -> Self {
        let mut truth = Self::default();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let line: Line = serde_json::from_str(line).unwrap();
            match line.event.as_str() {
                "created" => {
                    truth.created.push(line.at_ms);
                    *truth.by_number.entry(line.to).or_default() += 1;
                }
                "ended" => truth.ended += 1,
                "refused" => truth.refused += 1,
                _ => {}
            }
        }
        truth.created.sort_unstable();
        truth
    }

    pub fn calls(&self) -> usize {
        self.created.len()
    }

    /// People who were called more than once.
    pub fn twice(&self) -> usize {
        self.by_number.values().filter(|calls| **calls > 1).count()
    }

    /// Most calls in any window of one second.
    pub fn busiest_second(&self) -> usize {
        let (mut most, mut first) = (0, 0);
        for (last, at) in self.created.iter().enumerate() {
            while at - self.created[first] >= 1000 {
                first += 1;
            }
            most = most.max(last - first + 1);
        }
        most
    }
}
