//! How the statements of an import find the leads of a list that has just come in, and of which a planner knows nothing yet. One that
//! reads the campaign for each number takes minutes for a list of a hundred thousand.

use sqlx::{AssertSqlSafe, Executor as _};

use super::fixtures::campaign;
use super::support::{on_both_engines, plan};
use crate::domain::ids::CampaignId;
use crate::store::db::{Db, EngineSql, on_db};
use crate::store::lead_insert::by_number;
use crate::store::{Store, StoreError, lead, lead_values};

/// The numbers that are asked for.
const NUMBERS: &str = "'[\"+14155550001\",\"+14155550002\"]'";

/// A list that the planner knows, and one that came since. On SQLite nothing is known of any list.
async fn fill(store: &Store, known: CampaignId, fresh: CampaignId) {
    let Db::Postgres(server) = &store.db else { return };
    let list = |id: CampaignId, prefix: &str| {
        format!(
            "INSERT INTO lead (id, campaign_id, phone_number, state, next_attempt_at, created_at, updated_at)
               SELECT gen_random_uuid(), '{id}', '{prefix}' || n, 'new', 1, 1, 1 FROM generate_series(5550001, 5554000) n;"
        )
    };
    let sql = format!("{} ANALYZE lead; {}", list(known, "+1212"), list(fresh, "+1415"));
    let filled: Result<(), StoreError> = on_db!(@read_server server, conn, {
        conn.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
        Ok(())
    });
    filled.unwrap();
}

/// The statement with these values in the places of its parameters.
fn with(statement: EngineSql, store: &Store, values: &[&str]) -> String {
    let text = statement.on(&store.db).to_owned();
    values.iter().zip(1..).fold(text, |text, (value, at)| text.replace(&format!("${at}"), value))
}

on_both_engines! {
    async fn an_import_finds_its_rows_by_their_numbers_before_anything_is_known_of_the_list(store: Store) {
        let (known, fresh) = (campaign(&store, "known").await, campaign(&store, "fresh").await);
        fill(&store, known, fresh).await;
        let list = format!("'{fresh}'");
        let statements = [
            ("lead", with(by_number::KEEP, &store, &[&list, &list, NUMBERS, "1"])),
            ("lead", with(by_number::STORED, &store, &[NUMBERS, &list])),
            ("lead", with(lead_values::THERE, &store, &[NUMBERS, &list])),
            ("lead", with(lead_values::LISTED, &store, &[NUMBERS, &list])),
            ("suppression", with(by_number::NEVER, &store, &[NUMBERS, &list])),
        ];
        for (table, statement) in statements {
            let plan = plan(&store, &statement).await;
            let key = match (&store.db, table) {
                (Db::Postgres(_), "lead") => "lead_phone_number_campaign_id_key",
                (Db::Postgres(_), _) => "suppression_pkey",
                (Db::Sqlite { .. }, "lead") => "INDEX sqlite_autoindex_lead_2 (phone_number=? AND campaign_id=?)",
                (Db::Sqlite { .. }, _) => "SEARCH suppression USING INDEX sqlite_autoindex_suppression_1 (phone_number=?",
            };
            assert!(plan.contains(key), "{statement}\n{plan}");
            assert!(!plan.contains("lead_due_by_class") && !plan.contains("lead_in_order"), "{statement}\n{plan}");
        }
    }

    async fn whoever_is_asked_for_by_number_is_found_by_it_in_whichever_campaign(store: Store) {
        let (known, fresh) = (campaign(&store, "known").await, campaign(&store, "fresh").await);
        fill(&store, known, fresh).await;
        let statement = with(lead::OF_NUMBERS, &store, &[NUMBERS, "NULL", "NULL", "NULL", "NULL", "NULL", "9"]);
        let plan = plan(&store, &statement).await;
        let key = match &store.db {
            Db::Postgres(_) => "lead_phone_number_campaign_id_key",
            Db::Sqlite { .. } => "SEARCH lead USING INDEX sqlite_autoindex_lead_2 (phone_number=?",
        };
        assert!(plan.contains(key), "{statement}\n{plan}");
    }
}
