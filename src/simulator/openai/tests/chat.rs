//! Chats: whole, in pieces, by rules, and with the faults of a service.

use serde_json::{Value, json};

use super::{Bench, ask, with};

/// The `data:` payloads of a stream.
fn events(body: &str) -> Vec<&str> {
    body.split("\n\n").filter(|event| !event.is_empty()).map(|event| event.strip_prefix("data: ").unwrap()).collect()
}

#[tokio::test]
async fn a_chat_is_answered_with_usage_limits_and_a_request_id() {
    let bench = Bench::new("").await;
    let response = bench.post("chat/completions", &ask("Hello there")).await;
    assert_eq!(response.headers()["x-ratelimit-limit-requests"], "1000000");
    assert!(response.headers()["x-request-id"].to_str().unwrap().starts_with("req_"));
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello! Do you have a minute for a short question?");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["choices"][0]["logprobs"], Value::Null);
    assert_eq!(answer["usage"]["total_tokens"].as_u64(), Some(answer["usage"]["prompt_tokens"].as_u64().unwrap() + 12));
}

#[tokio::test]
async fn a_stream_says_the_same_in_pieces_and_tells_its_usage_last() {
    let bench = Bench::new("").await;
    let whole = bench.chat(&ask("It is a red roof")).await;
    let asked = with(with(ask("It is a red roof"), "stream", json!(true)), "stream_options", json!({"include_usage": true}));
    let body = bench.post("chat/completions", &asked).await.text().await.unwrap();
    let events = events(&body);
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> = events[..events.len() - 1].iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({"role": "assistant", "content": "", "refusal": null}));
    let said: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(said, whole["choices"][0]["message"]["content"]);
    let (usage, finish) = (&chunks[chunks.len() - 1], &chunks[chunks.len() - 2]);
    assert_eq!((&usage["choices"], &usage["usage"]), (&json!([]), &whole["usage"]));
    assert_eq!((&finish["choices"][0]["delta"], &finish["choices"][0]["finish_reason"]), (&json!({}), &json!("stop")));
    assert_eq!(finish["usage"], Value::Null, "the other chunks carry a null");
    assert!(chunks.iter().all(|chunk| chunk["id"] == chunks[0]["id"]));
}

#[tokio::test]
async fn logprobs_join_to_the_text_byte_by_byte() {
    let bench = Bench::new("[[openai.replies]]\nsay = 'Grüß Gott, 10 €'").await;
    let answer = bench.chat(&with(with(ask("hi"), "logprobs", json!(true)), "top_logprobs", json!(2))).await;
    let tokens = answer["choices"][0]["logprobs"]["content"].as_array().unwrap();
    let bytes: Vec<u8> = tokens
        .iter()
        .flat_map(|token| token["bytes"].as_array().unwrap())
        .map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap())
        .collect();
    assert_eq!(String::from_utf8(bytes).unwrap(), "Grüß Gott, 10 €");
    assert!(
        tokens
            .iter()
            .all(|token| token["top_logprobs"].as_array().unwrap().len() == 2 && token["top_logprobs"][0]["token"] == token["token"])
    );
}

#[tokio::test]
async fn refused_requests_say_why() {
    let bench = Bench::new("[openai]\nkeys = ['sk-other']").await;
    let refused = bench.post("chat/completions", &ask("hi")).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], "invalid_api_key");
    let bench = Bench::new("[openai]\nmodels = ['gpt-4o']").await;
    let refused = bench.post("chat/completions", &ask("hi")).await;
    assert_eq!(refused.status(), 404);
    let error = refused.json::<Value>().await.unwrap();
    assert_eq!(error["error"]["code"], "model_not_found");
    assert!(error["error"].as_object().unwrap().contains_key("param"), "all four keys are there");
}

#[tokio::test]
async fn a_schema_is_filled_by_rules_and_a_refusal_refuses() {
    let scenario = r#"
        [[openai.fields]]
        name = "interested"
        when = "\\byes\\b"
        value = true
        [[openai.replies]]
        when = "forbidden"
        refuse = "I can't help with that."
    "#;
    let bench = Bench::new(scenario).await;
    let schema = json!({"type": "object", "additionalProperties": false, "required": ["interested", "topic"],
        "properties": {"interested": {"type": "boolean"}, "topic": {"type": ["string", "null"]}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "analysis", "strict": true, "schema": schema}});
    let answer = bench.chat(&with(ask("yes please"), "response_format", format.clone())).await;
    assert_eq!(answer["choices"][0]["message"]["content"], r#"{"interested":true,"topic":null}"#);
    let answer = bench.chat(&with(ask("something forbidden"), "response_format", format)).await;
    assert_eq!(
        (&answer["choices"][0]["message"]["content"], &answer["choices"][0]["message"]["refusal"]),
        (&Value::Null, &json!("I can't help with that."))
    );
}

#[tokio::test]
async fn a_long_prompt_is_cached_the_second_time_and_a_short_limit_cuts() {
    let bench = Bench::new("").await;
    let long = with(ask(&"many words ".repeat(800)), "max_completion_tokens", json!(3));
    assert_eq!(bench.chat(&long).await["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
    let again = bench.chat(&long).await;
    assert_eq!(again["usage"]["prompt_tokens_details"]["cached_tokens"], 1536);
    assert_eq!((&again["choices"][0]["finish_reason"], &again["usage"]["completion_tokens"]), (&json!("length"), &json!(3)));
}

#[tokio::test]
async fn faults_strike_as_told() {
    let scenario = r#"
        [[openai.faults]]
        kind = "rate_limited"
        when = "too fast"
        ms = 2500
        [[openai.faults]]
        kind = "cut"
        when = "cut me"
        after_events = 3
        [[openai.faults]]
        kind = "error_event"
        when = "trip me"
        after_events = 2
    "#;
    let bench = Bench::new(scenario).await;
    let limited = bench.post("chat/completions", &ask("too fast")).await;
    assert_eq!(
        (
            limited.status().as_u16(),
            limited.headers()["retry-after"].to_str().unwrap(),
            limited.headers()["retry-after-ms"].to_str().unwrap()
        ),
        (429, "3", "2500")
    );
    let mut cut = bench.post("chat/completions", &with(ask("cut me"), "stream", json!(true))).await;
    let ending = loop {
        match cut.chunk().await {
            Ok(Some(_)) => {}
            ending => break ending,
        }
    };
    assert!(ending.is_err(), "some of it came, then the connection broke");
    let tripped = bench.post("chat/completions", &with(ask("trip me"), "stream", json!(true))).await.text().await.unwrap();
    let events = events(&tripped);
    assert_eq!(events.len(), 3);
    assert!(events[2].contains(r#""error":{"#));
}

/// Rules about the question, the answer and what is still missing play an agent that asks one thing at a time.
#[tokio::test]
async fn rules_can_lead_a_conversation() {
    let bench = Bench::new(include_str!("agent.toml")).await;
    let mut messages = vec![
        json!({"role": "user", "content": "Facts: a system costs 12,000 dollars. To find out: whether they own the home"}),
        json!({"role": "assistant", "content": "Hi, this is Ava. Do you own your home?"}),
    ];
    let turns = [
        (
            "Who is this?",
            "Do you own your home?",
            json!({"owns_home": null, "monthly_bill": null, "interested": null, "intent": "question"}),
        ),
        ("Yes I do.", "in a month?", json!({"owns_home": "yes", "monthly_bill": null, "interested": null, "intent": "answer"})),
        (
            "It is our house, I pay around 1,210 dollars.",
            "free consultation",
            json!({"owns_home": "yes", "monthly_bill": 1210, "interested": null, "intent": "answer"}),
        ),
        (
            "Yes please, a free consultation sounds good.",
            "Goodbye.",
            json!({"owns_home": null, "monthly_bill": null, "interested": "yes", "intent": "answer"}),
        ),
        (
            "Can you call me tomorrow after five?",
            "What day",
            json!({"owns_home": null, "monthly_bill": null, "interested": null, "intent": "callback"}),
        ),
        ("Stop calling me.", "Understood", json!({"owns_home": null, "monthly_bill": null, "interested": null, "intent": "opt_out"})),
    ];
    let yes_no = json!({"type": ["string", "null"], "enum": ["yes", "no", null]});
    let properties = json!({"owns_home": yes_no, "interested": yes_no, "monthly_bill": {"type": ["number", "null"]},
        "intent": {"type": "string", "enum": ["answer", "question", "callback", "refusal", "opt_out", "goodbye", "other"]}});
    let schema = json!({"type": "object", "additionalProperties": false, "required": ["owns_home", "interested", "monthly_bill", "intent"], "properties": properties});
    let format = json!({"type": "json_schema", "json_schema": {"name": "turn_analysis", "strict": true, "schema": schema}});
    for (words, expected, meaning) in turns {
        messages.push(json!({"role": "user", "content": words}));
        let asked = json!({"model": "any", "messages": messages});
        let analysis = bench.chat(&with(asked.clone(), "response_format", format.clone())).await;
        let found: Value = serde_json::from_str(analysis["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
        assert_eq!(found, meaning, "{words}");
        let reply = bench.chat(&asked).await["choices"][0]["message"]["content"].clone();
        assert!(reply.as_str().unwrap().contains(expected), "{words} → {reply}");
        messages.push(json!({"role": "assistant", "content": reply}));
    }
}
