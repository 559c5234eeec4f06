//! Between processes: Redis' publish and subscribe. It keeps nothing, so a lost connection is a gap, and said to be one.

use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Live, LiveEvent};
use crate::telemetry::names;

/// Between two tries to reach Redis.
const AGAIN: Duration = Duration::from_secs(1);
const WITHIN: Duration = Duration::from_secs(2);

/// Which Redis, and under which names. The URL may carry a password: never printed.
#[derive(Clone)]
pub struct WireSettings {
    /// `redis://host:port/db`.
    pub url: String,
    /// Prefix of every key.
    pub prefix: String,
}

impl std::fmt::Debug for WireSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WireSettings").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl WireSettings {
    fn channel(&self) -> String {
        format!("{}:live", self.prefix)
    }
}

/// Sends what is told until `over`, then what still waits. While Redis is away events are dropped.
pub(super) async fn publish(settings: WireSettings, mut waiting: mpsc::Receiver<LiveEvent>, over: CancellationToken) {
    let (channel, mut conn) = (settings.channel(), None);
    loop {
        let event = tokio::select! {
            biased;
            event = waiting.recv() => event,
            () = over.cancelled() => None,
        };
        let Some(event) = event else { return };
        if conn.is_none() {
            conn = connect(&settings).await;
        }
        if !send(conn.as_mut(), &channel, &event).await {
            metrics::counter!(names::LIVE_DROPPED).increment(1);
            conn = None;
        }
    }
}

async fn send(conn: Option<&mut ConnectionManager>, channel: &str, event: &LiveEvent) -> bool {
    let (Some(conn), Ok(json)) = (conn, serde_json::to_string(event)) else { return false };
    redis::cmd("PUBLISH").arg(channel).arg(json).query_async::<i64>(conn).await.is_ok()
}

async fn connect(settings: &WireSettings) -> Option<ConnectionManager> {
    let config =
        ConnectionManagerConfig::new().set_connection_timeout(Some(WITHIN)).set_response_timeout(Some(WITHIN)).set_number_of_retries(0);
    redis::Client::open(settings.url.as_str()).ok()?.get_connection_manager_with_config(config).await.ok()
}

/// Hears what all processes tell, until `over`.
pub(super) async fn subscribe(settings: WireSettings, live: Live, over: CancellationToken) {
    let mut lost = false;
    while !over.is_cancelled() {
        tokio::select! {
            () = over.cancelled() => return,
            heard = hear(&settings, &live, lost) => {
                if let Err(error) = heard {
                    tracing::debug!(%error, "live events are not heard; trying again");
                }
            }
        }
        lost = true;
        tokio::select! { () = over.cancelled() => return, () = tokio::time::sleep(AGAIN) => {} }
    }
}

/// Ends when the connection does.
async fn hear(settings: &WireSettings, live: &Live, lost: bool) -> redis::RedisResult<()> {
    let mut pubsub = redis::Client::open(settings.url.as_str())?.get_async_pubsub().await?;
    pubsub.subscribe(settings.channel()).await?;
    if lost {
        live.hear_gap();
    }
    let mut messages = pubsub.into_on_message();
    while let Some(message) = messages.next().await {
        // an event of a newer binary that this one cannot read is left out
        if let Ok(event) = serde_json::from_slice(message.get_payload_bytes()) {
            live.hear(event);
        }
    }
    Ok(())
}
