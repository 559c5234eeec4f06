//! Addresses: refused when the settings are read, not when the first call needs them.

use std::str::FromStr as _;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;

use super::Config;
use super::refusal::Refusal;

/// The address as far as it is one, or how to write it.
type Fit = Result<(), String>;

pub(super) fn check(config: &Config) -> Result<(), Refusal> {
    let bases = [
        ("twilio.base_url", &config.twilio.base_url, "https://api.twilio.com"),
        ("deepgram.base_url", &config.deepgram.base_url, "https://api.deepgram.com"),
        ("openai.base_url", &config.openai.base_url, "https://api.openai.com/v1"),
    ];
    for (key, url, example) in bases {
        base(url, example).map_err(|fix| shown(key, url, fix))?;
    }
    public(&config.public_url).map_err(|fix| shown("public_url", &config.public_url, fix))?;
    secret("postgres.url", &config.postgres.url, postgres)?;
    secret("redis.url", &config.redis.url, redis)
}

/// A provider's: what a request's path is put behind.
fn base(url: &str, example: &str) -> Fit {
    let parsed = plain(url, example)?;
    match parsed.scheme() {
        "https" | "http" => Ok(()),
        other => Err(format!("begin it with https:// (or http://), not {other}://; usual is {example}")),
    }
}

fn public(url: &str) -> Fit {
    let parsed = plain(url, "https://your.host")?;
    let loopback = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if loopback => Ok(()),
        _ => Err("use https:// (http:// only on loopback)".to_owned()),
    }
}

/// Scheme, host and perhaps a path, and nothing behind or before them.
fn plain(url: &str, example: &str) -> Result<Url, String> {
    let parsed = Url::parse(url).map_err(|error| format!("it is no URL ({error}); write it like {example}"))?;
    if !parsed.has_host() {
        return Err(format!("it names no host; write it like {example}"));
    }
    if url.contains(char::is_whitespace) {
        return Err(format!("leave out the space; write it like {example}"));
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(format!("leave out what begins with `?` or `#`; write it like {example}"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("leave out name and password; keys are settings of their own".to_owned());
    }
    Ok(parsed)
}

/// Addresses of servers have passwords in them: they are not shown. An empty one is none, which only a fleet minds.
fn secret(key: &'static str, url: &SecretString, fits: fn(&str) -> Fit) -> Result<(), Refusal> {
    let url = url.expose_secret();
    if url.is_empty() {
        return Ok(());
    }
    fits(url).map_err(|fix| Refusal::new(key, "cannot be used", fix))
}

fn postgres(url: &str) -> Fit {
    const EXAMPLE: &str = "postgres://user:password@host/database";
    let parsed = Url::parse(url).map_err(|error| format!("it is no URL ({error}); write it like {EXAMPLE}"))?;
    if !matches!(parsed.scheme(), "postgres" | "postgresql") {
        return Err(format!("begin it with postgres://, not {}://; write it like {EXAMPLE}", parsed.scheme()));
    }
    if parsed.host_str().is_none_or(str::is_empty) && !parsed.query_pairs().any(|(name, _)| name == "host" || name == "hostaddr") {
        return Err(format!("it names no host; write it like {EXAMPLE}"));
    }
    // the error may quote the address
    PgConnectOptions::from_str(url).map(drop).map_err(|_| format!("a parameter of it cannot be read; write it like {EXAMPLE}"))
}

fn redis(url: &str) -> Fit {
    const EXAMPLE: &str = "redis://host:6379/0";
    if !url.contains("://") {
        return Err(format!("it is no URL; write it like {EXAMPLE}"));
    }
    match redis::Client::open(url) {
        Ok(_) => Ok(()),
        Err(_) if url.starts_with("rediss://") => Err(format!("this program speaks to Redis without TLS; write it like {EXAMPLE}")),
        Err(_) => Err(format!("it needs redis://, a host and at most a number as database; write it like {EXAMPLE}")),
    }
}

fn shown(key: &'static str, url: &str, fix: String) -> Refusal {
    // a password in it would be shown, too
    if url.contains('@') { Refusal::new(key, "cannot be used", fix) } else { Refusal::value(key, url, fix) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_scheme_host_and_path() {
        for good in ["https://api.openai.com/v1", "http://127.0.0.1:9", "http://simulator:8000/v1/", "https://[::1]:1"] {
            assert_eq!(base(good, "x"), Ok(()), "{good}");
        }
        for (bad, said) in [
            ("", "no URL"),
            ("api.openai.com/v1", "no URL"),
            ("https://", "no URL"),
            ("https:// host", "no URL"),
            ("https://host/a b", "the space"),
            ("wss://api.deepgram.com", "not wss://"),
            ("mailto:a@b", "names no host"),
            ("https://host/v1?key=1", "leave out"),
            ("https://host/v1#x", "leave out"),
            ("https://me:secret@host", "name and password"),
        ] {
            let fix = base(bad, "https://usual").unwrap_err();
            assert!(fix.contains(said), "{bad}: {fix}");
        }
    }

    #[test]
    fn servers_are_named_as_their_drivers_read_them() {
        for good in ["postgres://u:p@h:5432/d", "postgresql://h/d?sslmode=require", "postgres:///d?host=/run/postgresql"] {
            assert_eq!(postgres(good), Ok(()), "{good}");
        }
        for bad in ["localhost/d", "mysql://h/d", "postgres:///d", "postgres://h/d?sslmode=sometimes", "postgres://h:99999/d"] {
            assert!(postgres(bad).is_err(), "{bad}");
        }
        for good in ["redis://127.0.0.1:6379", "redis://:p@h/2", "redis://h"] {
            assert_eq!(redis(good), Ok(()), "{good}");
        }
        for bad in ["127.0.0.1:6379", "http://h", "redis://h/zero", "redis://", "rediss://h"] {
            assert!(redis(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_never_in_what_is_said() {
        for toml in [
            "[postgres]\nurl = \"mysql://u:canary@h/d\"",
            "[redis]\nurl = \"redis://:canary@h/zero\"",
            "[openai]\nbase_url = \"https://u:canary@h/v1\"",
            "public_url = \"https://u:canary@h\"",
        ] {
            let error = Config::from_toml(toml).unwrap_err().0;
            assert!(!error.contains("canary") && error.contains("url"), "{error}");
        }
    }
}
