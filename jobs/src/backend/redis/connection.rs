//! The connection: one that gives up in time, but not before a blocking script has answered.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::queue::QueueError;

/// Which Redis, and under which names.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://host:port/db`. May carry a password: never printed.
    pub url: String,
    /// Prefix of every key.
    pub prefix: String,
}

impl std::fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisSettings").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Opens a connection that reconnects by itself. The response timeout is far above the default of 500 ms, at which a busy
/// server would look like a dead one.
pub(crate) async fn open(settings: &RedisSettings) -> Result<ConnectionManager, QueueError> {
    let transport = |error: redis::RedisError| QueueError::Transport(error.to_string());
    let client = redis::Client::open(settings.url.as_str()).map_err(transport)?;
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(Duration::from_secs(5)))
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_number_of_retries(2);
    client.get_connection_manager_with_config(config).await.map_err(transport)
}
