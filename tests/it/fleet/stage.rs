//! Campaigns and people for tests that take parts of a fleet away.

use std::ops::Range;
use std::time::Duration;

use sqlx::postgres::PgConnection;

use crate::support::database::until;
use crate::support::fleet::Deployment;
use crate::support::truth::Truth;

const HOURS: &str = "[hours]\nweekdays = \"00:00-24:00\"\nweekend = \"00:00-24:00\"\noverride_reason = \"simulated people\"\n";

/// Somebody who says yes to everything and has to go after some seconds.
pub fn talkers(seconds: u32) -> String {
    format!(
        "default_persona = \"talks\"\n[twilio]\ncps = 100.0\n[pace]\nsetup_ms = 20\nring_ms = [100, 300]\nms_per_word = 110\n\
         [personas.talks]\nhello = \"Hello?\"\nhangs_up_after = {{ ms = {} }}\nrules = [{{ when = \"any\", say = \"Go on please.\" }}]\n",
        seconds * 1000
    )
}

/// A campaign without redials, at any hour, with so many people on its list and so many lines.
pub fn campaign(deployment: &Deployment, leads: u32, lines: u32, rate: f64) {
    campaign_with("", deployment, leads, lines, rate);
}

/// The same with lines of its own at the head of its file.
pub fn campaign_with(head: &str, deployment: &Deployment, leads: u32, lines: u32, rate: f64) {
    let settings = format!(
        "{head}caller_numbers = [\"+14155550200\"]\nmax_duration_s = 300\n{HOURS}[pace]\ncalls_per_second = {rate:.1}\nlines = {lines}\n[caps]\nattempts = 1\n"
    );
    deployment.write("campaign.toml", &settings);
    deployment.write("agent.toml", &patient_agent());
    deployment.verb("agent save agent.toml");
    deployment.verb("campaign create --name spring --file campaign.toml --agent solar-intro");
    import(deployment, 0..leads);
    deployment.verb("campaign start spring");
}

/// The demo's agent, who lets nobody go for having talked for minutes.
fn patient_agent() -> String {
    let (demo, limit) = (include_str!("../../../config/demo/agent.toml"), "max_turns = 20\n");
    assert!(demo.contains(limit));
    demo.replace(limit, "max_turns = 100\n")
}

/// Puts people on the campaign's list, `+14155550000` and those behind it.
pub fn import(deployment: &Deployment, people: Range<u32>) {
    let mut list = String::from("external_id,phone_number,first_name,timezone,consent_basis\n");
    for n in people {
        list.push_str(&format!("lead-{n},+1415{},Ann,America/Los_Angeles,web_form\n", 5_550_000 + n));
    }
    deployment.write("leads.csv", &list);
    deployment.verb("leads import --campaign spring leads.csv");
}

/// The calls that are talked on, once there are so many. A call that is held has still to read whom it speaks with; once it has
/// written what happened in it, it has.
pub async fn talking(rows: &mut PgConnection, calls: usize, within: Duration) -> Vec<String> {
    let sql = "SELECT call_sid FROM attempt a WHERE state = 'talking' AND held_by IS NOT NULL AND call_sid IS NOT NULL
               AND EXISTS (SELECT 1 FROM call_event e WHERE e.attempt_id = a.id)";
    until("people talk", within, async || {
        let sids: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *rows).await.unwrap();
        (sids.len() >= calls).then_some(sids)
    })
    .await
}

/// Waits until the telephone company has ended these calls.
pub async fn all_over(deployment: &Deployment, sids: &[String], within: Duration) {
    until("the calls are over at the telephone company", within, async || {
        let truth = Truth::read(&deployment.truth());
        sids.iter().all(|sid| truth.end(sid).is_some()).then_some(())
    })
    .await;
}

/// Waits until so many attempts have their outcome.
pub async fn outcomes(rows: &mut PgConnection, wanted: i64, within: Duration) {
    let sql = "SELECT COUNT(*) FROM attempt WHERE state = 'ended' AND disposition IS NOT NULL";
    until("every outcome is written", within, async || {
        let written: i64 = sqlx::query_scalar(sql).fetch_one(&mut *rows).await.unwrap();
        (written >= wanted).then_some(())
    })
    .await;
}

/// Nobody of these was cut off: they talked as long as they wanted and never heard the apology.
pub fn nobody_was_cut_off(deployment: &Deployment, sids: &[String], wanted: Duration) {
    let truth = Truth::read(&deployment.truth());
    truth.assert_one_call_at_a_time();
    for sid in sids {
        let talked = truth.talked_ms(sid).unwrap_or_else(|| panic!("{sid} was never answered"));
        assert!(u128::try_from(talked).unwrap() + 200 >= wanted.as_millis(), "{sid} was ended after {talked} ms of {wanted:?}");
        let heard = truth.heard(sid);
        assert!(!heard.contains("technical problem"), "{sid} heard an apology: {heard}");
    }
}

/// Every event of these calls is in the rows, none of their holders counts as dead.
pub async fn all_written(rows: &mut PgConnection, sids: &[String], wanted: Duration) {
    let sql = "SELECT a.call_sid, a.holder_died, COUNT(e.seq), COALESCE(MAX(e.seq), -1) + 1, COALESCE(MAX(e.offset_ms), 0)
               FROM attempt a LEFT JOIN call_event e ON e.attempt_id = a.id WHERE a.call_sid = ANY($1) GROUP BY 1, 2";
    let calls: Vec<(String, bool, i64, i32, i64)> = sqlx::query_as(sql).bind(sids).fetch_all(rows).await.unwrap();
    assert_eq!(calls.len(), sids.len());
    for (sid, holder_died, events, last, latest_ms) in calls {
        assert!(!holder_died, "{sid} lost its holder");
        assert_eq!(events, i64::from(last), "{sid} lacks events");
        let told = Duration::from_millis(latest_ms.unsigned_abs());
        assert!(told + Duration::from_secs(2) >= wanted, "{sid} has no event after {told:?}");
    }
}
