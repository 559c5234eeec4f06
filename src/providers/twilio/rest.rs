//! The requests around a call: look at it, list calls, end it. All idempotent, so all repeated when that helps; but for the one
//! that hands a call to a person.

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use crate::domain::phone::PhoneNumber;
use crate::providers::wire::{http, retry};
use crate::providers::{Again, ProviderCall, ProviderError, Transfer};

use super::answer::{TwilioError, is_sid, refusal};
use super::{PROVIDER, TwilioSettings, twiml};

/// Twilio's largest page.
const PAGE_SIZE: &str = "1000";
/// A list that does not end within so many pages is not a list of calls to one number.
const MOST_PAGES: usize = 200;
/// "Call is not in progress": it is over already.
const NOT_IN_PROGRESS: u32 = 21220;

/// The REST side of the client, borrowed for one request.
pub struct Rest<'a> {
    pub(super) settings: &'a TwilioSettings,
    pub(super) http: &'a Client,
}

/// An answer as it came, before anybody decides what it means.
struct Answer {
    status: StatusCode,
    error: Option<ProviderError>,
    body: Vec<u8>,
}

impl Rest<'_> {
    /// One call; `None` when Twilio does not know it.
    pub async fn fetch(&self, call_sid: &str) -> Result<Option<ProviderCall>, ProviderError> {
        let path = self.call_path(call_sid)?;
        let answer = self.ask(|| self.request(Method::GET, &path)).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Ok(Some(answer.read::<CallJson>()?.into()))
    }

    /// Every call from us to a number. There is no filter by time: a queued call has no start time and would be missed.
    pub async fn list(&self, to: &PhoneNumber, from: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError> {
        let query = [("To", to.e164()), ("From", from.e164()), ("PageSize", PAGE_SIZE)];
        let first = format!("{}/Calls.json", self.settings.account_path());
        let mut page: Page = self.ask(|| self.request(Method::GET, &first).query(&query)).await?.read()?;
        let mut calls = Vec::new();
        for _ in 0..MOST_PAGES {
            calls.extend(page.calls.into_iter().map(ProviderCall::from));
            let Some(next) = page.next_page_uri.filter(|uri| !uri.is_empty()) else { return Ok(calls) };
            if !next.starts_with('/') {
                return Err(unusable("the next page is on another host"));
            }
            page = self.ask(|| self.request(Method::GET, &next)).await?.read()?;
        }
        Err(unusable("the list of calls does not end"))
    }

    /// Ends a call in any state.
    pub async fn end(&self, call_sid: &str) -> Result<(), ProviderError> {
        let answer = self.update(call_sid, "completed").await?;
        if answer.is_over() { Ok(()) } else { answer.read::<CallJson>().map(drop) }
    }

    /// Lets a live call go on with ringing a person. Sent once: a second time would ring them anew.
    pub async fn transfer(&self, call_sid: &str, transfer: &Transfer) -> Result<(), ProviderError> {
        let (path, twiml) = (self.call_path(call_sid)?, twiml::dial_person(transfer));
        let form = [("Twiml", twiml), ("TimeLimit", transfer.time_limit.as_secs().to_string())];
        Answer::of(self.request(Method::POST, &path).form(&form)).await?.read::<CallJson>().map(drop)
    }

    /// Takes a call back; when it was answered meanwhile (or keeps ringing all the same), ends it.
    pub async fn cancel(&self, call_sid: &str) -> Result<(), ProviderError> {
        let answer = self.update(call_sid, "canceled").await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        let live = answer.is_over() || is_live(&answer.read::<CallJson>()?.status);
        if live { self.end(call_sid).await } else { Ok(()) }
    }

    /// Takes a call back while nobody has answered it (`canceled` does nothing to a call that was); the call as it stands then.
    pub async fn take_back(&self, call_sid: &str) -> Result<Option<ProviderCall>, ProviderError> {
        let answer = self.update(call_sid, "canceled").await?;
        if answer.is_over() {
            return self.fetch(call_sid).await;
        }
        Ok(Some(answer.read::<CallJson>()?.into()))
    }

    /// Whether the account can be used.
    pub async fn check(&self) -> Result<(), ProviderError> {
        let path = format!("{}.json", self.settings.account_path());
        let account: AccountJson = self.ask(|| self.request(Method::GET, &path)).await?.read()?;
        match account.status.as_deref() {
            None | Some("active") => Ok(()),
            Some(status) => Err(unusable(&format!("the account is {status}"))),
        }
    }

    async fn update(&self, call_sid: &str, status: &str) -> Result<Answer, ProviderError> {
        let path = self.call_path(call_sid)?;
        self.ask(|| self.request(Method::POST, &path).form(&[("Status", status)])).await
    }

    fn call_path(&self, call_sid: &str) -> Result<String, ProviderError> {
        if is_sid(call_sid) {
            Ok(format!("{}/Calls/{call_sid}.json", self.settings.account_path()))
        } else {
            Err(unusable("that is not a call sid"))
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.settings.base_url.trim_end_matches('/'));
        self.http
            .request(method, url)
            .basic_auth(self.settings.user(), Some(self.settings.secret.expose_secret()))
            .header("accept", "application/json")
    }

    /// Repeats until there is an answer that will not change by asking again.
    async fn ask(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer, ProviderError> {
        retry::persist(self.settings.backoff, || Answer::of(request())).await
    }
}

impl Answer {
    async fn of(request: RequestBuilder) -> Result<Self, ProviderError> {
        let response = request.send().await.map_err(|e| http::failure(PROVIDER, &e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(|e| http::failure(PROVIDER, &e))?.to_vec();
        let error = (!status.is_success()).then(|| refusal(status, &headers, &body));
        match error {
            Some(error) if error.again != Again::No => Err(error),
            error => Ok(Self { status, error, body }),
        }
    }

    /// The call is gone, or Twilio says that it is not in progress.
    fn is_over(&self) -> bool {
        let code = || TwilioError::read(self.status, &self.body).and_then(|error| error.code);
        self.status == StatusCode::NOT_FOUND || (self.status.is_client_error() && code() == Some(NOT_IN_PROGRESS))
    }

    fn read<T: for<'de> Deserialize<'de>>(self) -> Result<T, ProviderError> {
        match self.error {
            Some(error) => Err(error),
            None => serde_json::from_slice(&self.body).map_err(|_| unreadable(self.status)),
        }
    }
}

/// `duration` is a string or null, `date_created` RFC 2822 or null; more fields come and go.
#[derive(Deserialize)]
struct CallJson {
    sid: String,
    status: String,
    duration: Option<String>,
    date_created: Option<String>,
    #[serde(default)]
    direction: String,
    answered_by: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    calls: Vec<CallJson>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct AccountJson {
    status: Option<String>,
}

impl From<CallJson> for ProviderCall {
    fn from(json: CallJson) -> Self {
        Self {
            call_sid: json.sid,
            status: json.status,
            duration_s: json.duration.and_then(|seconds| seconds.parse().ok()),
            created_at_ms: json.date_created.as_deref().and_then(moment),
            direction: json.direction,
            answered_by: json.answered_by,
        }
    }
}

/// Milliseconds since the epoch of an RFC 2822 date.
pub(super) fn moment(date: &str) -> Option<i64> {
    Some(jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_millisecond())
}

fn is_live(status: &str) -> bool {
    matches!(status, "queued" | "initiated" | "ringing" | "in-progress")
}

fn unusable(what: &str) -> ProviderError {
    ProviderError { provider: PROVIDER, what: what.to_owned(), status: None, again: Again::No }
}

fn unreadable(status: StatusCode) -> ProviderError {
    ProviderError { provider: PROVIDER, what: "unreadable answer".to_owned(), status: Some(status.as_u16()), again: Again::Yes }
}

#[cfg(test)]
mod tests;
