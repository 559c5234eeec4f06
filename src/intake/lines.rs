//! Counting lines.

use memchr::memchr2_iter;

/// A place in a text, by its line from 1. LF, CR LF and CR each end a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    line: u64,
    after_cr: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self { line: 1, after_cr: false }
    }
}

impl Lines {
    /// The line of what comes next.
    pub(super) const fn line(self) -> u64 {
        self.line
    }

    /// The place behind `text`. A CR LF may be cut in its middle.
    pub(super) fn behind(self, text: &[u8]) -> Self {
        let before = |at: usize| at.checked_sub(1).map_or(self.after_cr, |before| text[before] == b'\r');
        let ends = memchr2_iter(b'\r', b'\n', text).filter(|at| text[*at] == b'\r' || !before(*at));
        let after_cr = text.last().map_or(self.after_cr, |last| *last == b'\r');
        Self { line: self.line + ends.count() as u64, after_cr }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_ending_counts_once_wherever_the_text_is_cut(text in "[\r\na]{0,24}", cut in 0_usize..25) {
            let ends = text.replace("\r\n", "\n").replace('\r', "\n").matches('\n').count() as u64;
            let (before, after) = text.as_bytes().split_at(cut.min(text.len()));
            prop_assert_eq!(Lines::default().behind(before).behind(after).line(), 1 + ends);
        }
    }
}
