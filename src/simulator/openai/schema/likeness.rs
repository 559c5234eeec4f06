//! The plainest string or number that a schema's limits allow.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Value, json};

/// The plainest string: empty, unless a pattern, a format or a length asks for more.
#[must_use]
pub fn string_like(schema: &Value) -> String {
    if let Some(hir) = schema["pattern"].as_str().and_then(|pattern| regex_syntax::parse(pattern).ok()) {
        let mut text = String::new();
        write_match(&hir, &mut text);
        return text;
    }
    let text = schema["format"].as_str().map_or("", of_format);
    let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(0)).unwrap_or(0);
    let missing = least.saturating_sub(text.chars().count());
    format!("{text}{}", "x".repeat(missing))
}

fn of_format(format: &str) -> &'static str {
    match format {
        "date-time" => "2026-01-05T10:00:00Z",
        "date" => "2026-01-05",
        "time" => "10:00:00Z",
        "duration" => "PT1H",
        "email" => "someone@example.com",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "uri" => "https://example.com/",
        _ => "",
    }
}

/// Writes a short text the expression matches: the first alternative, the fewest repetitions.
fn write_match(hir: &Hir, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.extend(plainest(class)),
        HirKind::Repetition(repeated) => (0..repeated.min).for_each(|_| write_match(&repeated.sub, text)),
        HirKind::Capture(group) => write_match(&group.sub, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write_match(part, text)),
        HirKind::Alternation(choices) => choices.iter().take(1).for_each(|choice| write_match(choice, text)),
    }
}

/// A letter or digit of the class where it has one.
fn plainest(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return Some('a') };
    let has = |wanted: &char| class.iter().any(|range| (range.start()..=range.end()).contains(wanted));
    ['a', 'A', '1'].into_iter().find(has).or_else(|| class.iter().next().map(regex_syntax::hir::ClassUnicodeRange::start))
}

/// The number nearest to zero that the limits allow.
#[must_use]
pub fn number_like(schema: &Value) -> Value {
    let whole = super::types(schema).any(|name| name == "integer");
    let bound = |name: &str| schema[name].as_f64();
    let step = bound("multipleOf").unwrap_or(if whole { 1.0 } else { 0.5 });
    let above = bound("exclusiveMinimum").map(|least| ((least / step).floor() + 1.0) * step);
    let below = bound("exclusiveMaximum").map(|most| ((most / step).ceil() - 1.0) * step);
    let least = bound("minimum").map(|least| (least / step).ceil() * step).into_iter().chain(above).fold(f64::NEG_INFINITY, f64::max);
    let most = bound("maximum").map(|most| (most / step).floor() * step).into_iter().chain(below).fold(f64::INFINITY, f64::min);
    let number = 0.0_f64.max(least).min(most);
    #[expect(clippy::cast_possible_truncation, reason = "a whole number within a schema's limits")]
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}
