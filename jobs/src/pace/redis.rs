//! Pacing across processes: GCRA in Redis, on the server's clock.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;
use redis::aio::ConnectionManager;
use tokio::time::Instant;

use super::{PaceError, Pacer, Turn};
use crate::backend::redis::{RedisSettings, open_connection};

/// Gives out slots `interval` apart, several at once to who asks for them, and answers how long to wait for the first, in
/// microseconds; -1 when that is longer than the caller's patience, and then the slot stays free.
///
/// A key that is not there was either unused for a minute or lost with all the others, and the second key tells which: since
/// when the pacer remembers. It is made by the first caller and outlives all keys it has seen by a minute. What was given out
/// before that moment is not known, so the first slot of a key is a full interval after it: the first caller after a loss
/// waits, and whoever has waited as long already, for another key, does not wait again.
static NEXT_SLOT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local interval, patience, slots = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local since = tonumber(redis.call('GET', KEYS[2])) or now
local slot = math.max(now, tonumber(redis.call('GET', KEYS[1])) or since + interval)
local ahead = math.ceil((slot - now + interval * slots) / 1000) + 60000
redis.call('SET', KEYS[2], string.format('%.0f', since), 'PX', math.max(redis.call('PTTL', KEYS[2]), ahead + 60000))
if slot - now > patience then return -1 end
redis.call('SET', KEYS[1], string.format('%.0f', slot + interval * slots), 'PX', ahead)
return slot - now
",
    )
});

/// Moves the next slot to after the pause, never nearer.
static HOLD_BACK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local slot = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, now + tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', slot), 'PX', math.ceil((slot - now) / 1000) + 60000)
",
    )
});

/// One GCRA per key for the whole fleet. When Redis does not answer, nothing begins.
#[derive(Clone)]
pub struct RedisPacer {
    conn: ConnectionManager,
    prefix: String,
}

impl std::fmt::Debug for RedisPacer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisPacer").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl RedisPacer {
    /// Connects.
    ///
    /// # Errors
    /// [`PaceError`] when Redis does not answer.
    pub async fn connect(settings: &RedisSettings) -> Result<Self, PaceError> {
        let conn = open_connection(settings).await.map_err(|error| PaceError(error.to_string()))?;
        Ok(Self { conn, prefix: settings.prefix.clone() })
    }

    fn key(&self, key: &str) -> String {
        format!("{}:pace:{key}", self.prefix)
    }

    /// Since when anything is remembered. No key of a caller's begins like this.
    fn since(&self) -> String {
        format!("{}:pace-since", self.prefix)
    }
}

#[async_trait]
impl Pacer for RedisPacer {
    async fn turn(&self, key: &str, per_second: f64, slots: u32, patience: Duration) -> Result<Option<Turn>, PaceError> {
        // rounded up: a shade slower, never faster
        let (interval, asked) = ((1e6 / per_second.clamp(1e-3, 1e6)).ceil(), Instant::now());
        let wait: i64 = NEXT_SLOT
            .key(self.key(key))
            .key(self.since())
            .arg(format!("{interval:.0}"))
            .arg(u64::try_from(patience.as_micros()).unwrap_or(u64::MAX))
            .arg(slots)
            .invoke_async(&mut self.conn.clone())
            .await
            .map_err(|error| PaceError(error.to_string()))?;
        let Ok(wait) = u64::try_from(wait) else { return Ok(None) };
        Ok(Some(Turn::after(asked, Duration::from_micros(wait)).await))
    }

    async fn hold_back(&self, key: &str, pause: Duration) -> Result<(), PaceError> {
        HOLD_BACK
            .key(self.key(key))
            .arg(u64::try_from(pause.as_micros()).unwrap_or(u64::MAX))
            .invoke_async::<()>(&mut self.conn.clone())
            .await
            .map_err(|error| PaceError(error.to_string()))
    }
}
