//! Durations as people write them in settings: `45s`, `15m`, `2h`, `1d`, `1h30m`.

use std::time::Duration;

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A year and a day: longer waits are mistakes.
const LONGEST: u64 = 366 * 86_400;

/// Reads a duration; `None` when the text is not one, or longer than a year. Units go from large to small, each at most once.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let (mut rest, mut seconds) = (text.trim(), 0_u64);
    if rest.is_empty() {
        return None;
    }
    for (unit, size) in UNITS {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if rest[digits..].starts_with(unit) {
            seconds = rest[..digits].parse::<u64>().ok()?.checked_mul(size)?.checked_add(seconds)?;
            rest = &rest[digits + 1..];
        }
    }
    (rest.is_empty() && seconds <= LONGEST).then(|| Duration::from_secs(seconds))
}

/// A duration in its largest whole unit, as [`parse`] reads it: `15m`, `90s`.
#[must_use]
pub fn text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let whole = UNITS.iter().find(|(_, size)| seconds > 0 && seconds.is_multiple_of(*size));
    whole.map_or("0s".to_owned(), |(unit, size)| format!("{}{unit}", seconds / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in [("45s", 45), ("15m", 900), ("2h", 7_200), ("1d", 86_400), ("1h30m", 5_400), (" 1d12h ", 129_600), ("0s", 0)]
        {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_alike() {
        for (seconds, expected) in [(45, "45s"), (90, "90s"), (900, "15m"), (7_200, "2h"), (86_400, "1d"), (0, "0s")] {
            let duration = Duration::from_secs(seconds);
            assert_eq!((text(duration).as_str(), parse(expected)), (expected, Some(duration)));
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "15", "m", "15 m", "-5m", "1.5h", "5m2h", "5mm", "2w", "99999999999999999999d", "400d", "15min"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
