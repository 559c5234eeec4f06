//! What comes again and again in a list, kept once: a short figure stands for it.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Most words that are kept. A column in which every row says something else would otherwise cost more than it saves.
const MOST: usize = 1_000;

/// Words and their figures, from 0 in the order in which they came.
pub(super) struct Words<T> {
    figures: HashMap<T, u64>,
    words: Vec<T>,
}

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self { figures: HashMap::new(), words: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Words<T> {
    /// The figure of a word, which is kept if it is new; `None` when no more are kept.
    pub(super) fn figure<Q>(&mut self, word: &Q) -> Option<u64>
    where
        T: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = T> + ?Sized,
    {
        if let Some(figure) = self.figures.get(word) {
            return Some(*figure);
        }
        (self.words.len() < MOST).then(|| {
            let figure = self.words.len() as u64;
            self.figures.insert(word.to_owned(), figure);
            self.words.push(word.to_owned());
            figure
        })
    }

    /// The word of a figure.
    pub(super) fn word(&self, figure: u64) -> &T {
        &self.words[usize::try_from(figure).expect("a figure that was given out")]
    }

    /// None are kept any more.
    pub(super) fn clear(&mut self) {
        self.figures.clear();
        self.words.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_figure_and_a_full_table_takes_no_more() {
        let mut words: Words<String> = Words::default();
        let all: Vec<String> = (0..MOST).map(|n| n.to_string()).collect();
        for _ in 0..2 {
            let figures: Vec<u64> = all.iter().map(|word| words.figure(word.as_str()).unwrap()).collect();
            assert!(figures.iter().zip(&all).all(|(figure, word)| words.word(*figure) == word));
        }
        assert_eq!((words.figure("one more"), words.figure("7")), (None, Some(7)));
    }
}
