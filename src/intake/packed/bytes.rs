//! Figures and texts, one behind the other in one buffer.

/// Seven bits of a figure stand in a byte; this one says that more follow.
const MORE: u8 = 0x80;

/// Adds a figure: small ones take one byte.
pub(super) fn put_figure(bytes: &mut Vec<u8>, mut figure: u64) {
    while figure >= u64::from(MORE) {
        bytes.push(figure.to_le_bytes()[0] | MORE);
        figure >>= 7;
    }
    bytes.push(figure.to_le_bytes()[0]);
}

/// Adds a text with its length.
pub(super) fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_figure(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// Takes out what was put in, in the same order.
pub(super) struct Taken<'a>(pub(super) &'a [u8]);

impl<'a> Taken<'a> {
    pub(super) fn figure(&mut self) -> u64 {
        let (mut figure, mut shift) = (0, 0);
        loop {
            let (byte, rest) = self.0.split_first().expect("a figure was put here");
            self.0 = rest;
            figure |= u64::from(byte & !MORE) << shift;
            if byte & MORE == 0 {
                return figure;
            }
            shift += 7;
        }
    }

    pub(super) fn text(&mut self) -> &'a str {
        let length = usize::try_from(self.figure()).expect("the length of a text in memory");
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).expect("a text was put here")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_in_comes_out(items in proptest::collection::vec((0_u32..64, any::<u64>(), "\\PC{0,200}"), 0..9)) {
            let mut bytes = Vec::new();
            for (shift, figure, text) in &items {
                put_figure(&mut bytes, figure >> shift);
                put_text(&mut bytes, text);
            }
            let mut taken = Taken(&bytes);
            for (shift, figure, text) in &items {
                prop_assert_eq!(taken.figure(), figure >> shift);
                prop_assert_eq!(taken.text(), text);
            }
            prop_assert!(taken.0.is_empty());
        }
    }
}
