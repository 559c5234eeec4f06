//! Speech as plain tokens: lower case, contractions opened ("don't" → "do not"), punctuation turned into breaks.
//!
//! What a speech service writes differs in commas, apostrophes and "p.m."; after this step it does not.

mod slip;
mod speech;

pub(super) use slip::DOUBTFUL;

/// Where one clause ends and another begins.
pub(super) const BREAK: &str = ",";

/// The tokens of an utterance; never two breaks in a row, none at the ends.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for piece in pieces(text) {
        if piece != BREAK {
            out.extend(open_up(&piece));
        } else if out.last().is_some_and(|last| last != BREAK) {
            out.push(piece);
        }
    }
    if out.last().is_some_and(|last| last == BREAK) {
        out.pop();
    }
    speech::plainly(out)
}

/// Words, figures and breaks. Hyphens separate; a dot, colon or slash between digits stays.
fn pieces(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace(['\u{2019}', '\u{2018}', '`'], "'").replace("p.m", "pm").replace("a.m", "am");
    let text = ["mr.", "mrs.", "ms.", "dr."].iter().fold(text, |text, title| text.replace(title, title.trim_end_matches('.')));
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut word) = (Vec::new(), String::new());
    for (index, &c) in chars.iter().enumerate() {
        let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
        let inside_figure = matches!(c, ':' | '.') && index > 0 && digit(index - 1) && digit(index + 1);
        let inside_date = c == '/' && index > 0 && digit(index - 1) && digit(index + 1);
        if c.is_alphanumeric() || c == '\'' || inside_figure || inside_date {
            word.push(if inside_figure { ':' } else { c });
            continue;
        }
        if !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        if matches!(c, ',' | '.' | ';' | '!' | '?' | '\n' | '\u{2014}' | '\u{2026}') {
            out.push(BREAK.to_owned());
        }
    }
    out.extend((!word.is_empty()).then_some(word));
    out
}

/// One written word as the words it stands for.
fn open_up(word: &str) -> Vec<String> {
    let word = word.trim_matches('\'');
    let whole = match word {
        "" => "",
        "won't" | "wont" => "will not",
        "can't" | "cant" | "cannot" => "can not",
        "dont" => "do not",
        "doesnt" => "does not",
        "didnt" => "did not",
        "isnt" => "is not",
        "wouldnt" => "would not",
        "im" => "i am",
        "youre" => "you are",
        "ill" => "i will",
        "gonna" => "going to",
        "wanna" => "want to",
        "gotta" => "got to",
        "o'clock" => "oclock",
        "ma'am" => "maam",
        "y'all" | "yall" => "you all",
        "let's" => "let us",
        "till" => "til",
        "gimme" => "give me",
        "lemme" => "let me",
        "tonite" | "2nite" => "tonight",
        "tmrw" | "tmr" | "2moro" | "2morrow" | "tomoro" | "tommoro" | "tommorow" => "tomorrow",
        "weds" | "wedsday" | "wensday" | "wendsday" => "wednesday",
        "fortnight" => "two weeks",
        _ => match slip::meant(word) {
            Some(meant) => meant,
            None => return figures(word),
        },
    };
    whole.split_whitespace().map(str::to_owned).collect()
}

fn figures(word: &str) -> Vec<String> {
    const ENDINGS: [(&str, &str); 7] =
        [("n't", " not"), ("'m", " am"), ("'re", " are"), ("'ll", " will"), ("'ve", " have"), ("'d", " would"), ("ish", "")];
    const WITH_IS: [&str; 12] = ["it", "that", "he", "she", "this", "there", "here", "who", "what", "where", "everything", "someone"];
    if let Some(stem) = word.strip_suffix("'s") {
        let is = if WITH_IS.contains(&stem) { " is" } else { "" };
        return format!("{stem}{is}").split(' ').map(str::to_owned).collect();
    }
    for (ending, instead) in ENDINGS {
        let Some(stem) = word.strip_suffix(ending).filter(|stem| !stem.is_empty()) else { continue };
        if ending != "ish" || is_hour(stem) {
            return format!("{stem}{instead}").split(' ').map(str::to_owned).collect();
        }
    }
    split_figure(word)
}

fn is_hour(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit()) || super::figure::small(word).is_some() || word == "noon"
}

/// `5pm` → `5 pm`, `10:30am` → `10:30 am`, `2h` → `2 hours`; `5th` stays.
fn split_figure(word: &str) -> Vec<String> {
    let digits = word.bytes().take_while(|b| b.is_ascii_digit() || *b == b':').count();
    let (figure, rest) = word.split_at(digits);
    let rest = match rest {
        "p" | "pm" => "pm",
        "a" | "am" => "am",
        "m" | "min" | "mins" => "minutes",
        "h" | "hr" | "hrs" => "hours",
        _ => return vec![word.to_owned()],
    };
    if figure.is_empty() { vec![word.to_owned()] } else { vec![figure.to_owned(), rest.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_speech_plainly() {
        let cases = [
            ("Don't call me, I'll call you!", "do not call me , i will call you"),
            ("Tomorrow at 5:30 p.m.", "tomorrow at 5:30 pm"),
            ("five-thirty, 5ish?", "five thirty , 5"),
            ("I can\u{2019}t \u{2014} it's John's phone", "i can not , it is john phone"),
            ("at 5.30pm o'clock", "at 5:30 pm oclock"),
            ("no later than 8", "by 8"),
            ("uh five o clock, um, 9 a m", "five oclock , 9 am"),
            ("in a fortnight", "in a two weeks"),
            ("tommorow mornin' or wensday", "tomorrow morning or wednesday"),
            ("munday", DOUBTFUL),
            ("  ...  ", ""),
        ];
        for (said, plain) in cases {
            assert_eq!(tokens(said).join(" "), plain, "{said}");
        }
    }
}
