//! What a call leaves behind: events and ledger entries, each kept once.

use super::fixtures::{at, attempt, campaign, lead};
use super::support::on_both_engines;
use crate::call::journal::{CallEvent, EventKind};
use crate::domain::ids::{AttemptId, CampaignId, LedgerId, PromptVersionId};
use crate::domain::money::NanoUsd;
use crate::mind::ledger::{LedgerEntry, Purpose, Service, Tier, UsageSource};
use crate::providers::Usage;

on_both_engines! {
    async fn events_are_kept_once_and_in_order(store: Store) {
        let id = campaign(&store, "spring").await;
        let call = attempt(&store, id, lead(&store, id, 1).await).await;
        let events = [event(0, EventKind::StreamStarted), event(1, EventKind::Agent), event(2, EventKind::BargeIn), event(3, EventKind::Callee)];
        assert_eq!(store.append_call_events(call, &events[2..], at(2)).await.unwrap(), 2);
        assert_eq!(store.append_call_events(call, &events, at(3)).await.unwrap(), 2, "two were there");
        let stored = store.call_events(call).await.unwrap();
        assert!(stored.iter().map(|stored| &stored.event).eq(&events));
        assert_eq!((stored[0].at, stored[3].at), (at(3), at(2)));
        let said: Vec<u32> = store.transcript(call).await.unwrap().iter().map(|stored| stored.event.seq).collect();
        assert_eq!(said, [1, 3]);
        assert_eq!(store.append_call_events(call, &[], at(4)).await.unwrap(), 0);
    }

    async fn events_of_an_unknown_attempt_are_refused(store: Store) {
        let refusal = store.append_call_events(AttemptId::new(), &[event(0, EventKind::Ended)], at(1)).await.unwrap_err();
        assert!(!refusal.retry_helps(), "{refusal}");
    }

    async fn a_long_call_is_kept_whole(store: Store) {
        let id = campaign(&store, "spring").await;
        let call = attempt(&store, id, lead(&store, id, 1).await).await;
        let events: Vec<_> = (0..1_201).map(|seq| event(seq, EventKind::Timings)).collect();
        assert_eq!(store.append_call_events(call, &events, at(1)).await.unwrap(), 1_201);
        assert_eq!(store.call_events(call).await.unwrap().len(), 1_201);
    }

    async fn ledger_entries_come_back_as_they_went_in(store: Store) {
        let id = campaign(&store, "spring").await;
        let call = attempt(&store, id, lead(&store, id, 1).await).await;
        let full = LedgerEntry {
            turn: Some(3),
            prompt_version: Some(PromptVersionId::new()),
            route_reason: Some("price asked".into()),
            first_ms: Some(120),
            total_ms: Some(800),
            finish: Some("stop".into()),
            cache_hit: true,
            retry_of: Some(LedgerId::new()),
            text: Some(("what it costs".into(), "nothing".into())),
            ..entry(id, call, Service::Llm, Purpose::Reply, 500)
        };
        let bare = LedgerEntry { at: at(9), campaign: None, ..entry(id, call, Service::Telephony, Purpose::Call, 0) };
        let both = [full, bare];
        assert_eq!(store.append_ledger(&both, at(5)).await.unwrap(), 2);
        assert_eq!(store.append_ledger(&both, at(6)).await.unwrap(), 0, "the same entries again");
        assert_eq!(store.ledger_of(call).await.unwrap(), both);
    }

    async fn an_entry_that_stands_twice_is_paid_once(store: Store) {
        let id = campaign(&store, "spring").await;
        let call = attempt(&store, id, lead(&store, id, 1).await).await;
        let text = Some(("what \"it\" costs\n".to_owned(), "nothing, Zoë".to_owned()));
        let once = LedgerEntry { text, ..entry(id, call, Service::Llm, Purpose::Reply, 500) };
        let twice = [once.clone(), once];
        assert_eq!(store.append_ledger(&twice, at(5)).await.unwrap(), 1);
        assert_eq!(store.ledger_of(call).await.unwrap(), twice[..1]);
        assert_eq!(store.campaign_status(id).await.unwrap().spent, NanoUsd(500));
        assert_eq!(store.append_ledger(&[], at(6)).await.unwrap(), 0);
    }

    async fn the_cost_report_adds_up(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        let call = attempt(&store, spring, lead(&store, spring, 1).await).await;
        let entries = [
            entry(spring, call, Service::Llm, Purpose::Reply, 500),
            entry(spring, call, Service::Llm, Purpose::Reply, 700),
            LedgerEntry { tier: Tier::Batch, ..entry(spring, call, Service::Llm, Purpose::Summary, 50) },
            entry(autumn, call, Service::Tts, Purpose::Speak, 9_000),
        ];
        store.append_ledger(&entries, at(5)).await.unwrap();
        let all = store.cost_report(None).await.unwrap();
        assert_eq!((all.lines.len(), all.cost, all.baseline), (3, NanoUsd(10_250), NanoUsd(41_000)));
        let report = store.cost_report(Some(spring)).await.unwrap();
        assert_eq!((report.lines.len(), report.cost, report.saved()), (2, NanoUsd(1_250), Some(0.75)));
        let replies = &report.lines[0];
        assert_eq!((replies.purpose, replies.calls, replies.tokens_in, replies.cost), (Purpose::Reply, 2, 20, NanoUsd(1_200)));
        assert_eq!(store.campaign_status(spring).await.unwrap().spent, NanoUsd(1_250));
        assert_eq!(store.cost_report(Some(CampaignId::new())).await.unwrap(), Default::default());
    }
}

fn event(seq: u32, kind: EventKind) -> CallEvent {
    CallEvent { seq, offset_ms: u64::from(seq) * 10, kind, body: format!("words {seq}") }
}

pub(in crate::store) fn entry(campaign: CampaignId, attempt: AttemptId, service: Service, purpose: Purpose, cost: i64) -> LedgerEntry {
    LedgerEntry {
        id: LedgerId::new(),
        at: at(1),
        campaign: Some(campaign),
        attempt: Some(attempt),
        turn: None,
        service,
        purpose,
        provider: "openai".into(),
        model: "gpt".into(),
        prompt_version: None,
        route_reason: None,
        tier: Tier::Standard,
        usage: Usage { tokens_in: 10, tokens_cached: 4, tokens_out: 5 },
        units: 77,
        usage_source: UsageSource::Provider,
        cost: NanoUsd(cost),
        baseline: NanoUsd(cost * 4),
        first_ms: None,
        total_ms: None,
        finish: None,
        cache_hit: false,
        retry_of: None,
        text: None,
    }
}
