//! Leads that were put off until tomorrow are called today when their gate is opened by a change of settings.

use super::*;

fn capped(calls: u32) -> serde_json::Value {
    let mut capped = settings(1);
    capped["caps"] = json!({ "calls_per_caller": calls });
    capped
}

impl Bench {
    async fn set(&self, campaign: CampaignId, settings: &serde_json::Value) {
        let version = self.store.campaign(campaign).await.unwrap().unwrap().version;
        let changed = self.store.change_campaign_settings(campaign, version, settings, "test", self.clock.now()).await.unwrap();
        assert_eq!(changed, Some(version + 1));
    }

    /// Leads on the phone and leads that wait, after one look of the dispatcher.
    async fn looked(&self, campaign: CampaignId) -> (usize, usize) {
        self.scheduler.tick().await.unwrap();
        (self.in_state(campaign, LeadState::Active).await, self.in_state(campaign, LeadState::Waiting).await)
    }
}

on_both_engines! {
    async fn a_cap_that_is_raised_calls_whom_it_had_put_off(store: Store) {
        let bench = Bench::new(store, 50).await;
        let spring = bench.campaign("spring", capped(2), CampaignState::Running).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 5).await;
        assert_eq!(bench.looked(spring).await, (2, 3));
        bench.clock.forward(60.0);
        let mut faster = capped(2);
        faster["pace"]["lines"] = json!(40);
        bench.set(spring, &faster).await;
        assert_eq!(bench.looked(spring).await, (2, 3), "pace opens no cap");
        bench.set(spring, &capped(4)).await;
        assert_eq!(bench.looked(spring).await, (4, 1), "the permit judges everybody anew");
        bench.set(spring, &settings(1)).await;
        assert_eq!(bench.looked(spring).await, (5, 0));
        bench.looked(spring).await;
        assert_eq!(bench.store.campaign(spring).await.unwrap().unwrap().look_again_after, None, "the list was looked at to its end");
    }

    async fn a_cap_that_is_raised_while_the_campaign_is_paused_holds_when_it_goes_on(store: Store) {
        let bench = Bench::new(store, 50).await;
        let spring = bench.campaign("spring", capped(1), CampaignState::Running).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 3).await;
        assert_eq!(bench.looked(spring).await, (1, 2));
        let change = |from, to| CampaignChange { from, to, reason: None, actor: "test" };
        let (running, paused) = (CampaignState::Running, CampaignState::Paused);
        assert!(bench.store.change_campaign_state(spring, change(running, paused), bench.clock.now()).await.unwrap().is_changed());
        bench.set(spring, &capped(3)).await;
        assert_eq!(bench.looked(spring).await, (1, 2));
        assert!(bench.store.change_campaign_state(spring, change(paused, running), bench.clock.now()).await.unwrap().is_changed());
        assert_eq!(bench.looked(spring).await, (3, 0));
    }
}
