//! Batches: a file goes in, its answers come out, its failures apart.

use serde_json::{Value, json};

use super::{Bench, ask};

fn line(id: &str, words: &str) -> String {
    json!({"custom_id": id, "method": "POST", "url": "/v1/chat/completions", "body": ask(words)}).to_string()
}

const AT_ONCE: &str = "[openai.batch]\nvalidating_ms = 0\nrunning_ms = 0\nfinalizing_ms = 0\n";

#[tokio::test]
async fn a_batch_is_answered_in_another_order_with_its_failures_apart() {
    let bench = Bench::new(&format!("{AT_ONCE}[[openai.batch.line_faults]]\nwhen = '^call-3$'\nstatus = 400\n")).await;
    let lines: Vec<String> = (0..20).map(|number| line(&format!("call-{number}"), "Hello")).collect();
    let file = bench.upload("in.jsonl", lines.join("\n")).await;
    let asked = json!({"input_file_id": file["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h", "metadata": {"campaign": "c1"}});
    let made: Value = bench.post("batches", &asked).await.json().await.unwrap();
    let batch = bench.get(&format!("batches/{}", made["id"].as_str().unwrap())).await;
    assert_eq!((&batch["status"], &batch["metadata"]["campaign"]), (&json!("completed"), &json!("c1")));
    assert_eq!(batch["request_counts"], json!({"total": 20, "completed": 19, "failed": 1}));
    assert!(batch["usage"]["total_tokens"].as_u64().unwrap() > 19 * 11);
    let text = |id: &Value| bench.request("GET", &format!("files/{}/content", id.as_str().unwrap())).send();
    let output = text(&batch["output_file_id"]).await.unwrap().text().await.unwrap();
    let ids: Vec<String> =
        output.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["custom_id"].as_str().unwrap().to_owned()).collect();
    let in_order: Vec<String> = (0..20).filter(|number| *number != 3).map(|number| format!("call-{number}")).collect();
    assert_ne!(ids, in_order, "the output is shuffled");
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>(), in_order.iter().collect());
    let errors: Value = serde_json::from_str(text(&batch["error_file_id"]).await.unwrap().text().await.unwrap().trim()).unwrap();
    assert_eq!((&errors["custom_id"], &errors["response"]["status_code"]), (&json!("call-3"), &json!(400)));
    assert_eq!(bench.get("batches?limit=1").await["data"][0]["id"], made["id"]);
}

#[tokio::test]
async fn a_batch_of_a_bad_file_fails_and_one_that_is_late_expires() {
    let bench = Bench::new(AT_ONCE).await;
    let file = bench.upload("in.jsonl", format!("{}\n{}", line("a", "Hello"), line("a", "Hello"))).await;
    let asked = |file: &Value| json!({"input_file_id": file["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"});
    let batch: Value = bench.post("batches", &asked(&file)).await.json().await.unwrap();
    assert_eq!(
        (&batch["status"], &batch["errors"]["data"][0]["code"], &batch["errors"]["data"][0]["line"]),
        (&json!("failed"), &json!("duplicate_custom_id"), &json!(2))
    );
    let bench = Bench::new("[openai.batch]\nvalidating_ms = 0\nrunning_ms = 1000000\nexpires_ms = 0").await;
    let file = bench.upload("in.jsonl", line("a", "Hello")).await;
    let made: Value = bench.post("batches", &asked(&file)).await.json().await.unwrap();
    let batch = bench.get(&format!("batches/{}", made["id"].as_str().unwrap())).await;
    assert_eq!((&batch["status"], &batch["output_file_id"]), (&json!("expired"), &Value::Null));
    let errors = bench.request("GET", &format!("files/{}/content", batch["error_file_id"].as_str().unwrap())).send().await.unwrap();
    assert_eq!(errors.json::<Value>().await.unwrap()["error"]["code"], "batch_expired");
}
