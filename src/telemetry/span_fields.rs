//! The fields of an event and of the spans around it, as far as they may be reported.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::allowed::{EXPLAINING, TAGS};

/// Allowed fields by their names, and the message.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Fields {
    /// What happened.
    pub message: String,
    /// What it happened to.
    pub named: BTreeMap<&'static str, String>,
}

impl Fields {
    /// Those of a span and of all around it; the innermost value of a name counts.
    pub fn around<'a, S>(span: Option<SpanRef<'a, S>>) -> Self
    where
        S: Subscriber + LookupSpan<'a>,
    {
        let mut all = Self::default();
        for span in span.into_iter().flat_map(|span| span.scope()) {
            let extensions = span.extensions();
            for (name, value) in extensions.get::<Self>().into_iter().flat_map(|own| &own.named) {
                all.named.entry(*name).or_insert_with(|| value.clone());
            }
        }
        all
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let name = field.name();
        if name == "message" {
            self.message.clear();
            let _ = write!(self.message, "{value:?}");
        } else if TAGS.contains(&name) || EXPLAINING.contains(&name) {
            self.named.insert(name, format!("{value:?}"));
        }
    }
}
