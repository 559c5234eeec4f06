use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-23T10:00:00Z")
}

fn usage(tokens_in: u64, tokens_cached: u64, tokens_out: u64) -> Usage {
    Usage { tokens_in, tokens_cached, tokens_out }
}

#[test]
fn the_embedded_table_prices_everything_the_demo_uses() {
    let table = PriceTable::built_in();
    for (service, model) in [
        (Service::Llm, "gpt-6-luna"),
        (Service::Llm, "gpt-6-sol"),
        (Service::Stt, "flux-general-en"),
        (Service::Stt, "nova-3"),
        (Service::Tts, "aura-2-thalia-en"),
        (Service::Telephony, CALL),
        (Service::Telephony, STREAM),
        (Service::Telephony, AMD),
    ] {
        assert!(table.knows(service, model, now()), "{service} {model}");
    }
}

#[test]
fn tokens_are_priced_by_kind_and_tier() {
    let cost = |tier, usage| PriceTable::built_in().cost(Service::Llm, "gpt-6-sol", tier, usage, 0, now()).unwrap();
    assert_eq!(cost(Tier::Standard, usage(500, 0, 60)), NanoUsd(1_000_000 + 600_000));
    assert_eq!(cost(Tier::Standard, usage(1_300, 1_100, 0)), NanoUsd(200 * 2_000 + 1_100 * 200));
    assert_eq!(cost(Tier::Batch, usage(500, 0, 60)), NanoUsd(800_000));
    assert_eq!(cost(Tier::Flex, usage(500, 0, 60)), NanoUsd(800_000));
}

#[test]
fn the_baseline_is_the_expensive_model_at_once_and_uncached() {
    let table = PriceTable::built_in();
    let baseline = table.baseline(Service::Llm, "gpt-6-luna", "gpt-6-sol", usage(1_000, 900, 100), 0, now()).unwrap();
    assert_eq!(baseline, NanoUsd(1_000 * 2_000 + 100 * 10_000));
    let speech = table.baseline(Service::Tts, "aura-2-thalia-en", "gpt-6-sol", Usage::default(), 200, now()).unwrap();
    assert_eq!(speech, NanoUsd(6_000_000));
}

#[test]
fn minutes_characters_and_uses() {
    let cost = |service, model, units| PriceTable::built_in().cost(service, model, Tier::Standard, Usage::default(), units, now()).unwrap();
    assert_eq!(cost(Service::Telephony, CALL, 61_000), NanoUsd(28_000_000), "two begun minutes");
    assert_eq!(cost(Service::Telephony, CALL, 0), NanoUsd::ZERO, "an unanswered call is free");
    assert_eq!(cost(Service::Stt, "flux-general-en", 30_000), NanoUsd(3_250_000));
    assert_eq!(cost(Service::Telephony, AMD, 1), NanoUsd(7_500_000));
}

#[test]
fn a_price_counts_from_its_day() {
    let stream = |when| PriceTable::built_in().cost(Service::Telephony, STREAM, Tier::Standard, Usage::default(), 60_000, at(when));
    assert_eq!(stream("2026-07-31T23:59:59Z"), Ok(NanoUsd(4_000_000)));
    assert_eq!(stream("2026-08-01T00:00:00Z"), Ok(NanoUsd(4_400_000)));
    assert_eq!(stream("2020-01-01T00:00:00Z"), Ok(NanoUsd(4_000_000)), "before the first price, the first");
}

#[test]
fn an_unknown_model_is_named_and_a_lookalike_is_unknown() {
    let table = PriceTable::built_in();
    let error = table.cost(Service::Llm, "gpt-6-luna-pro", Tier::Standard, usage(1, 0, 1), 0, now()).unwrap_err();
    assert!(error.to_string().contains("gpt-6-luna-pro"), "{error}");
    assert!(table.knows(Service::Llm, "gpt-6-luna-2026-09-22", now()), "a dated snapshot is its model");
    assert!(table.worst("nobody-knows", 1_000, 100, now()) >= table.worst("gpt-6-sol", 1_000, 100, now()));
}

#[test]
fn a_voice_belongs_to_the_nearest_family() {
    let table = PriceTable::built_in();
    let cost = |voice| table.cost(Service::Tts, voice, Tier::Standard, Usage::default(), 1_000, now());
    assert_eq!(cost("aura-2-thalia-en"), Ok(NanoUsd(30_000_000)));
    assert_eq!(cost("aura-asteria-en"), Ok(NanoUsd(15_000_000)));
    assert!(cost("bells-en").is_err());
}

#[test]
fn a_bad_table_says_what_is_wrong() {
    let entry = "[[llm]]\nmodel = 'm'\neffective_from = '2026-01-01T00:00:00Z'\ninput = 1.0\ncached = 0.1\noutput = 2.0\nsource = 's'\n";
    assert!(PriceTable::parse(entry).is_ok());
    let twice = PriceTable::parse(&entry.repeat(2)).unwrap_err().to_string();
    assert!(twice.contains("two prices"), "{twice}");
    let unsourced = PriceTable::parse(&entry.replace("'s'", "''")).unwrap_err().to_string();
    assert!(unsourced.contains("no source"), "{unsourced}");
    let misspelt = PriceTable::parse(&entry.replace("cached", "cashed")).unwrap_err().to_string();
    assert!(misspelt.starts_with("5:") && misspelt.contains("cashed") && !misspelt.contains('\n'), "{misspelt}");
    let negative = PriceTable::parse(&format!("{entry}batch_input = -1.0\n")).unwrap_err().to_string();
    assert!(negative.contains("below zero"), "{negative}");
}

proptest! {
    #[test]
    fn the_worst_case_is_never_passed(tokens_in in 0u64..100_000, cached in 0u64..100_000, out in 0u64..10_000) {
        let table = PriceTable::built_in();
        for model in ["gpt-6-luna", "gpt-6-sol", "gpt-4o-mini"] {
            let worst = table.worst(model, tokens_in, out, now());
            for tier in [Tier::Standard, Tier::Batch, Tier::Flex] {
                let used = usage(tokens_in, cached.min(tokens_in), out);
                prop_assert!(table.cost(Service::Llm, model, tier, used, 0, now()).unwrap() <= worst);
            }
        }
    }

    #[test]
    fn a_base_model_never_panics(model in any::<String>()) {
        let _ = base_model(&model);
    }
}
