//! A voice that fails for a while: what is tried again, when, and how often.

use futures_util::future::join_all;

use super::*;
use crate::agents::load::load;

const FILLER: &str = "One moment.";
const APOLOGY: &str = "I'm sorry, I'm having a technical problem. We'll try again another time. Goodbye.";

/// Answers 503 so often; remembers what it was asked for.
#[derive(Default)]
struct Moody {
    refusals: Mutex<HashMap<&'static str, u32>>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Renderer for Moody {
    async fn render(&self, _agent: &AgentDefinition, text: &str) -> Option<Bytes> {
        self.asked.lock().unwrap().push(text.to_owned());
        tokio::time::sleep(Duration::from_millis(300)).await;
        match self.refusals.lock().unwrap().get_mut(text) {
            Some(left) if *left > 0 => {
                *left -= 1;
                None
            }
            _ => Some(Bytes::copy_from_slice(text.as_bytes())),
        }
    }
}

impl Moody {
    fn refusing(lines: &[(&'static str, u32)]) -> Self {
        Self { refusals: Mutex::new(lines.iter().copied().collect()), ..Self::default() }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn demo() -> Clips {
    Clips::new(Arc::new(load(include_str!("../../../config/demo/agent.toml")).unwrap()))
}

fn lines(clips: &Clips) -> usize {
    static_lines(&clips.agent).count()
}

#[test]
fn the_words_before_a_transfer_are_rendered_ahead_where_the_agent_has_its_own() {
    let mut agent = load(include_str!("../../../config/demo/agent.toml")).unwrap();
    let usual = static_lines(&agent).count();
    agent.lines.transferring = Some("One moment, I'll ring a person.".to_owned());
    assert_eq!((static_lines(&agent).count(), static_lines(&agent).last()), (usual + 1, agent.lines.transferring.as_deref()));
    agent.lines.transferring = Some("One moment, {{ first_name }}.".to_owned());
    assert_eq!(static_lines(&agent).count(), usual, "a line that names the lead is another one for everybody");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_failed_once_is_there_for_the_second_call() {
    let (clips, voice) = (demo(), Moody::refusing(&[(FILLER, 1)]));
    let first = clips.complete(&voice).await;
    assert_eq!((first.len(), first.contains_key(FILLER)), (lines(&clips) - 1, false));
    assert_eq!(voice.asked().len(), lines(&clips));
    tokio::time::sleep(FIRST_PAUSE).await;
    let second = clips.complete(&voice).await;
    assert_eq!((second.len(), voice.asked()), (lines(&clips), vec![FILLER.to_owned()]));
    tokio::time::sleep(LONGEST_PAUSE).await;
    clips.complete(&voice).await;
    assert!(voice.asked().is_empty(), "what is there is not rendered again");
}

#[tokio::test(start_paused = true)]
async fn many_calls_at_once_render_every_line_once() {
    let (clips, voice) = (demo(), Moody::refusing(&[(FILLER, 1), (APOLOGY, 1)]));
    let all = join_all((0..50).map(|_| clips.complete(&voice))).await;
    assert!(all.iter().all(|audio| audio.len() == lines(&clips) - 2), "everybody waited for the first round");
    assert_eq!(voice.asked().len(), lines(&clips));
    tokio::time::sleep(FIRST_PAUSE).await;
    let all = join_all((0..50).map(|_| clips.complete(&voice))).await;
    assert_eq!(voice.asked().len(), 2, "one tries again for all");
    assert_eq!(all.iter().filter(|audio| audio.len() == lines(&clips)).count(), 1, "the others do not wait");
}

#[tokio::test(start_paused = true)]
async fn a_voice_that_stays_away_is_asked_less_and_less() {
    let (clips, voice) = (demo(), Moody::refusing(&[(FILLER, u32::MAX)]));
    clips.complete(&voice).await;
    voice.asked();
    for _ in 0..3_600 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        clips.complete(&voice).await;
    }
    let asked = voice.asked().len();
    assert!((15..=20).contains(&asked), "{asked} tries in an hour");
}

#[tokio::test(start_paused = true)]
async fn who_is_on_the_line_never_waits_for_another_try() {
    let (clips, voice) = (demo(), Moody::refusing(&[(FILLER, 1)]));
    clips.at_hand(&voice).await;
    voice.asked();
    tokio::time::sleep(LONGEST_PAUSE).await;
    assert_eq!(clips.at_hand(&voice).await.len(), lines(&clips) - 1);
    assert!(voice.asked().is_empty());
}
