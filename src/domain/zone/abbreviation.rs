//! What people and lists call a zone: "EST", "Pacific". Spoken they name a clock; written for a place they are a slip.

/// The IANA zone that is meant by an abbreviation or a region's word, in any case.
#[must_use]
pub fn abbreviated(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "eastern" | "est" | "edt" | "et" | "est5edt" => "America/New_York",
        "central" | "cst" | "cdt" | "ct" | "cst6cdt" => "America/Chicago",
        "mountain" | "mst" | "mdt" | "mt" | "mst7mdt" => "America/Denver",
        "pacific" | "pst" | "pdt" | "pt" | "pst8pdt" => "America/Los_Angeles",
        "hst" => "Pacific/Honolulu",
        "gmt" | "utc" => "Etc/UTC",
        "bst" | "uk" => "Europe/London",
        "cet" | "cest" => "Europe/Paris",
        "ist" => "Asia/Kolkata",
        "aest" | "aedt" => "Australia/Sydney",
        _ => return None,
    })
}
