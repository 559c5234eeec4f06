//! The connection: one that gives up in time, but not before a blocking script has answered.

use std::time::Duration;

use redis::IntoConnectionInfo as _;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;

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

/// A server that takes nothing for so long is gone: only then is the connection given up, for a late answer alone is not
/// taken for a lost server.
#[cfg(target_os = "linux")]
const GONE: Duration = Duration::from_secs(10);

/// Opens a connection that reconnects by itself. The response timeout is far above the default of 500 ms, at which a busy
/// server would look like a dead one.
pub(crate) async fn open(settings: &RedisSettings) -> Result<ConnectionManager, QueueError> {
    let transport = |error: redis::RedisError| QueueError::Transport(error.to_string());
    let info = settings.url.as_str().into_connection_info().map_err(transport)?;
    let client = redis::Client::open(info.set_tcp_settings(tcp())).map_err(transport)?;
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(Duration::from_secs(5)))
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_number_of_retries(2);
    client.get_connection_manager_with_config(config).await.map_err(transport)
}

#[cfg(target_os = "linux")]
fn tcp() -> TcpSettings {
    TcpSettings::default().set_user_timeout(GONE)
}

#[cfg(not(target_os = "linux"))]
fn tcp() -> TcpSettings {
    TcpSettings::default()
}
