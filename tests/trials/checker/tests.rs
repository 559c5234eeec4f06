//! The checker is checked: each table row is a small world in which one promise is broken, and exactly that one is found.

use uuid::Uuid;

use super::rows::{Attempt, Lead, Paused, Rows, Rules, Suppressed};
use super::truth::{Call, Truth};
use super::{Evidence, Invariant, check};

const NOW: i64 = 1_000_000;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// A lead that was busy once and answered then, in a world without faults.
fn world() -> Evidence {
    let call = |sid: &str, attempt: u128, at: i64, status: &str| Call {
        sid: sid.to_owned(),
        to: "+1".to_owned(),
        attempt: Some(id(attempt).to_string()),
        parent: None,
        created_ms: at,
        rang: true,
        answered: status == "completed",
        ended_ms: Some(at + 500),
        status: Some(status.to_owned()),
    };
    let attempt = |n: u128, sid: &str, at: i64, disposition: &str| Attempt {
        id: id(n),
        lead_id: id(10),
        campaign: "a".to_owned(),
        state: "ended".to_owned(),
        call_sid: Some(sid.to_owned()),
        disposition: Some(disposition.to_owned()),
        held: disposition != "busy",
        intent_at: Some(at - 10),
        cost_nano_usd: 5,
        reserved_nano_usd: 0,
    };
    let lead = Lead {
        id: id(10),
        campaign: "a".to_owned(),
        external_id: "L1".to_owned(),
        phone_number: "+1".to_owned(),
        state: "finished".to_owned(),
        next_attempt_at: 0,
    };
    let rules = Rules {
        campaign: "a".to_owned(),
        closed: false,
        calls_per_lead: 2,
        calls_per_number_a_day: 2,
        redial_after_ms: 1_000,
        reserve_nano_usd: 10,
        longest_send_ms: 200,
    };
    let rows = Rows {
        read_at: NOW,
        leads: vec![lead],
        attempts: vec![attempt(1, "CA1", 1_000, "busy"), attempt(2, "CA2", 3_000, "not_qualified")],
        rules: vec![rules],
        ..Rows::default()
    };
    let truth = Truth { calls: vec![call("CA1", 1, 1_000, "busy"), call("CA2", 2, 3_000, "completed")], ..Truth::default() };
    Evidence { truth, rows, accepted: vec!["L1".to_owned()], exported: vec!["L1".to_owned()] }
}

/// The second call was handed to a person, who talked until it ended.
fn handed_over(world: &mut Evidence) {
    world.rows.attempts[1].disposition = Some("transferred".to_owned());
    let leg =
        Call { sid: "CA3".to_owned(), to: "+5".to_owned(), attempt: None, parent: Some("CA2".to_owned()), ..world.truth.calls[1].clone() };
    world.truth.legs.push(leg);
}

/// Another lead, with a number of its own.
fn untried(state: &str, next_attempt_at: i64) -> Lead {
    let (campaign, external_id, phone_number) = ("a".to_owned(), "L9".to_owned(), "+9".to_owned());
    Lead { id: id(19), campaign, external_id, phone_number, state: state.to_owned(), next_attempt_at }
}

fn found(change: impl Fn(&mut Evidence)) -> Vec<Invariant> {
    let mut evidence = world();
    change(&mut evidence);
    let mut invariants: Vec<Invariant> = check(&evidence).into_iter().map(|violation| violation.invariant).collect();
    invariants.dedup();
    invariants
}

#[test]
fn a_world_without_faults_has_no_complaints() {
    assert_eq!(check(&world()), []);
}

type Break = (&'static str, Invariant, fn(&mut Evidence));

#[test]
fn each_broken_promise_is_found_and_no_other() {
    use Invariant::{I1, I2, I3, I4, I5, I6, I7};
    let breaks: &[Break] = &[
        ("two calls of one attempt", I1, |world| {
            world.rows.attempts[1].id = id(1);
            world.truth.calls[1].attempt = Some(id(1).to_string());
        }),
        ("a person who is rung twice for one call", I1, |world| {
            handed_over(world);
            let again = Call { sid: "CA4".to_owned(), ..world.truth.legs[0].clone() };
            world.truth.legs.push(again);
        }),
        ("a person who is rung for nobody", I4, |world| {
            handed_over(world);
            world.rows.attempts[1].disposition = Some("not_qualified".to_owned());
            world.truth.legs[0].parent = Some("CA1".to_owned());
        }),
        ("handed to a person who did not answer", I4, |world| {
            handed_over(world);
            world.truth.legs[0].answered = false;
        }),
        ("a person who is left on the phone", I3, |world| {
            handed_over(world);
            world.truth.legs[0].ended_ms = None;
        }),
        ("two calls at once", I2, |world| world.truth.calls[0].ended_ms = Some(3_400)),
        ("a call that never ends", I3, |world| world.truth.calls[1].ended_ms = None),
        ("rung once more after the last word", I2, |world| {
            (world.rows.attempts[0].disposition, world.rows.attempts[0].held) = (Some("qualified".to_owned()), true);
            (world.truth.calls[0].status, world.truth.calls[0].answered) = (Some("completed".to_owned()), true);
        }),
        ("a lead that is done and was never tried", I3, |world| world.rows.leads.push(untried("finished", 0))),
        ("a lead that waits for tomorrow and was never tried", I3, |world| world.rows.leads.push(untried("waiting", NOW + 3_600_000))),
        ("a lead that is put off for a year", I3, |world| {
            world.rows.leads[0].state = "waiting".to_owned();
            world.rows.leads[0].next_attempt_at = NOW + 365 * 86_400_000;
        }),
        ("a suppressed lead whose number is not", I3, |world| world.rows.leads.push(untried("suppressed", 0))),
        ("a parked lead that was never tried", I3, |world| world.rows.leads.push(untried("parked", 0))),
        ("a lead that somebody took off the list", I3, |world| world.rows.leads[0].state = "cancelled".to_owned()),
        ("a call that was placed for nobody", I4, |world| world.truth.calls[0].attempt = None),
        ("a try that was told and never made", I4, |world| {
            let told = Attempt { id: id(3), call_sid: None, disposition: Some("no_answer".to_owned()), ..world.rows.attempts[0].clone() };
            world.rows.attempts.push(told);
        }),
        ("a call that was held and never answered", I4, |world| world.truth.calls[1].answered = false),
        ("redialed too soon", I2, |world| world.truth.calls[0].ended_ms = Some(2_500)),
        ("a lead that stays active", I3, |world| world.rows.leads[0].state = "active".to_owned()),
        ("a lead that was never called", I3, |world| world.rows.leads[0].state = "new".to_owned()),
        ("a lead that is long due", I3, |world| {
            world.rows.leads[0].state = "waiting".to_owned();
            world.rows.leads[0].next_attempt_at = NOW - 60_000;
        }),
        ("an attempt that stays open", I3, |world| world.rows.attempts[1].state = "unknown".to_owned()),
        ("a number that nobody can call any more", I3, |world| world.rows.stuck_numbers.push("+1".to_owned())),
        ("a call without an attempt", I4, |world| world.rows.attempts[0].call_sid = None),
        ("a call of two attempts", I4, |world| {
            let twin = Attempt { id: id(3), ..world.rows.attempts[0].clone() };
            world.rows.attempts.push(twin);
        }),
        ("a call that was placed for another attempt", I4, |world| world.truth.calls[0].attempt = Some(id(77).to_string())),
        ("a call without an outcome", I4, |world| world.rows.attempts[1].disposition = None),
        ("an attempt with a call that never was", I4, |world| {
            let ghost = Attempt { id: id(3), call_sid: Some("CA9".to_owned()), ..world.rows.attempts[0].clone() };
            world.rows.attempts.push(ghost);
        }),
        ("an outcome that did not happen", I4, |world| world.rows.attempts[0].disposition = Some("no_answer".to_owned())),
        ("a suppressed number", I5, |world| {
            world.rows.suppressed.push(Suppressed { phone_number: "+1".to_owned(), created_at: 2_000 });
        }),
        ("a campaign outside its hours", I5, |world| world.rows.rules[0].closed = true),
        ("a call long after it was decided", I5, |world| world.rows.attempts[1].intent_at = Some(2_700)),
        ("more calls than a lead may get", I5, |world| world.rows.rules[0].calls_per_lead = 1),
        ("more calls than a number may get", I5, |world| world.rows.rules[0].calls_per_number_a_day = 1),
        ("a call of a paused campaign", I5, |world| {
            world.rows.paused.push(Paused { campaign: "a".to_owned(), from_ms: 2_600, until_ms: 4_000 });
        }),
        ("a lead that is not exported", I6, |world| world.exported.clear()),
        ("a lead that is exported twice", I6, |world| world.exported.push("L1".to_owned())),
        ("a row of the export that nobody imported", I6, |world| world.exported.push("L2".to_owned())),
        ("a call dearer than its reserve", I7, |world| world.rows.attempts[0].cost_nano_usd = 11),
        ("a reserve that is never given back", I7, |world| world.rows.attempts[0].reserved_nano_usd = 10),
    ];
    for (what, invariant, change) in breaks {
        assert_eq!(found(change), [*invariant], "{what}");
    }
}

/// What happened, in words, and the change that makes it so.
type Happening = (&'static str, fn(&mut Evidence));

#[test]
fn what_only_looks_like_a_broken_promise_is_none() {
    let fine: &[Happening] = &[
        ("a call that was handed to a person", handed_over),
        ("a person who could not be reached", |world| {
            handed_over(world);
            world.rows.attempts[1].disposition = Some("not_qualified".to_owned());
            world.truth.legs[0].answered = false;
        }),
        ("suppressed just before the call, after its permit", |world| {
            world.rows.suppressed.push(Suppressed { phone_number: "+1".to_owned(), created_at: 2_900 });
        }),
        ("paused just before the call, after its permit", |world| {
            world.rows.paused.push(Paused { campaign: "a".to_owned(), from_ms: 2_995, until_ms: 9_000 });
        }),
        ("resumed just before the call was decided", |world| {
            world.rows.paused.push(Paused { campaign: "a".to_owned(), from_ms: 2_600, until_ms: 2_900 });
        }),
        ("a call that was taken back before it rang is no try", |world| {
            let call = Call { sid: "CA0".to_owned(), to: "+1".to_owned(), created_ms: 100, ended_ms: Some(200), ..Call::default() };
            let call = Call { status: Some("canceled".to_owned()), attempt: Some(id(4).to_string()), ..call };
            world.truth.calls.insert(0, call);
            let attempt = Attempt { id: id(4), call_sid: Some("CA0".to_owned()), ..world.rows.attempts[0].clone() };
            world.rows.attempts.push(Attempt { disposition: Some("failed".to_owned()), intent_at: Some(90), ..attempt });
        }),
        ("a lead that waits for tomorrow", |world| {
            world.rows.leads[0].state = "waiting".to_owned();
            world.rows.leads[0].next_attempt_at = NOW + 86_400_000;
        }),
        ("a lead whose number was suppressed before anybody called", |world| {
            world.rows.suppressed.push(Suppressed { phone_number: "+9".to_owned(), created_at: 0 });
            world.rows.leads.extend(["suppressed", "finished"].map(|state| untried(state, 0)));
        }),
        ("a lead whose number others have called enough", |world| {
            world.rows.leads.push(Lead { phone_number: "+1".to_owned(), ..untried("waiting", NOW + 3_600_000) });
        }),
        ("a dial that the provider refused for good", |world| {
            let refused = Attempt { id: id(3), lead_id: id(19), call_sid: None, ..world.rows.attempts[0].clone() };
            world.rows.attempts.push(Attempt { disposition: Some("failed".to_owned()), ..refused });
            world.rows.leads.push(untried("finished", 0));
        }),
        ("a lead that a person has to look at", |world| world.rows.leads[0].state = "parked".to_owned()),
        ("a closed campaign's lead that nobody looked at", |world| {
            let lead = Lead { id: id(11), campaign: "night".to_owned(), state: "new".to_owned(), ..Lead::default() };
            world.rows.leads.push(lead);
            world.rows.rules.push(Rules { campaign: "night".to_owned(), closed: true, calls_per_number_a_day: 2, ..Rules::default() });
        }),
    ];
    for (what, change) in fine {
        assert_eq!(found(change), [], "{what}");
    }
}

#[test]
fn a_call_that_the_rows_lost_is_still_its_attempts() {
    // rung again 500 ms after a call that no row has any more
    let invariants = found(|world| {
        world.rows.attempts[0].call_sid = None;
        world.rows.attempts[0].disposition = Some("failed".to_owned());
        world.truth.calls[0].ended_ms = Some(2_500);
    });
    assert_eq!(invariants, [Invariant::I2, Invariant::I4]);
    let never_ended = found(|world| world.truth.calls[0].ended_ms = None);
    assert_eq!(never_ended, [Invariant::I2, Invariant::I3]);
}

#[test]
fn the_log_is_read_as_calls() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("truth.jsonl");
    let created = r#"{"at_ms":5,"event":"created","call_sid":"CA1","to":"+1","from":"+2","status_callback":"http://x/hooks/twilio/abc/1/mac","fault":"reset"}"#;
    let lines = [
        created,
        r#"{"at_ms":6,"event":"ringing","call_sid":"CA1","to":"+1","from":"+2"}"#,
        r#"{"at_ms":7,"event":"disturbed","call_sid":null,"to":"+1","from":"","fault":"lose"}"#,
        r#"{"at_ms":9,"event":"ended","call_sid":"CA1","to":"+1","from":"+2","status":"busy"}"#,
        r#"{"at_ms":9,"event":"created","call_sid":"CA2","to":"+5","from":"+2","parent_call_sid":"CA1"}"#,
        r#"{"at_ms":10,"event":"ended","call_s"#,
    ];
    std::fs::write(&log, lines.join("\n")).unwrap();
    let truth = Truth::read(&log).unwrap();
    assert_eq!((truth.live(), truth.faults["reset"], truth.faults["lose"]), (1, 1, 1));
    assert_eq!((truth.calls.len(), truth.legs.len(), truth.legs[0].parent.as_deref()), (1, 1, Some("CA1")));
    let call = &truth.calls[0];
    assert_eq!((call.attempt.as_deref(), call.rang, call.answered, call.created_ms), (Some("abc"), true, false, 5));
    assert_eq!((call.ended_ms, call.status.as_deref()), (Some(9), Some("busy")));
}
