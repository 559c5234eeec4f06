//! Gets the TwiML a call goes on with: inline, or asked from the customer, or from their fallback.

use super::form::Hook;
use super::order::Source;
use super::progress::about;
use super::session::{Interrupt, Session};
use super::twiml::{self, Element};
use super::webhook::{Params, Webhook, param};

/// What is spoken when no usable TwiML can be had.
pub(super) const APPLICATION_ERROR: &str = "We are sorry, an application error has occurred. Goodbye.";

/// TwiML and the URL its relative URLs refer to.
pub(super) struct Document {
    pub response: Element,
    pub base: Option<String>,
}

/// The document, or `None` when neither source nor fallback gave one.
pub(super) async fn obtain(
    session: &mut Session,
    source: &Source,
    fallback: Option<&Hook>,
    extra: Params,
) -> Result<Option<Document>, Interrupt> {
    let hook = match source {
        Source::Inline(twiml) => return Ok(read(session, twiml, None)),
        Source::Url(hook) => hook,
    };
    let failed = match ask(session, hook, extra).await? {
        Ok(document) => return Ok(Some(document)),
        Err(code) => code,
    };
    session.twilio.notices.give(failed, &session.call.sid, "the TwiML of a call could not be had");
    let Some(fallback) = fallback else { return Ok(None) };
    let extra = vec![param("ErrorCode", failed.to_string()), param("ErrorUrl", &hook.url)];
    Ok(ask(session, fallback, extra).await?.ok())
}

/// The outer result is the call's, the inner one the request's, with Twilio's error code.
async fn ask(session: &mut Session, hook: &Hook, extra: Params) -> Result<Result<Document, u32>, Interrupt> {
    let account = session.twilio.account();
    let mut params = about(&session.call, &account.account_sid, session.call.status().as_str());
    params.extend(extra);
    let webhook = Webhook::new(&account.auth_token, hook, &params);
    let http = session.twilio.http.clone();
    match session.meanwhile(webhook.send(&http)).await? {
        Ok(body) => Ok(read(session, &body, Some(&hook.url)).ok_or(12_100)),
        Err(error) => {
            tracing::debug!(%error, "a TwiML request failed");
            Ok(Err(11_200))
        }
    }
}

fn read(session: &Session, twiml: &str, base: Option<&str>) -> Option<Document> {
    match twiml::parse(twiml) {
        Ok(response) => Some(Document { response, base: base.map(str::to_owned) }),
        Err(error) => {
            tracing::debug!(%error, "unreadable TwiML");
            session.twilio.notices.give(12_100, &session.call.sid, "the TwiML of a call is not readable");
            None
        }
    }
}

impl Document {
    /// An attribute's URL, made absolute.
    pub(super) fn hook(&self, url: &str, method: Option<&str>) -> Option<Hook> {
        let method = method.and_then(super::form::Method::parse).unwrap_or_default();
        if super::form::is_web_url(url) {
            return Some(Hook { url: url.to_owned(), method });
        }
        let base = url::Url::parse(self.base.as_deref()?).ok()?;
        Some(Hook { url: base.join(url).ok()?.to_string(), method })
    }
}
