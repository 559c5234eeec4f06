//! TwiML as a tree of verbs. What the verbs do is [`super::verbs`].

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

/// A verb or a noun inside one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

/// Not TwiML.
#[derive(Debug, thiserror::Error)]
pub(super) enum TwimlError {
    #[error("not well-formed XML: {0}")]
    Xml(#[from] quick_xml::Error),
    #[error("a broken attribute: {0}")]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    #[error("the document is not one <Response>")]
    NotAResponse,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A whole number, or the default when missing or unreadable.
    pub(super) fn number(&self, name: &str, default: u64) -> u64 {
        self.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Reads a document; gives its `<Response>`.
pub(super) fn parse(xml: &str) -> Result<Element, TwimlError> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{FEFF}').trim());
    // The first entry stands for the document and collects its one root.
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event()? {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => close(&mut open, element(&start)?),
            Event::End(_) => {
                if let Some(done) = open.pop() {
                    close(&mut open, done);
                }
            }
            Event::Text(text) => append(&mut open, &text.decode().map_err(quick_xml::Error::from)?),
            Event::CData(text) => append(&mut open, &text.decode().map_err(quick_xml::Error::from)?),
            Event::GeneralRef(reference) => {
                let named = reference.decode().map_err(quick_xml::Error::from)?;
                match reference.resolve_char_ref()? {
                    Some(character) => append(&mut open, character.encode_utf8(&mut [0; 4])),
                    None => append(&mut open, resolve_predefined_entity(&named).unwrap_or_default()),
                }
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    let document = open.pop().filter(|_| open.is_empty()).unwrap_or_default();
    match <[Element; 1]>::try_from(document.children) {
        Ok([response]) if response.name == "Response" => Ok(response),
        _ => Err(TwimlError::NotAResponse),
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, TwimlError> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute?;
        let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        attributes.push((name, attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned()));
    }
    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    Ok(Element { name, attributes, ..Element::default() })
}

fn close(open: &mut [Element], done: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(done);
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_with_parameters_and_an_apology() {
        let response = parse(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n <Connect><Stream url=\"wss://app.example/media\">\
             <Parameter name=\"token\" value=\"a&amp;b &quot;c&quot;\"/></Stream></Connect><Say>Sorry &amp; goodbye&#33;</Say><Hangup/></Response>",
        )
        .unwrap();
        let names: Vec<&str> = response.children.iter().map(|verb| verb.name.as_str()).collect();
        assert_eq!(names, ["Connect", "Say", "Hangup"]);
        let stream = response.child("Connect").unwrap().child("Stream").unwrap();
        assert_eq!(stream.attribute("url"), Some("wss://app.example/media"));
        assert_eq!(stream.children[0].attribute("value"), Some("a&b \"c\""));
        assert_eq!(response.children[1].text, "Sorry & goodbye!");
    }

    #[test]
    fn what_is_no_response_is_refused() {
        for wrong in ["", "<Say>Hi</Say>", "<Response><Say></Response>", "<Response>", "{\"a\":1}", "<Response/><Response/>"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse("<Response/>").unwrap().children, []);
    }
}
