//! How a server carries out what many calls share and what every look of the dispatcher asks. A table read from end to end would be
//! paid for by each of them, and more of it by every lead the campaign has; a statement planned anew each time costs more than it does.

use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};

use super::bench::Bench;
use crate::store::contract::support::{on_both_engines, plan, with_postgres};
use crate::store::db::{Db, on_db};
use crate::store::dial::{arm_together, at_once, claim_at_once, due, ending, finish_at_once, sweep, ticket, write_news};
use crate::store::{Store, StoreError, ledger_at_once};

/// A campaign under way, as the planner knows it.
const PEOPLE: &str = "
    INSERT INTO lead (id, campaign_id, phone_number, state, next_attempt_at, created_at, updated_at)
        SELECT gen_random_uuid(), (SELECT id FROM campaign), '+1415' || n, 'new', 1, 1, 1 FROM generate_series(5550001, 5554000) n;
    INSERT INTO attempt (id, lead_id, campaign_id, attempt_no, kind, state, to_number, from_number, created_at, state_at)
        SELECT gen_random_uuid(), id, campaign_id, 1, 'fresh', 'ended', phone_number, '+14155550200', 1, 1 FROM lead;
    ANALYZE lead, attempt, open_number";

/// Each with the types of its parameters and some for it to do nothing with.
const OFTEN: [(&str, &str, &str); 10] = [
    (arm_together::LEADS, "UUID[], BIGINT", "'{}', 1"),
    (arm_together::TAKE, "TEXT[], BIGINT", "'{}', 1"),
    (ticket::TICKET_AND_LOOK.postgres, "UUID[], BIGINT", "'{}', 1"),
    (claim_at_once::CLAIMS, "TEXT[]", "'{}'"),
    (at_once::READ, "UUID[]", "'{}'"),
    (write_news::NEWS, "TEXT[]", "'{}'"),
    (ending::WITH_LEADS, "UUID[]", "'{}'"),
    (finish_at_once::FINISH, "TEXT[]", "'{}'"),
    (ledger_at_once::LEDGER, "TEXT[], BIGINT", "'{}', 1"),
    (due::LEFT, "UUID, BOOLEAN", "gen_random_uuid(), FALSE"),
];

/// And what finds due leads, in two classes of hours.
fn often() -> Vec<(String, &'static str, &'static str)> {
    let types = "UUID, TEXT, TEXT, INTEGER, BIGINT, BIGINT, BIGINT, BIGINT";
    let due = (due::due_sql(2), types, "gen_random_uuid(), 'new', 'fresh', 0, 1, 10, 0, 1");
    OFTEN.iter().map(|(statement, types, parameters)| ((*statement).to_owned(), *types, *parameters)).chain([due]).collect()
}

/// A server plans a statement anew five times before it may keep a plan.
const ASKED: usize = 8;

/// How often a plan was kept, and the plan.
async fn kept_plan(conn: &mut PgConnection, (statement, types, parameters): (&str, &str, &str)) -> Result<(i64, String), StoreError> {
    conn.execute(sqlx::raw_sql(AssertSqlSafe(format!("PREPARE asked ({types}) AS {statement}")))).await?;
    for _ in 0..ASKED {
        conn.execute(sqlx::raw_sql(AssertSqlSafe(format!("EXECUTE asked ({parameters})")))).await?;
    }
    let kept = sqlx::query_scalar("SELECT generic_plans FROM pg_prepared_statements WHERE name = 'asked'").fetch_one(&mut *conn).await?;
    let steps = conn.fetch_all(sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN EXECUTE asked ({parameters})")))).await?;
    conn.execute(sqlx::raw_sql("DEALLOCATE asked")).await?;
    let steps: Result<Vec<String>, sqlx::Error> = steps.iter().map(|step| step.try_get(0)).collect();
    Ok((kept, steps?.join("\n")))
}

async fn kept_plans(store: &Store) -> Result<Vec<(i64, String)>, StoreError> {
    let Db::Postgres(server) = &store.db else { panic!("plans of a server") };
    on_db!(@read_server server, conn, {
        conn.execute(sqlx::raw_sql(PEOPLE)).await?;
        let mut plans = Vec::new();
        for (statement, types, parameters) in often() {
            plans.push(kept_plan(conn, (statement.as_str(), types, parameters)).await?);
        }
        Ok(plans)
    })
}

#[tokio::test]
async fn what_is_asked_again_and_again_finds_its_rows_by_their_keys_and_is_planned_once() {
    with_postgres(|store| async {
        let store = Bench::new(store).await.store;
        for ((statement, ..), (kept, plan)) in often().iter().zip(kept_plans(&store).await.unwrap()) {
            assert!(kept > 0, "planned each time: {statement}\n{plan}");
            for table in ["lead", "attempt"] {
                assert!(!plan.contains(&format!("Seq Scan on {table}")), "{statement}\n{plan}");
            }
        }
    })
    .await;
}

on_both_engines! {
    async fn a_sweep_looks_once_for_the_campaigns_that_do_not_dial(store: Store) {
        let sql = sweep::STALE_IDS.on(&store.db).to_owned();
        let sql = (1..).zip(["1", "9", "'[]'"]).fold(sql, |sql, (n, value)| sql.replace(&format!("${n}"), value));
        let plan = plan(&store, &sql).await;
        // what was set aside, and these
        let once = plan.matches("hashed SubPlan").count() + plan.matches("LIST SUBQUERY").count();
        assert!(once >= 2 && !plan.contains("CORRELATED"), "{plan}");
    }
}
