//! Does the public URL lead here? A nonce is sent by way of it, and only a process with this deployment's key answers it right.
//!
//! When no process listens on `hooks.listen` yet, this one answers there for as long as the look takes, so a tunnel can be
//! checked before anything else runs.

use std::time::Duration;

use reqwest::{Client as Http, Url};
use tokio::net::lookup_host;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Config;
use super::check::Check;
use crate::providers::twilio::path_mac::PathKey;
use crate::providers::wire::http;
use crate::public::PublicSide;
use crate::web;

const NAME: &str = "public_url";
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const WITHIN: Duration = Duration::from_secs(10);

/// Looks from outside.
pub async fn checks(config: &Config) -> Vec<Check> {
    let Ok(url) = Url::parse(&config.public_url) else { return Vec::new() }; // refused when the settings were read
    let Some(resolved) = resolve(&url).await else {
        let detail = format!("{} does not resolve", url.host_str().unwrap_or_default());
        return vec![Check::broken(NAME, detail, "correct public_url, or make a DNS record for it")];
    };
    let stop = CancellationToken::new();
    let public = PublicSide::new(&config.public_url, PathKey::new(config.twilio.auth_token.clone()));
    let answering = answer_here(config, public.clone(), &stop).await;
    let check = nonce(config, &public).await;
    stop.cancel();
    if let Some(answering) = answering {
        // it has just been told to stop
        let _ = answering.await;
    }
    vec![Check::ok(NAME, format!("resolves to {resolved}")), check]
}

async fn resolve(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let found = lookup_host((host, url.port_or_known_default()?)).await.ok()?.next()?;
    Some(found.ip().to_string())
}

/// Listens where a process would; `None` when one does.
async fn answer_here(config: &Config, public: PublicSide, stop: &CancellationToken) -> Option<tokio::task::JoinHandle<()>> {
    let listener = web::listen(config.hooks.listen, "hooks.listen").await.ok()?;
    Some(tokio::spawn(web::serve(listener, web::nonce_routes(public), stop.clone())))
}

async fn nonce(config: &Config, public: &PublicSide) -> Check {
    let nonce = Uuid::now_v7().simple().to_string();
    let asked = match http::client(NAME, CONNECT_WITHIN, Some(WITHIN)) {
        Ok(client) => ask(&client, &public.url(&format!("/hooks/nonce/{nonce}"))).await,
        Err(error) => Err(error.what),
    };
    let lead = format!("let {} lead to {} of this machine, by a tunnel or a proxy", config.public_url, config.hooks.listen);
    match asked {
        Ok(text) if text == public.answer_to(&nonce) => Check::ok(NAME, "leads to this deployment"),
        Ok(text) if text.starts_with("callfleet ") => {
            let fix = format!("{lead}; or give this command the twilio.auth_token of the process that answers");
            Check::broken(NAME, "another deployment of callfleet answers there, or one with another twilio.auth_token", fix)
        }
        Ok(_) => Check::broken(NAME, "something else answers there", lead),
        Err(what) if what.contains("certificate") => {
            let fix = format!("renew the certificate of {}, of an authority that is publicly known", config.public_url);
            Check::broken(NAME, what, fix)
        }
        Err(what) => Check::broken(NAME, what, lead),
    }
}

async fn ask(client: &Http, url: &str) -> Result<String, String> {
    let answer = client.get(url).send().await.map_err(|error| http::failure(NAME, &error).what)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(format!("answers {status}"));
    }
    answer.text().await.map_err(|error| http::failure(NAME, &error).what)
}
