//! A million frames through the reader.

use std::thread;

use callfleet::providers::twilio::media::{FromTwilio, MediaReader};

use super::frames::{self, Chance, STREAM};

const FRAMES: u64 = 1_000_000;
/// Frames of one reader, as of one stream.
const STREAM_LENGTH: u64 = 1_000;

#[derive(Debug, Default)]
struct Counts {
    frames: u64,
    audio: u64,
    refused: u64,
    foreign: u64,
    longest: usize,
}

/// `CALLFLEET_FRAMES_SEED` names another million.
#[test]
fn a_million_frames_are_read_or_refused() {
    let seed: u64 = std::env::var("CALLFLEET_FRAMES_SEED").map_or(1, |seed| seed.parse().expect("CALLFLEET_FRAMES_SEED is a number"));
    let halves = thread::scope(|scope| {
        let half =
            |n: u64| scope.spawn(move || (0..FRAMES / STREAM_LENGTH / 2).map(|s| stream(seed * 1_000_003 + s * 2 + n)).collect::<Vec<_>>());
        let halves = [half(0), half(1)];
        halves.map(|half| half.join().expect("a frame panicked; its stream is above"))
    });
    let all = halves.into_iter().flatten().fold(Counts::default(), |all, one| Counts {
        frames: all.frames + one.frames,
        audio: all.audio + one.audio,
        refused: all.refused + one.refused,
        foreign: all.foreign + one.foreign,
        longest: all.longest.max(one.longest),
    });
    println!("seed {seed}: {all:?}");
    assert_eq!(all.frames, FRAMES);
    assert!(all.audio > FRAMES / 4 && all.refused > FRAMES / 10 && all.foreign > FRAMES / 20, "{all:?}");
    assert!(all.longest <= 8_000, "{all:?}");
}

fn stream(seed: u64) -> Counts {
    let (mut chance, mut reader, mut counts) = (Chance::new(seed), MediaReader::default(), Counts::default());
    reader.read(&frames::start(STREAM)).unwrap();
    for n in 0..STREAM_LENGTH {
        let frame = frames::any(&mut chance);
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reader.read(&frame)));
        let Ok(read) = read else { panic!("frame {n} of stream {seed}: {frame:.400}") };
        counts.frames += 1;
        match read {
            Ok(FromTwilio::Audio(audio)) => {
                counts.audio += 1;
                counts.longest = counts.longest.max(audio.len());
            }
            Ok(FromTwilio::Foreign) => counts.foreign += 1,
            Ok(_) => {}
            Err(_) => counts.refused += 1,
        }
    }
    counts
}
