//! Over real sockets, with the client the product uses.

mod batches;
mod chat;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::simulator::{Scenario, Simulator, SimulatorSettings};

struct Bench {
    simulator: Simulator,
    client: Client,
}

impl Bench {
    async fn new(scenario: &str) -> Self {
        // The second test of a process finds the provider installed already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let scenario = Scenario::from_toml(scenario).unwrap();
        let simulator = Simulator::start(SimulatorSettings::on_loopback(scenario, 7)).await.unwrap();
        Self { simulator, client: Client::new() }
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}/v1/{path}", self.simulator.base_url());
        self.client.request(method.parse().unwrap(), url).bearer_auth("sk-test")
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.request("POST", path).json(body).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.request("GET", path).send().await.unwrap().json().await.unwrap()
    }

    async fn chat(&self, body: &Value) -> Value {
        self.post("chat/completions", body).await.json().await.unwrap()
    }

    async fn upload(&self, name: &str, content: String) -> Value {
        let form = Form::new().text("purpose", "batch").part("file", Part::text(content).file_name(name.to_owned()));
        self.request("POST", "files").multipart(form).send().await.unwrap().json().await.unwrap()
    }
}

fn ask(words: &str) -> Value {
    json!({"model": "gpt-4o-mini", "messages": [{"role": "system", "content": "You are brief."}, {"role": "user", "content": words}]})
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

#[tokio::test]
async fn embeddings_are_the_same_in_both_encodings() {
    let bench = Bench::new("").await;
    let asked = |format: &str| json!({"model": "text-embedding-3-small", "input": ["call me later", "no"], "encoding_format": format, "dimensions": 8});
    let floats: Value = bench.post("embeddings", &asked("float")).await.json().await.unwrap();
    let packed: Value = bench.post("embeddings", &asked("base64")).await.json().await.unwrap();
    let bytes = base64_simd::STANDARD.decode_to_vec(packed["data"][1]["embedding"].as_str().unwrap()).unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "they were single precision")]
    let expected: Vec<u8> =
        floats["data"][1]["embedding"].as_array().unwrap().iter().flat_map(|x| (x.as_f64().unwrap() as f32).to_le_bytes()).collect();
    assert_eq!(bytes, expected);
}

#[tokio::test]
async fn speech_sounds_and_what_cannot_be_encoded_is_refused() {
    let bench = Bench::new("[openai]\nspeech_ms_per_word = 100").await;
    let asked = |format: &str| json!({"model": "tts-1", "voice": "alloy", "input": "two words", "response_format": format});
    let sound = bench.post("audio/speech", &asked("pcm")).await.bytes().await.unwrap();
    assert_eq!(sound.len(), 2 * 100 * 24 * 2, "two words of 100 ms at 24 kHz, 16 bit");
    let loud = sound.chunks(2).filter(|sample| i16::from_le_bytes([sample[0], sample[1]]).abs() > 8000).count();
    assert!(loud > sound.len() / 4);
    let refused = bench.post("audio/speech", &asked("mp3")).await;
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn a_response_streams_numbered_events_and_ends_completed() {
    let bench = Bench::new("").await;
    let body = bench.post("responses", &json!({"model": "gpt-4o", "input": "Hello", "stream": true})).await.text().await.unwrap();
    let events: Vec<Value> =
        body.lines().filter_map(|line| line.strip_prefix("data: ")).map(|data| serde_json::from_str(data).unwrap()).collect();
    assert!(events.iter().enumerate().all(|(index, event)| event["sequence_number"] == index));
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    let said: String =
        events.iter().filter(|event| event["type"] == "response.output_text.delta").filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(last["response"]["output"][0]["content"][0]["text"], said);
}
