//! What stops a campaign: a list that is too old, calls that fail, money that is spent, and its own times.

use super::*;
use crate::store::contract::fixtures::dnc_list;
use crate::store::dnc::ReadList;
use crate::store::spend;

impl Bench {
    /// Calls of a campaign that ended just now, each with its disposition.
    async fn ended(&self, campaign: CampaignId, dispositions: &[&str]) {
        let lead = lead(&self.store, campaign, 9_000).await;
        for disposition in dispositions {
            let id = attempt(&self.store, campaign, lead).await;
            let sql = "UPDATE attempt SET state = 'ended', state_at = $2, placed_at = $2, disposition = $3,
                         attempt_no = (SELECT MAX(attempt_no) + 1 FROM attempt) WHERE id = $1";
            let now = self.clock.now();
            let done: Result<(), StoreError> = on_db!(self.store.db, statement, conn => {
                sqlx::query(sql).bind(id).bind(now).bind(*disposition).execute(conn).await?;
                Ok(())
            });
            done.unwrap();
        }
    }

    async fn spend(&self, campaign: CampaignId, usd: f64) {
        let spent: Result<(), StoreError> =
            on_db!(self.store.db, write, tx => spend::add(tx.into(), campaign, NanoUsd::from_usd(usd)).await);
        spent.unwrap();
    }
}

on_both_engines! {
    async fn a_list_that_is_too_old_stops_the_campaign_and_moves_no_lead(store: Store) {
        let bench = Bench::new(store, 50).await;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 3).await;
        let list = |scrub_date| ReadList { name: "national", registry: Some("us"), scrub_date };
        dnc_list(&bench.store, list("2026-10-20"), bench.clock.now()).await;
        bench.scheduler.tick().await.unwrap();
        assert_eq!((bench.in_state(spring, LeadState::New).await, bench.state(spring).await), (3, CampaignState::Running));
        dnc_list(&bench.store, list("2026-11-20"), bench.clock.now()).await;
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 3);
    }

    async fn a_campaign_most_of_whose_calls_fail_is_halted_and_a_resumed_one_begins_to_count_anew(store: Store) {
        let bench = Bench::new(store, 50).await;
        let mut strict = settings(1);
        strict["breaker"] = json!({ "failures": 0.5, "window": "10m", "min_calls": 4 });
        let spring = bench.campaign("spring", strict, CampaignState::Running).await;
        let calm = bench.campaign("calm", settings(1), CampaignState::Running).await;
        bench.ended(spring, &["busy", "failed", "failed"]).await;
        bench.scheduler.break_circuits().await.unwrap();
        assert_eq!(bench.state(spring).await, CampaignState::Running, "three calls say nothing");
        bench.ended(spring, &["qualified"]).await;
        bench.scheduler.break_circuits().await.unwrap();
        assert_eq!((bench.state(spring).await, bench.state(calm).await), (CampaignState::Halted, CampaignState::Running));
        let halted = bench.store.campaign(spring).await.unwrap().unwrap();
        assert!(halted.state_reason.unwrap().starts_with("circuit breaker: 2 of 4 calls in the last 10m failed"));

        bench.set_clock("2026-11-23T18:01:00Z");
        let resume = CampaignChange { from: CampaignState::Halted, to: CampaignState::Running, reason: None, actor: "test" };
        assert!(bench.store.change_campaign_state(spring, resume, bench.clock.now()).await.unwrap().is_changed());
        bench.scheduler.break_circuits().await.unwrap();
        assert_eq!(bench.state(spring).await, CampaignState::Running);
        bench.ended(spring, &["failed", "failed", "failed", "failed"]).await;
        bench.scheduler.break_circuits().await.unwrap();
        assert_eq!(bench.state(spring).await, CampaignState::Halted);
    }

    async fn a_campaign_whose_money_is_spent_is_halted(store: Store) {
        let mut bench = Bench::new(store, 50).await;
        bench.scheduler.reserve = CallReserve::flat(NanoUsd::from_usd(0.5));
        let mut poor = settings(1);
        poor["budget_usd"] = json!(1.0);
        let spring = bench.campaign("spring", poor, CampaignState::Running).await;
        bench.spend(spring, 0.5).await;
        bench.scheduler.break_circuits().await.unwrap();
        assert_eq!(bench.state(spring).await, CampaignState::Running);
        bench.spend(spring, 0.1).await;
        bench.scheduler.break_circuits().await.unwrap();
        let halted = bench.store.campaign(spring).await.unwrap().unwrap();
        assert_eq!(halted.state, CampaignState::Halted);
        assert!(halted.state_reason.unwrap().starts_with("budget: $0.6"));
    }

    async fn the_longest_talk_with_a_person_is_kept_back_of_the_budget(store: Store) {
        let mut bench = Bench::new(store, 50).await;
        bench.scheduler.reserve = CallReserve { telephone_minute: NanoUsd::from_usd(0.02), ..CallReserve::flat(NanoUsd::from_usd(0.5)) };
        let mut long = settings(1);
        (long["max_duration_s"], long["budget_usd"]) = (json!(14_400), json!(13.0));
        long["transfer_to"] = json!("+14155550199");
        let spring = bench.campaign("spring", long.clone(), CampaignState::Running).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 3).await;
        bench.scheduler.tick().await.unwrap();
        let status = bench.store.campaign_status(spring).await.unwrap();
        assert_eq!(status.reserved, NanoUsd::from_usd(12.0), "300 minutes of each of two calls; a third one waits");
        long["budget_usd"] = json!(1.0);
        let poor = bench.campaign("poor", long, CampaignState::Running).await;
        bench.scheduler.break_circuits().await.unwrap();
        let halted = bench.store.campaign(poor).await.unwrap().unwrap();
        assert_eq!(halted.state, CampaignState::Halted, "not even one such call is paid for");
        assert!(halted.state_reason.unwrap().contains("another call may need $6.0000"));
    }

    async fn a_campaign_begins_and_ends_at_its_times(store: Store) {
        let bench = Bench::new(store, 50).await;
        let mut timed = settings(1);
        timed["schedule"] = json!({ "start": "2026-11-23T11:00:00-08:00", "end": "2026-11-23T12:00:00-08:00" });
        let spring = bench.campaign("spring", timed, CampaignState::Scheduled).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 3).await;
        bench.scheduler.tick().await.unwrap();
        assert_eq!((bench.state(spring).await, bench.in_state(spring, LeadState::New).await), (CampaignState::Scheduled, 3));
        bench.set_clock("2026-11-23T19:00:00Z");
        bench.scheduler.tick().await.unwrap();
        assert_eq!((bench.state(spring).await, bench.in_state(spring, LeadState::Active).await), (CampaignState::Running, 3));
        bench.set_clock("2026-11-23T20:00:00Z");
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.state(spring).await, CampaignState::Draining);
    }
}
