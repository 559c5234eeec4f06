use std::time::Duration;

use secrecy::SecretString;
use tokio_util::task::TaskTracker;

use super::super::OpenAiSettings;
use super::super::body::tests::request;
use super::*;
use crate::providers::wire::retry::Backoff;
use crate::providers::wire::testing::{Reply, Scripted, http, json as json_reply};

fn openai(server: &Scripted) -> OpenAi {
    let settings = OpenAiSettings::new(format!("{}/v1", server.url), SecretString::from("sk-1"));
    let backoff = Backoff { first: Duration::from_millis(1), ..Backoff::default() };
    OpenAi::new(OpenAiSettings { backoff, ..settings }, TaskTracker::new()).unwrap()
}

fn batch(id: &str, status: &str, run: &str) -> Value {
    json!({
        "id": id, "object": "batch", "status": status, "input_file_id": "file-1", "output_file_id": null, "error_file_id": null,
        "errors": null, "metadata": {"run": run}, "request_counts": {"total": 1, "completed": 0, "failed": 0}
    })
}

fn ok(body: &Value) -> Reply {
    json_reply("200 OK", &body.to_string())
}

#[tokio::test]
async fn uploads_one_line_per_request() {
    let server = Scripted::start([json_reply("500 Oops", "{}"), json_reply("200 OK", r#"{"id":"file-9k","object":"file"}"#)]).await;
    let requests = [("a-1".to_owned(), request()), ("a-2".to_owned(), request())];
    assert_eq!(openai(&server).upload(&requests).await.unwrap(), "file-9k");
    let seen = &server.requests()[1];
    assert!(seen.starts_with("POST /v1/files "), "{seen}");
    assert!(seen.contains("name=\"purpose\"\r\n\r\nbatch\r\n") && seen.contains("filename=\"requests.jsonl\""), "{seen}");
    let lines: Vec<Value> = seen.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["custom_id"], &lines[0]["method"], &lines[0]["url"]),
        (&json!("a-1"), &json!("POST"), &json!("/v1/chat/completions"))
    );
    assert_eq!(lines[1]["body"]["max_completion_tokens"], json!(60));
}

#[tokio::test]
async fn refuses_files_that_would_fail_hours_later() {
    let server = Scripted::start([]).await;
    let desk = openai(&server);
    let other = ChatRequest { model: "other".into(), ..request() };
    for requests in [vec![], vec![("a".into(), request()), ("b".into(), other)], vec![("a".into(), request()), ("a".into(), request())]] {
        assert_eq!(desk.upload(&requests).await.unwrap_err().again, Again::No);
    }
    assert!(file(&vec![(String::new(), request()); MOST_REQUESTS + 1]).is_err());
}

#[tokio::test]
async fn creates_once_with_metadata() {
    let server = Scripted::start([ok(&batch("batch_1", "validating", "r1")), json_reply("500 Oops", "{}")]).await;
    assert_eq!(openai(&server).create("file-1", ("run", "r1")).await.unwrap().status, "validating");
    let body: Value = serde_json::from_str(server.requests()[0].rsplit("\r\n\r\n").next().unwrap()).unwrap();
    let expected =
        json!({"input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "24h", "metadata": {"run": "r1"}});
    assert_eq!(body, expected);
    assert_eq!(openai(&server).create("file-1", ("run", "r1")).await.unwrap_err().again, Again::Yes);
    assert_eq!(server.requests().len(), 2, "creating twice would run twice");
}

#[tokio::test]
async fn finds_its_batch_on_a_later_page() {
    let first =
        json!({"object": "list", "data": [batch("batch_3", "completed", "r3"), batch("batch_2", "failed", "r2")], "has_more": true});
    let second = json!({"object": "list", "data": [batch("batch_1", "in_progress", "r1")], "has_more": false});
    let server = Scripted::start([ok(&first), ok(&second), ok(&second)]).await;
    assert_eq!(openai(&server).find(("run", "r1")).await.unwrap().unwrap().id, "batch_1");
    assert!(server.requests()[1].starts_with("GET /v1/batches?limit=100&after=batch_2 "), "{:?}", server.requests()[1]);
    assert_eq!(openai(&server).find(("run", "none")).await.unwrap(), None);
}

#[tokio::test]
async fn tells_why_a_batch_failed() {
    let mut failed = batch("batch_1", "failed", "r1");
    failed["errors"] = json!({"object": "list", "data": [{"code": "duplicate_custom_id", "message": "Twice.", "param": null, "line": 2}]});
    let server = Scripted::start([ok(&failed)]).await;
    assert_eq!(openai(&server).status("batch_1").await.unwrap().errors, ["line 2: duplicate_custom_id: Twice."]);
    assert!(openai(&server).status("../files").await.is_err());
}

#[tokio::test]
async fn reads_results_of_every_kind_in_any_order() {
    let file = r#"{"id":"b3","custom_id":"c","response":null,"error":{"code":"batch_expired","message":"Too late."}}
{"id":"b1","custom_id":"a","response":{"status_code":200,"request_id":"r","body":{"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi","refusal":null}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}},"error":null}

{"id":"b2","custom_id":"b","response":{"status_code":400,"request_id":"r","body":{"error":{"message":"bad","type":"invalid_request_error","param":null,"code":null}}},"error":null}
{"id":"b4","custom_id":"d","response":{"status_code":429,"body":{"error":{"message":"slow","type":"tokens","code":"rate_limit_exceeded"}}},"error":null}
{"id":"b5","custom_id":"e","response":{"status_code":200,"body":null},"error":null}
{"custom_id":"f","response":null,"error":null}
{"id":"b6"
"#;
    let server = Scripted::start([http("200 OK", "Content-Type: application/octet-stream\r\n", file)]).await;
    let lines = openai(&server).read("file-9k").await.unwrap();
    assert!(server.requests()[0].starts_with("GET /v1/files/file-9k/content "));
    let told: Vec<_> =
        lines.iter().map(|l| (l.custom_id.as_str(), l.result.as_ref().map(|a| a.content.as_str()).map_err(|e| e.again))).collect();
    let expected = [
        ("c", Err(Again::Yes)),
        ("a", Ok("Hi")),
        ("b", Err(Again::No)),
        ("d", Err(Again::Yes)),
        ("e", Err(Again::Yes)),
        ("f", Err(Again::Yes)),
    ];
    assert_eq!(told, expected);
}
