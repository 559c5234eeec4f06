//! TwiML: what a call does when it is answered.

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
    use super::*;

    #[test]
    fn writes_the_verbs_in_order() {
        let xml = connect_stream("wss://app.example/media", &[("token".into(), "t1".into())], "Sorry.");
        assert_eq!(
            xml,
            r#"<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://app.example/media"><Parameter name="token" value="t1"/></Stream></Connect><Say>Sorry.</Say><Hangup/></Response>"#
        );
    }

    #[test]
    fn nothing_in_a_value_can_become_markup() {
        let xml = connect_stream("wss://a/m", &[("a\"b".into(), "</Stream>&'\u{0}\n".into())], "5 < 6 & \"so\"");
        assert!(xml.contains(r#"name="a&quot;b" value="&lt;/Stream&gt;&amp;&apos;&#10;"/>"#), "{xml}");
        assert!(xml.contains("<Say>5 &lt; 6 &amp; &quot;so&quot;</Say>"), "{xml}");
    }
}
