//! Redis: reached, and not allowed to throw tickets away.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use secrecy::ExposeSecret;

use super::Config;
use super::check::Check;

const NAME: &str = "redis";
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Looks at the queue's server.
pub async fn checks(config: &Config) -> Vec<Check> {
    match tokio::time::timeout(ANSWER_WITHIN, info(config.redis.url.expose_secret())).await {
        Ok(Ok(info)) => vec![Check::ok(NAME, "answers"), policy(&info), persistence(&info)],
        Ok(Err(error)) => vec![Check::broken(NAME, error.to_string(), "start Redis, or correct redis.url")],
        Err(_) => vec![Check::broken(NAME, "does not answer", "start Redis, or correct redis.url")],
    }
}

async fn info(url: &str) -> redis::RedisResult<String> {
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    let memory: String = section(&mut connection, "memory").await?;
    Ok(memory + &section(&mut connection, "persistence").await?)
}

async fn section(connection: &mut MultiplexedConnection, name: &str) -> redis::RedisResult<String> {
    redis::cmd("INFO").arg(name).query_async(connection).await
}

fn policy(info: &str) -> Check {
    match field(info, "maxmemory_policy") {
        Some("noeviction") => Check::ok("redis memory", "maxmemory-policy noeviction"),
        Some(other) => {
            let detail = format!("maxmemory-policy {other}: Redis may throw tickets away");
            Check::broken("redis memory", detail, "CONFIG SET maxmemory-policy noeviction, and in redis.conf")
        }
        None => Check::note("redis memory", "the server does not tell its maxmemory-policy", "make sure it is noeviction"),
    }
}

fn persistence(info: &str) -> Check {
    if field(info, "aof_enabled") == Some("1") {
        return Check::ok("redis persistence", "append-only file");
    }
    let detail = "no append-only file: a restart forgets tickets and pacing, which are rung again and start anew";
    Check::note("redis persistence", detail, "CONFIG SET appendonly yes, and in redis.conf")
}

/// A line `name:value` of `INFO`.
fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn the_policy_must_keep_tickets() {
        assert_eq!(policy("# Memory\r\nmaxmemory_policy:noeviction\r\n").state, State::Ok);
        assert_eq!(policy("maxmemory_policy:allkeys-lru\r\n").state, State::Broken);
        assert_eq!(policy("").state, State::Note);
        assert_eq!(persistence("aof_enabled:0\r\n").state, State::Note);
    }
}
