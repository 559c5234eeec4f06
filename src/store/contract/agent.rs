//! Agents: the same text is the same version, another text is the next one.

use std::collections::BTreeMap;

use super::fixtures::{at, campaign};
use super::support::on_both_engines;
use crate::agents::definition::{AgentDefinition, AgentModels, Limits, Lines, Slot, SlotKind};
use crate::providers::{EarsOptions, Voice};
use crate::store::agent::PromptText;

on_both_engines! {
    async fn versions_follow_the_text(store: Store) {
        let (definition, prompts) = (definition("Ada"), [prompt("system", "be kind"), prompt("turn", "answer")]);
        let first = store.save_agent(&definition, &prompts, at(0)).await.unwrap();
        assert_eq!((first.version, first.is_new), (1, true));
        let same = store.save_agent(&definition, &prompts, at(1)).await.unwrap();
        assert_eq!((same.id, same.version, same.is_new), (first.id, 1, false));

        let changed = [prompt("system", "be kind and brief"), prompts[1]];
        let second = store.save_agent(&definition, &changed, at(2)).await.unwrap();
        assert_eq!((second.version, second.is_new), (2, true), "a new prompt is a new version");
        let (old, new) = (store.agent_version(first.id).await.unwrap().unwrap(), store.agent_version(second.id).await.unwrap().unwrap());
        assert_eq!(old.definition.0, definition);
        assert_eq!((old.prompts.len(), old.prompts[0].version, new.prompts[0].version), (2, 1, 2));
        assert_eq!(old.prompts[1], new.prompts[1], "the same text is the same prompt version");
        assert_ne!(old.prompts[0].id, new.prompts[0].id);
    }

    async fn going_back_to_an_old_text_is_a_new_version_with_the_old_prompts(store: Store) {
        let prompts = [prompt("system", "be kind")];
        let first = store.save_agent(&definition("Ada"), &prompts, at(0)).await.unwrap();
        store.save_agent(&definition("Bob"), &prompts, at(1)).await.unwrap();
        let third = store.save_agent(&definition("Ada"), &prompts, at(2)).await.unwrap();
        assert_eq!((third.version, third.is_new), (3, true));
        let by_name = |version| store.agent_by_name("solar-intro", version);
        assert_eq!(by_name(None).await.unwrap().unwrap().id, third.id);
        assert_eq!(by_name(Some(1)).await.unwrap().unwrap().id, first.id);
        assert_eq!(by_name(Some(2)).await.unwrap().unwrap().definition.persona_name, "Bob");
        assert_eq!(by_name(Some(4)).await.unwrap(), None);
        assert_eq!(by_name(Some(1)).await.unwrap().unwrap().prompts, by_name(None).await.unwrap().unwrap().prompts);
    }

    async fn a_campaign_pins_a_version(store: Store) {
        let saved = store.save_agent(&definition("Ada"), &[], at(0)).await.unwrap();
        let id = campaign(&store, "spring").await;
        assert!(store.pin_agent(id, saved.id, "ada", at(1)).await.unwrap());
        let row = store.campaign(id).await.unwrap().unwrap();
        assert_eq!((row.agent_version_id, row.version), (Some(saved.id), 2));
        assert!(!store.pin_agent(id, saved.id, "bob", at(2)).await.unwrap(), "it speaks with it already");
        assert_eq!(store.campaign(id).await.unwrap().unwrap().version, 2);
        let audits = store.audits(Some(&format!("campaign/{id}")), 9).await.unwrap();
        let told: Vec<_> = audits.iter().map(|audit| (audit.action.as_str(), audit.detail.as_str())).collect();
        assert_eq!(told, [("campaign.agent", "solar-intro v1"), ("campaign.create", "spring")]);
    }
}

fn prompt<'a>(layer: &'a str, body: &'a str) -> PromptText<'a> {
    PromptText { layer, body, output_schema: Some("{}") }
}

fn definition(persona_name: &str) -> AgentDefinition {
    let line = || "Hello.".to_owned();
    AgentDefinition {
        name: "solar-intro".into(),
        company: "Sun".into(),
        persona_name: persona_name.into(),
        persona: "calm".into(),
        rules: vec!["never promise".into()],
        objective: "find out".into(),
        facts: BTreeMap::from([("price".into(), "free".into())]),
        voice: Voice::deepgram("aura-2-thalia-en"),
        ears: EarsOptions { model: "nova-3".into(), language: "en-US".into(), keyterms: vec![] },
        models: AgentModels { simple: "a".into(), reasoning: "b".into(), deferred: "c".into() },
        lines: Lines {
            greeting: line(),
            are_you_there: line(),
            goodbye: line(),
            opt_out_confirmed: line(),
            i_am_an_ai: line(),
            callback_confirmed: line(),
            callback_unclear: line(),
            filler: line(),
            apology: line(),
            voicemail: line(),
            transferring: None,
        },
        slots: vec![Slot { name: "bill".into(), kind: SlotKind::Number, description: "per month".into() }],
        qualified_when: "bill > 100".into(),
        limits: Limits { silence_ms: 1, max_turns: 2, max_output_tokens: 3, budget_usd: 0.5, filler_after_ms: 4, reply_deadline_ms: 5 },
    }
}
