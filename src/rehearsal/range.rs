//! A figure over several runs: the lowest and the highest it came to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// From `low` to `high`, both met by a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Range<T> {
    /// The lowest.
    pub low: T,
    /// The highest.
    pub high: T,
}

impl<T: Copy + PartialOrd> Range<T> {
    /// Over all values; `None` without one.
    pub fn of(values: impl IntoIterator<Item = T>) -> Option<Self> {
        values.into_iter().fold(None, |range, value| {
            let Self { low, high } = range.unwrap_or(Self { low: value, high: value });
            Some(Self { low: if value < low { value } else { low }, high: if value > high { value } else { high } })
        })
    }
}

/// Counts by word over several runs; a run without the word counts 0 for it.
pub fn by_word<'a, K: Ord + ToString + 'a>(runs: impl Iterator<Item = &'a BTreeMap<K, u64>> + Clone) -> BTreeMap<String, Range<u64>> {
    let words: BTreeSet<&K> = runs.clone().flat_map(BTreeMap::keys).collect();
    let range = move |word: &K| Range::of(runs.clone().map(|run| run.get(word).copied().unwrap_or(0)));
    words.into_iter().filter_map(|word| Some((word.to_string(), range(word)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_run_lacks_counts_nothing_there() {
        let runs = [BTreeMap::from([("a", 3), ("b", 1)]), BTreeMap::from([("a", 5)])];
        let ranges = by_word(runs.iter());
        assert_eq!((ranges["a"], ranges["b"]), (Range { low: 3, high: 5 }, Range { low: 0, high: 1 }));
        assert_eq!(Range::<u64>::of([]), None);
    }
}
