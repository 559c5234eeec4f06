//! The product's rows, read past the product: what was believed, to be held against the truth.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use uuid::Uuid;

/// A PostgreSQL database of one test.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes an empty one on the server of `CALLFLEET_TEST_POSTGRES`.
    pub async fn create() -> Self {
        Self::create_on(std::env::var("CALLFLEET_TEST_POSTGRES").expect("CALLFLEET_TEST_POSTGRES names a server; ./test starts one")).await
    }

    /// The same, but `None` where `CALLFLEET_TEST_SQLITE_ONLY=1` stands in the place of a server.
    pub async fn create_unless_sqlite_only() -> Option<Self> {
        let given = |name| std::env::var(name).ok();
        if given("CALLFLEET_TEST_POSTGRES").is_none() && given("CALLFLEET_TEST_SQLITE_ONLY").as_deref() == Some("1") {
            return None;
        }
        Some(Self::create().await)
    }

    /// Makes an empty one on this server.
    pub async fn create_on(server: String) -> Self {
        let name = format!("callfleet_it_{}", Uuid::now_v7().simple());
        let database = Self { server, name };
        database.on_server(format!("CREATE DATABASE {}", database.name)).await;
        database
    }

    /// Where it is.
    pub fn url(&self) -> String {
        let mut url = url::Url::parse(&self.server).unwrap();
        url.set_path(&self.name);
        url.to_string()
    }

    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }

    /// Takes it away, whoever is still connected.
    pub async fn drop(self) {
        self.on_server(format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }

    async fn on_server(&self, sql: String) {
        let mut server = PgConnection::connect(&self.server).await.unwrap();
        // the name is made of this test's own letters
        server.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}

/// Asks until the answer is there, or fails with what was waited for.
pub async fn until<T>(what: &str, within: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < within, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
