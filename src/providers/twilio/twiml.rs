//! TwiML: what a call does when it is answered, and when it is handed to a person.

use crate::providers::{RING_PERSON, Transfer};

/// The whole program of a call of ours: connect the media stream, and if that ever returns, apologise and hang up.
///
/// Verbs after `<Connect>` run only when our end of the stream closes first, so a call that ends well never gets there.
/// The stream's URL must not carry a query; what the stream has to know travels as `<Parameter>`s.
#[must_use]
pub fn connect_stream(media_url: &str, parameters: &[(String, String)], apology: &str) -> String {
    let mut xml = String::with_capacity(512);
    xml.push_str(r#"<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url=""#);
    escape(&mut xml, media_url);
    xml.push_str(r#"">"#);
    for (name, value) in parameters {
        parameter(&mut xml, name, value);
    }
    xml.push_str("</Stream></Connect>");
    if !apology.is_empty() {
        xml.push_str("<Say>");
        escape(&mut xml, apology);
        xml.push_str("</Say>");
    }
    xml.push_str("<Hangup/></Response>");
    xml
}

/// Rings a person for the callee. `answered` of their leg is told at once; what came of it in the end is asked about. That question
/// is answered whether or not the news could be kept, so the leg's end is told as well, and told again when it was not kept.
#[must_use]
pub fn dial_person(transfer: &Transfer) -> String {
    let mut xml = String::with_capacity(512);
    xml.push_str(r#"<?xml version="1.0" encoding="UTF-8"?><Response><Dial action=""#);
    escape(&mut xml, &transfer.result_url);
    xml.push_str(&format!(r#"" timeout="{}" callerId=""#, RING_PERSON.as_secs()));
    escape(&mut xml, transfer.from.e164());
    xml.push_str(r#""><Number statusCallbackEvent="answered completed" statusCallback=""#);
    escape(&mut xml, &transfer.result_url);
    xml.push_str(r#"">"#);
    escape(&mut xml, transfer.to.e164());
    xml.push_str("</Number></Dial></Response>");
    xml
}

/// The end of a call, with last words where there are any.
#[must_use]
pub fn hang_up(last_words: Option<&str>) -> String {
    let mut xml = r#"<?xml version="1.0" encoding="UTF-8"?><Response>"#.to_owned();
    if let Some(words) = last_words {
        xml.push_str("<Say>");
        escape(&mut xml, words);
        xml.push_str("</Say>");
    }
    xml.push_str("<Hangup/></Response>");
    xml
}

fn parameter(xml: &mut String, name: &str, value: &str) {
    xml.push_str(r#"<Parameter name=""#);
    escape(xml, name);
    xml.push_str(r#"" value=""#);
    escape(xml, value);
    xml.push_str(r#""/>"#);
}

/// Escapes for element text and double-quoted attributes alike; characters that XML 1.0 forbids are dropped.
fn escape(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            '\t' | '\n' | '\r' => xml.push_str(&format!("&#{};", u32::from(c))),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_ascii_control() => {}
            c => xml.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::phone::PhoneNumber;

    #[test]
    fn writes_the_verbs_in_order() {
        let xml = connect_stream("wss://app.example/media", &[("token".into(), "t1".into())], "Sorry.");
        assert_eq!(
            xml,
            r#"<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://app.example/media"><Parameter name="token" value="t1"/></Stream></Connect><Say>Sorry.</Say><Hangup/></Response>"#
        );
    }

    #[test]
    fn rings_a_person_and_ends_with_or_without_words() {
        let number = |e164| PhoneNumber::from_e164(e164).unwrap();
        let transfer = Transfer {
            to: number("+14155550199"),
            from: number("+14155550100"),
            result_url: "https://app.example/t?a&b".to_owned(),
            time_limit: Duration::from_secs(3_600),
        };
        assert_eq!(
            dial_person(&transfer),
            r#"<?xml version="1.0" encoding="UTF-8"?><Response><Dial action="https://app.example/t?a&amp;b" timeout="20" callerId="+14155550100"><Number statusCallbackEvent="answered completed" statusCallback="https://app.example/t?a&amp;b">+14155550199</Number></Dial></Response>"#
        );
        assert!(hang_up(None).ends_with("<Response><Hangup/></Response>"));
        assert!(hang_up(Some("Sorry & bye")).ends_with("<Response><Say>Sorry &amp; bye</Say><Hangup/></Response>"));
    }

    #[test]
    fn nothing_in_a_value_can_become_markup() {
        let xml = connect_stream("wss://a/m", &[("a\"b".into(), "</Stream>&'\u{0}\n".into())], "5 < 6 & \"so\"");
        assert!(xml.contains(r#"name="a&quot;b" value="&lt;/Stream&gt;&amp;&apos;&#10;"/>"#), "{xml}");
        assert!(xml.contains("<Say>5 &lt; 6 &amp; &quot;so&quot;</Say>"), "{xml}");
    }
}
