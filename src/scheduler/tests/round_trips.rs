//! What a look of the dispatcher asks of the server, five times a second, whether anybody is called or not.

use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::store::contract::statements::Statements;
use crate::store::contract::support::with_postgres;

async fn looks(store: Store, statements: Statements) {
    let bench = Bench::new(store, 50).await;
    let mut later = settings(1);
    later["schedule"] = json!({ "start": "2026-11-23T11:00:00-08:00" });
    bench.campaign("spring", later, CampaignState::Scheduled).await;
    statements.taken();
    bench.scheduler.tick().await.unwrap();
    assert_eq!(statements.taken(), 3, "campaigns, lines with open attempts, and lists of numbers not to call");
}

#[tokio::test]
async fn a_look_that_finds_nobody_to_call_takes_three_statements() {
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    with_postgres(|store| looks(store, statements)).await;
}
