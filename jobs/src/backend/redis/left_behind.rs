//! What versions before this one left in Redis: tickets that apalis had acknowledged, with their payloads and all. While those versions
//! ran they removed some each minute; what was left when the last of them stopped would stay for ever.

use apalis_redis::Config;
use redis::RedisResult;
use redis::aio::ConnectionManager;

/// Tickets that are removed together.
const TOGETHER: usize = 2_000;

/// How often at most when a worker starts: it is to work, and the next start goes on.
const ROUNDS: usize = 100;

/// Removes them. A worker of such a version may run beside this one: each ticket is taken out of the same set, by one of the two.
pub(super) async fn remove(config: &Config, mut conn: ConnectionManager) -> RedisResult<()> {
    for _ in 0..ROUNDS {
        let done: Vec<String> = redis::cmd("SPOP").arg(config.done_jobs_set()).arg(TOGETHER).query_async(&mut conn).await?;
        if done.is_empty() {
            break;
        }
        let mut removing = redis::pipe();
        removing.cmd("HDEL").arg(config.job_data_hash()).arg(&done).ignore();
        for ticket in &done {
            removing.cmd("DEL").arg(format!("{}:{ticket}", config.job_meta_hash())).ignore();
        }
        removing.query_async::<()>(&mut conn).await?;
    }
    Ok(())
}
