//! Between processes: Redis' publish and subscribe. It keeps nothing, so a lost connection is a gap, and said to be one.

use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Live, LiveEvent, OUT};
use crate::telemetry::names;

/// Between two tries to reach Redis.
const AGAIN: Duration = Duration::from_secs(1);
const WITHIN: Duration = Duration::from_secs(2);
/// What is told within so long of a first event goes with it: a call tells three, and nobody who looks on sees the difference.
const TOGETHER: Duration = Duration::from_millis(25);

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
        let events = together(&mut waiting, &over).await;
        if events.is_empty() {
            return;
        }
        if conn.is_none() {
            conn = connect(&settings).await;
        }
        if !send(conn.as_mut(), &channel, &events).await {
            metrics::counter!(names::LIVE_DROPPED).increment(events.len() as u64);
            conn = None;
        }
    }
}

/// The next events, in the order in which they were told; none when it is over and nothing waits any more.
async fn together(waiting: &mut mpsc::Receiver<LiveEvent>, over: &CancellationToken) -> Vec<LiveEvent> {
    let first = tokio::select! {
        biased;
        event = waiting.recv() => event,
        () = over.cancelled() => None,
    };
    let Some(first) = first else { return Vec::new() };
    tokio::select! { () = over.cancelled() => {}, () = tokio::time::sleep(TOGETHER) => {} }
    let mut events = vec![first];
    while events.len() < OUT
        && let Ok(event) = waiting.try_recv()
    {
        events.push(event);
    }
    events
}

/// In one go: the server's answers are waited for once.
async fn send(conn: Option<&mut ConnectionManager>, channel: &str, events: &[LiveEvent]) -> bool {
    let (Some(conn), Ok(told)) = (conn, events.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()) else { return false };
    let mut sent = redis::pipe();
    for json in told {
        sent.cmd("PUBLISH").arg(channel).arg(json).ignore();
    }
    sent.query_async::<()>(conn).await.is_ok()
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

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep, timeout};
    use tokio_util::task::TaskTracker;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::CampaignId;
    use crate::domain::time::Timestamp;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn events(many: i64) -> Vec<LiveEvent> {
        (0..many).map(|n| LiveEvent::campaign(CampaignId(Uuid::nil()), "running", Timestamp::from_millis(n))).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_told_within_a_moment_goes_together_and_at_the_end_nobody_waits() {
        let ((out, mut waiting), over, told) = (mpsc::channel(OUT), CancellationToken::new(), events(5));
        let (teller, early, begun) = (out.clone(), told.clone(), Instant::now());
        tokio::spawn(async move {
            for (event, pause) in early.into_iter().zip([10, 30, 10, 0]) {
                teller.send(event).await.unwrap();
                sleep(Duration::from_millis(pause)).await;
            }
        });
        assert_eq!(together(&mut waiting, &over).await, told[..2]);
        assert_eq!(together(&mut waiting, &over).await, told[2..4]);
        assert!(begun.elapsed() < Duration::from_millis(70), "the third came after 40 ms: {:?}", begun.elapsed());
        let ending = Instant::now();
        out.send(told[4].clone()).await.unwrap();
        over.cancel();
        assert_eq!(together(&mut waiting, &over).await, told[4..]);
        assert_eq!(together(&mut waiting, &over).await, []);
        assert_eq!(ending.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn all_that_was_told_before_the_end_is_heard_in_order() {
        let url = std::env::var("CALLFLEET_TEST_REDIS").expect("CALLFLEET_TEST_REDIS names a server; ./test starts one");
        let settings = WireSettings { url, prefix: format!("wire-{}", Uuid::now_v7().simple()) };
        let mut ear = redis::Client::open(settings.url.as_str()).unwrap().get_async_pubsub().await.unwrap();
        ear.subscribe(settings.channel()).await.unwrap();
        let (tasks, told) = (TaskTracker::new(), events(200));
        let live = Live::across(settings, tasks.clone());
        told.iter().for_each(|event| live.tell(event.clone()));
        live.end();
        tasks.close();
        tasks.wait().await;
        let heard = ear.on_message().take(told.len()).map(|message| serde_json::from_slice(message.get_payload_bytes()).unwrap());
        let heard: Vec<LiveEvent> = timeout(PATIENCE, heard.collect()).await.expect("all of them");
        assert_eq!(heard, told);
    }
}
