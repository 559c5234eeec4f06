//! The database: reached, of this program's schema, and safe against the loss of a server.

use std::time::Duration;

use super::check::Check;
use super::{Client, Config, Mode};
use crate::clock::{Clock, SystemClock};
use crate::store::{Store, StoreError, Target};

/// Business times of this machine and leases of the database must not drift apart further.
const LARGEST_DRIFT: Duration = Duration::from_secs(5);

/// Looks at the database; the client asks it for more.
pub async fn checks(config: &Config) -> (Vec<Check>, Option<Client>) {
    match config.mode {
        Mode::Embedded => embedded(config).await,
        Mode::Fleet => fleet(config).await,
    }
}

async fn embedded(config: &Config) -> (Vec<Check>, Option<Client>) {
    match Client::open(config).await {
        Ok(client) => {
            let detail = match client.process() {
                Some(addr) => format!("{} belongs to a running process, which answers on {addr}", config.data.display()),
                None => format!("{} is writable, its schema is current", config.data.display()),
            };
            (vec![Check::ok("data folder", detail)], Some(client))
        }
        Err(error) => (vec![Check::broken("data folder", format!("{error:#}"), "choose a folder of your own with --data")], None),
    }
}

async fn fleet(config: &Config) -> (Vec<Check>, Option<Client>) {
    let store = match Store::open(Target::Postgres { url: config.postgres.url.clone(), max_connections: 2 }).await {
        Ok(store) => store,
        Err(error) => return (vec![Check::broken("database", error.to_string(), error.opening_help())], None),
    };
    let checks = vec![schema(&store).await, drift(&store).await, replication(&store).await, durability(&store).await];
    store.close().await;
    (checks, Client::open(config).await.ok())
}

async fn schema(store: &Store) -> Check {
    match store.require_current_schema().await {
        Ok(()) => Check::ok("database", "answers, its schema is current"),
        Err(error @ StoreError::SchemaBehind { .. }) => Check::broken("database", error.to_string(), "callfleet migrate"),
        Err(error) => Check::broken("database", error.to_string(), "run the callfleet that fits the database"),
    }
}

async fn drift(store: &Store) -> Check {
    let before = SystemClock.now();
    match store.database_now().await {
        Ok(there) => {
            let apart = before.since(there).max(there.since(SystemClock.now()));
            judge_drift(apart)
        }
        Err(error) => Check::broken("database clock", error.to_string(), "look at the database"),
    }
}

fn judge_drift(apart: Duration) -> Check {
    let detail = format!("{:.1} s apart from this machine's", apart.as_secs_f64());
    if apart <= LARGEST_DRIFT {
        Check::ok("database clock", detail)
    } else {
        Check::broken("database clock", detail, "keep both clocks by NTP")
    }
}

/// Without a synchronous standby a lost server may take the last intents to dial with it.
async fn replication(store: &Store) -> Check {
    const NAME: &str = "replication";
    match store.server_setting("synchronous_standby_names").await {
        Ok(Some(names)) if !names.trim().is_empty() => Check::ok(NAME, "commits wait for a standby"),
        Ok(_) => {
            let detail = "commits do not wait for a standby: after a failover a call whose intent was lost may be placed again";
            Check::note(NAME, detail, "set synchronous_standby_names, or fail over only by hand after reconciling")
        }
        Err(error) => Check::broken(NAME, error.to_string(), "look at the database"),
    }
}

async fn durability(store: &Store) -> Check {
    const NAME: &str = "durability";
    for (setting, off) in [("fsync", "off"), ("synchronous_commit", "off")] {
        if store.server_setting(setting).await.ok().flatten().as_deref() == Some(off) {
            let detail = format!("{setting} = off: a power cut may forget calls that were placed");
            return Check::broken(NAME, detail, format!("set {setting} = on"));
        }
    }
    Check::ok(NAME, "commits reach the disk")
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn five_seconds_of_drift_are_the_limit() {
        assert_eq!(judge_drift(Duration::from_secs(5)).state, State::Ok);
        assert_eq!(judge_drift(Duration::from_millis(5_001)).state, State::Broken);
    }
}
