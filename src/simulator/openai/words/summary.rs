//! A summary without a model: the first and the last words of the one who was called.

use std::sync::LazyLock;

use regex::Regex;

/// A line of a transcript that the called person spoke, as `Lead: …` or as JSON with a speaker and a text.
static SPOKEN: LazyLock<Regex> = LazyLock::new(|| {
    let plain = r"^\W*(?:\[[^\]]*\]\s*)?(?:caller|callee|lead|customer|user|person|them|human)\b[^:\n]{0,24}:\s*(?P<plain>\S.*)$";
    let json = r#""(?:speaker|role|who)"\s*:\s*"(?:caller|callee|lead|customer|user|person|them|human)".*?"(?:text|content|words)"\s*:\s*"(?P<json>[^"]*)""#;
    Regex::new(&format!("(?im){plain}|{json}")).expect("a fixed expression, read by the tests")
});

const LONGEST: usize = 12;

/// Whether a field of this name wants prose about the conversation.
#[must_use]
pub fn asks_for_one(name: &str) -> bool {
    let name = name.to_lowercase();
    ["summary", "note", "reason", "explanation", "rationale", "headline", "comment"].iter().any(|word| name.contains(word))
}

/// One or two sentences about a conversation.
#[must_use]
pub fn of(conversation: &str) -> String {
    let spoken: Vec<&str> = SPOKEN
        .captures_iter(conversation)
        .filter_map(|found| found.name("plain").or(found.name("json")))
        .map(|found| found.as_str().trim())
        .collect();
    let spoken = if spoken.is_empty() { conversation.lines().map(str::trim).filter(|line| !line.is_empty()).collect() } else { spoken };
    match (spoken.first(), spoken.last()) {
        (Some(first), Some(last)) if spoken.len() > 1 => {
            format!("The caller began with \"{}\" and ended with \"{}\".", shortened(first), shortened(last))
        }
        (Some(only), _) => format!("The caller said \"{}\".", shortened(only)),
        (None, _) => "Nothing was said.".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let more = if words.len() > LONGEST { " …" } else { "" };
    words[..words.len().min(LONGEST)].join(" ") + more
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_transcript_is_summed_up_by_what_the_called_person_said() {
        let transcript =
            "Transcript:\nAgent: Hello, may I ask about your roof?\nLead: Who is this?\nAgent: An AI.\nLead: Call me tomorrow.";
        assert_eq!(of(transcript), "The caller began with \"Who is this?\" and ended with \"Call me tomorrow.\".");
        let json = r#"[{"speaker":"agent","text":"Hello"},{"speaker":"lead","text":"Yes please"}]"#;
        assert_eq!(of(json), "The caller said \"Yes please\".");
        assert_eq!(of("just words"), "The caller said \"just words\".");
        assert_eq!(of(""), "Nothing was said.");
    }
}
