//! The forms in which most lists write North American numbers, read without the slow rules.

use std::borrow::Cow;

use phonenumber::country::Id;

use super::Region;

/// A cell that is `+1` and ten digits already.
pub(super) fn north_american(text: &str) -> Option<Cow<'_, str>> {
    let digits = text.strip_prefix("+1")?;
    (digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(Cow::Borrowed(text))
}

/// The forms in which most American lists write numbers; `d` is a digit.
pub(super) const USUAL_FORMS: [&str; 9] = [
    "dddddddddd",
    "ddd-ddd-dddd",
    "(ddd) ddd-dddd",
    "(ddd)ddd-dddd",
    "ddd.ddd.dddd",
    "ddd ddd dddd",
    "1dddddddddd",
    "1-ddd-ddd-dddd",
    "1 (ddd) ddd-dddd",
];

/// A national number of the United States or Canada in a usual form, read without the slow rules.
pub(super) fn usual_form<'a>(text: &str, region: Option<Region>) -> Option<Cow<'a, str>> {
    let fits = |form: &&str| {
        form.len() == text.len()
            && form.bytes().zip(text.bytes()).all(|(form, byte)| if form == b'd' { byte.is_ascii_digit() } else { form == byte })
    };
    let american = region.is_some_and(|region| matches!(region.0, Id::US | Id::CA));
    if !american || !USUAL_FORMS.iter().any(fits) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let national = digits.get(digits.len().checked_sub(10)?..)?;
    // A national number does not begin with 0 or 1; the rules know what that is instead.
    (!national.starts_with(['0', '1'])).then(|| Cow::Owned(format!("+1{national}")))
}
