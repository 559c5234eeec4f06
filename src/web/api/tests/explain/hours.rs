//! Calling hours and due times together: who waits for what, and when it opens by itself.

use serde_json::json;

use super::fleet::Fleet;
use crate::domain::not_permitted::NotPermitted;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::codec::JsonText;
use crate::store::db::on_db;

#[tokio::test(flavor = "multi_thread")]
async fn leads_that_are_due_outside_their_hours_wait_whoever_else_is_inside() {
    let fleet = Fleet::dialing().await;
    let list = "phone_number,timezone,consent_basis\n+12125550100,America/New_York,web form\n";
    assert_eq!(fleet.bench.text("POST", "/v1/campaigns/spring/imports?file_name=ny.csv", list).await["status"], 201);
    // it is ten in Los Angeles and one in New York
    fleet.set("hours.monday", "10:30-20:00").await;
    let store = &fleet.bench.store;
    let answer = async |eastern_is_due_at: &str| {
        let due_at = eastern_is_due_at.parse::<Timestamp>().unwrap();
        let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
            sqlx::query("UPDATE lead SET next_attempt_at = $1 WHERE phone_number = '+12125550100'").bind(due_at).execute(tx).await?;
            Ok(())
        });
        done.unwrap();
        fleet.explained().await["answer"].as_str().unwrap().to_owned()
    };
    let none = "nothing new is dialed: 1 of 3 leads to call is inside their calling hours, but none of the 2 that are due; opens";
    assert_eq!(answer("2026-11-23T19:00:00Z").await, format!("{none} 2026-11-23T18:30:00Z"), "when it opens for who is due");
    assert_eq!(answer("2026-11-23T18:20:00Z").await, format!("{none} 2026-11-23T18:20:00Z"), "when who is inside is due");
    assert_eq!(
        answer("2026-11-23T18:00:00Z").await,
        "3 leads are due, 1 of them inside their calling hours, and 0 calls are under way; dialing goes on as lines and pace allow"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_open_before_anybody_of_them_is_due_are_waited_for_until_then() {
    let fleet = Fleet::dialing().await;
    let list = "phone_number,timezone,consent_basis\n+12125550100,America/New_York,web form\n";
    assert_eq!(fleet.bench.text("POST", "/v1/campaigns/spring/imports?file_name=ny.csv", list).await["status"], 201);
    // nobody is inside: it is ten in Los Angeles, and one in New York
    fleet.set("hours.monday", "10:30-12:00").await;
    let due_at = "2026-11-23T18:45:00Z".parse::<Timestamp>().unwrap();
    let done: Result<(), StoreError> = on_db!(fleet.bench.store.db, write, tx => {
        sqlx::query("UPDATE lead SET next_attempt_at = $1 WHERE phone_number <> '+12125550100'").bind(due_at).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
    let answer = "nothing new is dialed: 0 of 3 leads to call are inside their calling hours; opens 2026-11-23T18:45:00Z";
    assert_eq!(fleet.explained().await["answer"], answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_opening_is_told_of_leads_that_are_never_called_nor_one_before_a_lead_is_due() {
    let fleet = Fleet::dialing().await;
    let list = "phone_number,timezone,consent_basis\n+81312345678,Asia/Tokyo,web form\n";
    assert_eq!(fleet.bench.text("POST", "/v1/campaigns/spring/imports?file_name=jp.csv", list).await["status"], 201);
    // ten in Los Angeles; in Tokyo it opens at midnight UTC
    fleet.set("hours.monday", "08:00-09:00").await;
    let due_at = "2026-11-25T20:00:00Z".parse::<Timestamp>().unwrap();
    let later: Result<(), StoreError> = on_db!(fleet.bench.store.db, write, tx => {
        sqlx::query("UPDATE lead SET next_attempt_at = $1 WHERE phone_number <> '+81312345678'").bind(due_at).execute(tx).await?;
        Ok(())
    });
    later.unwrap();
    let answer = async || fleet.explained().await["answer"].as_str().unwrap().to_owned();
    let of_those_called = "nothing new is dialed: 0 of 2 leads to call are inside their calling hours, and nobody is due before \
        2026-11-25T20:00:00Z; opens 2026-11-25T20:00:00Z";
    assert_eq!(answer().await, of_those_called, "a country that the campaign does not call");
    fleet.set("countries", "any").await;
    let all = "nothing new is dialed: 0 of 3 leads to call are inside their calling hours; opens 2026-11-24T00:00:00Z";
    assert_eq!(answer().await, all);
    let mut countries = NotPermitted::default();
    let tokyo = PhoneNumber::from_e164("+81312345678").unwrap();
    countries.add(&tokyo, "spring", "the provider refused a call with code 21215");
    let refused: Result<(), StoreError> = on_db!(fleet.bench.store.db, write, tx => {
        sqlx::query("UPDATE campaign SET not_permitted = $1").bind(JsonText(&countries)).execute(tx).await?;
        Ok(())
    });
    refused.unwrap();
    assert_eq!(answer().await, of_those_called, "a country that the provider has refused");
    let explained = fleet.explained().await;
    assert_eq!((explained["hours"].as_array().unwrap().len(), &explained["due_now"]), (1, &json!(0)), "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_campaign_that_drains_only_promised_callbacks_are_due() {
    let fleet = Fleet::dialing().await;
    assert_eq!(fleet.bench.post("/v1/campaigns/spring/drain").await["status"], 200);
    let told = "only promised callbacks are still called: nobody is left to call";
    assert_eq!(fleet.explained().await["answer"], told, "both leads are due, and will not be called");
    let at = "2026-11-23T20:00:00Z".parse::<Timestamp>().unwrap();
    let promised: Result<(), StoreError> = on_db!(fleet.bench.store.db, write, tx => {
        let sql = "UPDATE lead SET state = 'waiting', next_kind = 'callback', next_attempt_at = $1 WHERE phone_number = '+14155550100'";
        sqlx::query(sql).bind(at).execute(tx).await?;
        Ok(())
    });
    promised.unwrap();
    let explained = fleet.explained().await;
    let told = "only promised callbacks are still called: nobody is due now; the next one is at 2026-11-23T20:00:00Z";
    assert_eq!((&explained["answer"], &explained["due_now"]), (&json!(told), &json!(0)), "{explained}");
    assert_eq!((&explained["hours"][0]["leads"], &explained["waiting"][1]["leads"]), (&json!(1), &json!(1)), "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_with_nobody_left_but_those_it_does_not_call_says_so_and_what_ends_it() {
    let fleet = Fleet::dialing().await;
    let list = "phone_number,timezone,consent_basis\n+81312345678,Asia/Tokyo,web form\n";
    assert_eq!(fleet.bench.text("POST", "/v1/campaigns/spring/imports?file_name=jp.csv", list).await["status"], 201);
    let command = "callfleet campaign drain spring";
    let warnings = async || fleet.bench.get("/v1/campaigns/spring").await["body"]["warnings"].to_string();
    let explained = fleet.explained().await;
    assert!(!explained.to_string().contains(command) && !warnings().await.contains(command), "two are called: {explained}");
    for (state, is_told) in [("active", false), ("finished", true)] {
        let moved: Result<(), StoreError> = on_db!(fleet.bench.store.db, write, tx => {
            sqlx::query("UPDATE lead SET state = $1 WHERE phone_number <> '+81312345678'").bind(state).execute(tx).await?;
            Ok(())
        });
        moved.unwrap();
        let explained = fleet.explained().await;
        let answer = explained["answer"].as_str().unwrap();
        assert_eq!(answer.contains(command), is_told, "{state}: {answer}");
        assert!(answer.starts_with("nobody is left to call"), "{state}: {answer}");
        assert_eq!(warnings().await.contains(command), is_told, "{state}");
        assert!(!explained["warnings"].to_string().contains(command), "it is not told twice: {explained}");
    }
    fleet.bench.post("/v1/queues/dial/pause").await;
    let explained = fleet.explained().await;
    assert!(explained["answer"].as_str().unwrap().contains("the dial queue is paused"), "{explained}");
    assert!(explained["warnings"].to_string().contains(command), "{explained}");
}
