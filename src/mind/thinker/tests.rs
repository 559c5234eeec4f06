mod fake;

use std::sync::Mutex as StdMutex;

use fake::{Answer, FakeMind};
use tokio::time::Instant;

use super::*;
use crate::agents;
use crate::clock::SystemClock;
use crate::mind::ledger::UsageSource;
use crate::mind::prompt::{LeadFacts, PromptTexts};
use crate::providers::Usage;

type Kept = Arc<StdMutex<Vec<LedgerEntry>>>;

struct Desk {
    thinker: Thinker,
    mind: Arc<FakeMind>,
    kept: Kept,
}

fn desk(answers: Vec<Answer>, budget_usd: f64) -> Desk {
    let def = agents::load::load(include_str!("../../../config/demo/agent.toml")).unwrap();
    let script = Script::new(&PromptTexts::built_in(), Arc::new(def), &LeadFacts::default());
    let mind = Arc::new(FakeMind::new(answers));
    let kept = Kept::default();
    let keep = kept.clone();
    let parts = ThinkerParts {
        mind: mind.clone(),
        provider: "openai",
        script: Arc::new(script),
        budget: call_budget(budget_usd),
        clock: Arc::new(SystemClock),
        keep: Arc::new(move |entry| keep.lock().unwrap().push(entry)),
    };
    Desk { thinker: Thinker::new(parts), mind, kept }
}

fn turn(utterance: &str) -> Turn<'_> {
    Turn { number: 2, utterance, confidence: None }
}

impl Desk {
    /// The words and the end of a whole reply.
    async fn reply(&self, utterance: &str) -> (String, Option<ThoughtEnd>) {
        let (out, mut thoughts) = mpsc::channel(64);
        self.thinker.reply(&History::new(), turn(utterance), &out, &CancellationToken::new()).await;
        drop(out);
        let (mut words, mut end) = (String::new(), None);
        while let Some(thought) = thoughts.recv().await {
            match thought {
                Thought::Words(text) => words.push_str(&text),
                Thought::End(how) => end = Some(how),
            }
        }
        (words, end)
    }

    fn finishes(&self) -> Vec<(String, String)> {
        let kept = self.kept.lock().unwrap();
        kept.iter().map(|e| (e.model.clone(), e.finish.clone().unwrap())).collect()
    }
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

const USAGE: Usage = Usage { tokens_in: 400, tokens_cached: 0, tokens_out: 20 };

#[tokio::test(start_paused = true)]
async fn a_reply_streams_and_leaves_one_whole_entry() {
    let desk = desk(vec![Answer::says(&["Great. ", "And your bill?"], Some(USAGE))], 0.05);
    assert_eq!(desk.reply("yes I do").await, ("Great. And your bill?".to_owned(), Some(ThoughtEnd::Complete)));
    let entry = desk.kept.lock().unwrap()[0].clone();
    assert_eq!((entry.model.as_str(), entry.usage, entry.turn), ("gpt-6-luna", USAGE, Some(2)));
    assert_eq!((entry.route_reason.as_deref(), entry.finish.as_deref()), (Some("usual"), Some("stop")));
    assert_eq!(entry.prompt_version, Some(desk.thinker.script().system_version()));
    assert_eq!((entry.cost.0, entry.baseline.0), (400 * 100 + 20 * 500, 400 * 2_000 + 20 * 10_000));
    assert_eq!(desk.thinker.budget().spent(), entry.cost);
    assert_eq!(entry.text.unwrap().1, "Great. And your bill?");
}

#[tokio::test(start_paused = true)]
async fn hard_words_go_to_the_reasoning_model_and_its_failure_to_the_simple_one() {
    let desk = desk(vec![Answer::Refuses(Again::Yes), Answer::says(&["Sure."], Some(USAGE))], 0.05);
    assert_eq!(desk.reply("how much does it cost?").await, ("Sure.".to_owned(), Some(ThoughtEnd::Complete)));
    assert_eq!(desk.finishes(), pairs(&[("gpt-6-sol", "failed"), ("gpt-6-luna", "stop")]));
    let kept = desk.kept.lock().unwrap();
    assert_eq!((kept[1].retry_of, kept[1].route_reason.as_deref()), (Some(kept[0].id), Some("fallback")));
    assert_eq!(kept[0].cost, NanoUsd::ZERO, "a refused request is not billed");
}

#[tokio::test(start_paused = true)]
async fn a_late_model_is_hedged_once_and_the_loser_is_metered() {
    let desk = desk(vec![Answer::Silent, Answer::says(&["Here."], Some(USAGE))], 0.05);
    let began = Instant::now();
    assert_eq!(desk.reply("how much is it?").await.0, "Here.");
    assert_eq!(began.elapsed(), Duration::from_millis(1_200), "the hedge starts when the filler would");
    assert_eq!(desk.finishes(), pairs(&[("gpt-6-sol", "cut"), ("gpt-6-luna", "stop")]));
    assert_eq!(desk.mind.open_streams(), 0, "the loser's connection is closed");
}

#[tokio::test(start_paused = true)]
async fn when_nobody_speaks_the_deadline_ends_it() {
    let desk = desk(vec![Answer::Silent, Answer::Silent, Answer::Silent], 0.05);
    let began = Instant::now();
    assert_eq!(desk.reply("hello").await, (String::new(), Some(ThoughtEnd::Nothing)));
    assert_eq!(began.elapsed(), Duration::from_millis(6_000));
    assert_eq!(desk.mind.asked(), 2, "one hedge, not more");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_good_of_the_simple_model_is_not_asked_again() {
    let desk = desk(vec![Answer::Refuses(Again::No), Answer::says(&["no"], None)], 0.05);
    assert_eq!(desk.reply("hello").await.1, Some(ThoughtEnd::Nothing));
    assert_eq!(desk.mind.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_says_so_and_its_tokens_are_estimated() {
    let desk = desk(vec![Answer::Breaks(&["Well, "])], 0.05);
    assert_eq!(desk.reply("hello").await, ("Well, ".to_owned(), Some(ThoughtEnd::BrokenOff)));
    let entry = desk.kept.lock().unwrap()[0].clone();
    assert_eq!((entry.finish.as_deref(), entry.usage_source), (Some("failed"), UsageSource::Estimated));
    assert!(entry.usage.tokens_in > 100 && entry.usage.tokens_out > 0);
}

#[tokio::test(start_paused = true)]
async fn barge_in_closes_the_stream_and_keeps_the_bill() {
    let desk = desk(vec![Answer::Stalls(&["I was ", "about to "])], 0.05);
    let (out, mut thoughts) = mpsc::channel(8);
    let stop = CancellationToken::new();
    let interrupt = async {
        for _ in 0..2 {
            assert!(matches!(thoughts.recv().await, Some(Thought::Words(_))));
        }
        stop.cancel();
    };
    let history = History::new();
    tokio::join!(desk.thinker.reply(&history, turn("hello"), &out, &stop), interrupt);
    drop(out);
    assert_eq!(thoughts.recv().await, None, "no end piece after a stop");
    assert_eq!(desk.finishes(), pairs(&[("gpt-6-luna", "cut")]));
    let entry = desk.kept.lock().unwrap()[0].clone();
    assert_eq!(entry.usage.tokens_out, tokens::count("gpt-6-luna", "I was about to "));
    assert!(entry.cost > NanoUsd::ZERO && desk.thinker.budget().spent() == entry.cost);
    assert_eq!(desk.mind.open_streams(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_small_purse_buys_the_cheap_model_and_an_empty_one_nothing() {
    let cheap = desk(vec![Answer::says(&["ok"], Some(USAGE))], 0.000_5);
    assert_eq!(cheap.reply("how much does it cost?").await.0, "ok");
    assert_eq!(cheap.kept.lock().unwrap()[0].route_reason.as_deref(), Some("budget"));
    let poor = desk(vec![], 0.000_01);
    assert_eq!(poor.reply("hello").await.1, Some(ThoughtEnd::Canned));
    let empty = desk(vec![], 0.0);
    assert_eq!(empty.reply("hello").await.1, Some(ThoughtEnd::Spent));
    assert_eq!(empty.mind.asked(), 0);
}

const UNDERSTOOD: &str =
    r#"{"intent":"callback","callback_words":"tomorrow after five","sentiment":-2,"owns_home":null,"monthly_bill":null,"interested":null}"#;

#[tokio::test(start_paused = true)]
async fn a_turn_is_understood_and_its_mood_routes_the_next_one() {
    let desk = desk(vec![Answer::says(&[UNDERSTOOD], Some(USAGE)), Answer::says(&["ok"], Some(USAGE))], 0.05);
    let analysis = desk.thinker.analyse(&History::new(), turn("call me tomorrow after five")).await.unwrap();
    assert_eq!(analysis.callback_words.as_deref(), Some("tomorrow after five"));
    desk.reply("yes").await;
    let kept = desk.kept.lock().unwrap();
    assert_eq!((kept[0].purpose, kept[0].prompt_version), (Purpose::Analysis, Some(desk.thinker.script().analysis_version())));
    assert_eq!(kept[1].route_reason.as_deref(), Some("sentiment_drop"));
}

#[tokio::test(start_paused = true)]
async fn an_analysis_that_is_none_is_an_error_with_its_bill() {
    let desk = desk(vec![Answer::says(&["I'd rather not"], Some(USAGE)), Answer::Silent], 0.05);
    let history = History::new();
    assert_eq!(
        desk.thinker.analyse(&history, turn("hm")).await,
        Err(NotUnderstood::Invalid(crate::mind::analysis::AnalysisError::NotAnObject))
    );
    assert_eq!(desk.thinker.analyse(&history, turn("hm")).await, Err(NotUnderstood::Late));
    assert_eq!(desk.finishes(), pairs(&[("gpt-6-luna", "stop"), ("gpt-6-luna", "late")]));
}
