//! Zones: those that are closed cost nothing, and those that are open are called in turn.

use super::*;

/// A line is free again, and the lead is called no more.
async fn calls_end(bench: &Bench) {
    let now = bench.clock.now();
    let over: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
        sqlx::query("UPDATE attempt SET state = 'ended', state_at = $1").bind(now).execute(conn).await?;
        Ok(())
    });
    over.unwrap();
}

on_both_engines! {
    async fn closed_zones_are_not_looked_at_until_they_open(store: Store) {
        let bench = Bench::new(store, 50).await;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        bench.leads_of_priority(spring, 99, "808555", "Pacific/Honolulu", 5).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 3).await;
        bench.scheduler.tick().await.unwrap();
        let counts = (bench.in_state(spring, LeadState::Active).await, bench.in_state(spring, LeadState::New).await);
        assert_eq!(counts, (3, 5), "it is eight in Honolulu; nothing was written to its leads");
        bench.set_clock("2026-11-23T19:00:00Z");
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 8);
    }

    async fn open_zones_are_called_in_turn_though_one_line_is_free_at_a_time(store: Store) {
        let bench = Bench::new(store, 1).await;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        let zones = [("415555", "America/Los_Angeles"), ("303555", "America/Denver"), ("212555", "America/New_York")];
        for (area, zone) in zones {
            bench.leads(spring, area, zone, 10).await;
        }
        for _ in 0..6 {
            bench.scheduler.tick().await.unwrap();
            calls_end(&bench).await;
        }
        let filter = LeadFilter { campaign: Some(spring), state: Some(LeadState::Active), ..LeadFilter::default() };
        let called = bench.store.leads(&filter, None, 100).await.unwrap();
        let of = |area: &str| called.iter().filter(|lead| lead.phone_number.e164()[2..].starts_with(area)).count();
        assert_eq!(zones.map(|(area, _)| of(area)), [2, 2, 2]);
    }
}
