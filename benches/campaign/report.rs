//! What is told at the end.

use std::time::Duration;

use super::Ask;
use super::cpu::Cpu;
use super::metrics::Histogram;
use super::truth::Truth;

/// Everything that was measured.
pub struct Facts {
    pub took: Duration,
    pub used: Cpu,
    pub ticket_to_post: Histogram,
    pub truth: Truth,
    pub dispositions: Vec<(String, i64)>,
}

/// Prints the figures, then fails when the promises were not kept.
pub fn print(ask: &Ask, facts: &Facts) {
    let (seconds, calls) = (facts.took.as_secs_f64(), facts.truth.calls());
    println!("{} leads, {} workers, {} % answer, {} calls/s allowed", ask.leads, ask.workers, ask.answer, ask.rate);
    println!("  complete dial cycles   {:.1}/s ({calls} in {seconds:.1} s)", calls as f64 / seconds);
    println!(
        "  processor time         {:.2} ms a cycle, {:.2} processors busy",
        per_cycle(facts),
        facts.used.total().as_secs_f64() / seconds
    );
    for (name, used) in facts.used.processes() {
        println!("    {name:<20} {:.2} ms a cycle, {:.0} % of a core", used * 1000.0 / calls as f64, used * 100.0 / seconds);
    }
    let quantile = |share| facts.ticket_to_post.quantile_ms(share).map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms"));
    println!("  ticket to POST         p50 {}, p99 {} (pacing aside)", quantile(0.5), quantile(0.99));
    println!(
        "  busiest second         {} calls asked for, at most {} allowed ({})",
        facts.truth.busiest_second(),
        ask.rate + 1.0,
        limit(ask, calls as f64 / seconds)
    );
    for (what, leads) in &facts.dispositions {
        println!("    {leads:>8} leads {what}");
    }
    println!("  called twice           {}", facts.truth.twice());
    check(ask, facts);
}

/// A pace that is never reached shows nothing.
fn limit(ask: &Ask, cycles: f64) -> &'static str {
    if cycles > ask.rate * 0.9 { "the pace was the limit" } else { "the pace was not the limit" }
}

fn per_cycle(facts: &Facts) -> f64 {
    facts.used.total().as_secs_f64() * 1000.0 / facts.truth.calls() as f64
}

fn check(ask: &Ask, facts: &Facts) {
    let truth = &facts.truth;
    assert_eq!(truth.twice(), 0, "somebody was called twice");
    assert_eq!(truth.calls(), ask.leads as usize, "calls that were made, and leads");
    assert_eq!(truth.ended, truth.calls(), "calls that ended");
    let finished: i64 = facts.dispositions.iter().filter(|(what, _)| what.starts_with("finished")).map(|(_, leads)| leads).sum();
    assert_eq!(finished, i64::from(ask.leads), "leads with an outcome");
    assert!(truth.busiest_second() as f64 <= ask.rate + 1.0, "faster than the account allows");
}
