//! Cuts a streamed reply into sentences, so that the mouth starts before the model has finished.

/// A first piece this long is cut at a clause, so that the callee does not wait for a long sentence.
const FIRST_CLAUSE_FROM: usize = 60;
/// No clause shorter than this is worth a piece of its own.
const CLAUSE_AT_LEAST: usize = 24;
/// A piece never grows beyond this, sentence or not.
const LONGEST: usize = 280;
/// Words whose full stop ends no sentence.
const ABBREVIATIONS: [&str; 15] = ["mr", "mrs", "ms", "dr", "st", "no", "vs", "e.g", "i.e", "approx", "inc", "jr", "sr", "prof", "p.m"];

/// Text of one reply, handed out sentence by sentence.
#[derive(Debug, Clone, Default)]
pub struct Sentences {
    buffer: String,
    handed_out: u32,
}

impl Sentences {
    /// Takes more text of the model.
    pub fn push(&mut self, text: &str) {
        self.buffer.push_str(text);
    }

    /// The next complete piece, as soon as it is certain that it is complete.
    pub fn next_piece(&mut self) -> Option<String> {
        loop {
            let end = self.sentence_end().or_else(|| self.clause_end()).or_else(|| self.forced_end())?;
            if let Some(piece) = self.take(end) {
                return Some(piece);
            }
        }
    }

    /// What is left when the model has finished.
    pub fn finish(&mut self) -> Option<String> {
        self.take(self.buffer.len())
    }

    fn take(&mut self, end: usize) -> Option<String> {
        let rest = self.buffer.split_off(end);
        let piece = std::mem::replace(&mut self.buffer, rest).trim().to_owned();
        if piece.is_empty() {
            return None;
        }
        self.handed_out += 1;
        Some(piece)
    }

    fn sentence_end(&self) -> Option<usize> {
        self.buffer.char_indices().find_map(|(at, c)| {
            let end = at + c.len_utf8();
            match c {
                '\n' => Some(end),
                '?' | '!' | '…' => self.buffer[end..].starts_with(char::is_whitespace).then_some(end),
                '.' => self.full_stop_ends(at).then_some(end),
                _ => None,
            }
        })
    }

    /// `$29.` may become `$29.99` and `Dr.` goes on; only what follows decides.
    fn full_stop_ends(&self, at: usize) -> bool {
        let (before, after) = (&self.buffer[..at], &self.buffer[at + 1..]);
        if !after.starts_with(char::is_whitespace) {
            return false;
        }
        let word = before.rsplit(char::is_whitespace).next().unwrap_or(before).trim_start_matches(['(', '"', '\'']);
        if word.chars().all(|c| c.is_alphabetic() || c == '\'') && word.chars().count() > 1 {
            return !ABBREVIATIONS.contains(&word.to_lowercase().as_str());
        }
        if ABBREVIATIONS.contains(&word.to_lowercase().as_str()) || word.chars().count() == 1 && word != "I" {
            return false;
        }
        after.trim_start().chars().next().is_some_and(char::is_uppercase)
    }

    fn clause_end(&self) -> Option<usize> {
        if self.handed_out > 0 || self.buffer.len() < FIRST_CLAUSE_FROM {
            return None;
        }
        let clauses = self.buffer.match_indices([',', ';', ':', '–']).map(|(at, mark)| at + mark.len());
        clauses.filter(|end| self.buffer[*end..].starts_with(' ')).find(|end| *end >= CLAUSE_AT_LEAST)
    }

    fn forced_end(&self) -> Option<usize> {
        if self.buffer.len() <= LONGEST {
            return None;
        }
        let limit = (0..=LONGEST).rev().find(|at| self.buffer.is_char_boundary(*at)).unwrap_or(0);
        Some(self.buffer[..limit].rfind(' ').map_or(limit, |at| at + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::Sentences;

    fn pieces(tokens: &[&str]) -> Vec<String> {
        let mut sentences = Sentences::default();
        let mut out = Vec::new();
        for token in tokens {
            sentences.push(token);
            out.extend(std::iter::from_fn(|| sentences.next_piece()));
        }
        out.extend(sentences.finish());
        out
    }

    #[test]
    fn cuts_at_sentence_ends_as_they_arrive() {
        let mut sentences = Sentences::default();
        sentences.push("Good morning.");
        assert_eq!(sentences.next_piece(), None, "what follows is not known yet");
        sentences.push(" How are");
        assert_eq!(sentences.next_piece().as_deref(), Some("Good morning."));
        assert_eq!(sentences.finish().as_deref(), Some("How are"));
    }

    #[test]
    fn numbers_and_abbreviations_do_not_end_a_sentence() {
        assert_eq!(pieces(&["It is $29", ".", "99 a month. Fine?"]), ["It is $29.99 a month.", "Fine?"]);
        assert_eq!(pieces(&["It is $29. ", "Fine?"]), ["It is $29.", "Fine?"]);
        assert_eq!(pieces(&["About 3.5 percent. Yes"]), ["About 3.5 percent.", "Yes"]);
        assert_eq!(pieces(&["Ask Dr. Gray at 5 p.m. on Monday. Bye!"]), ["Ask Dr. Gray at 5 p.m. on Monday.", "Bye!"]);
    }

    #[test]
    fn a_long_first_sentence_is_cut_at_a_clause_and_later_ones_are_not() {
        let long = "Thank you for taking the time to talk with me, because the offer that I would like to explain ends";
        assert_eq!(pieces(&[long])[0], "Thank you for taking the time to talk with me,");
        assert_eq!(pieces(&["Yes. ", long]).len(), 2);
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_endless() {
        let endless = "word ".repeat(200);
        let cut = pieces(&[&endless]);
        assert!(cut.iter().all(|piece| piece.len() <= 280), "{cut:?}");
        assert_eq!(cut.join(" "), endless.trim());
    }
}
