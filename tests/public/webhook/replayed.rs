//! Good callbacks told again, later, or about another call.

use std::time::Duration;

use callfleet::domain::attempt::AttemptState;

use crate::deployment::{BASE, Deployment, PREVIOUS_TOKEN, TOKEN, form, news, sign};
use crate::webhook::case::{Good, SID};
use crate::wire::Wire;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_call_told_again_changes_nothing() {
    let deployment = Deployment::start(None).await;
    let attempt = deployment.sending().await;
    let (path, mut wire) = (deployment.path(attempt), Wire::to(deployment.addr));
    let told = [("initiated", 0), ("ringing", 1), ("in-progress", 2), ("completed", 3)];
    let call: Vec<_> = told.map(|(status, n)| Good { path: path.clone(), fields: news(SID, status, n) }.case(status)).into();
    let who = vec![("CallSid".to_owned(), SID.to_owned()), ("AnsweredBy".to_owned(), "human".to_owned())];
    let verdict = Good { path, fields: who }.case("who answered");
    for case in call.iter().chain([&verdict]) {
        assert_eq!(case.send(&mut wire).await, 204, "{}", case.why);
    }
    let once = deployment.effects().await;
    for later in [1, 300, 7 * 86_400] {
        deployment.clock.pass(Duration::from_secs(later));
        for case in call.iter().rev().chain([&verdict]).chain(&call) {
            assert_eq!(case.send(&mut wire).await, 204, "{} again", case.why);
        }
        assert_eq!(deployment.effects().await, once, "{later} s later");
    }
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_attempts_call_is_not_taken_and_a_second_call_is_taken_back() {
    let deployment = Deployment::start(None).await;
    let (ours, other) = (deployment.sending().await, deployment.sending().await);
    let mut wire = Wire::to(deployment.addr);
    assert_eq!(Good::ringing(&deployment, ours).case("ours").send(&mut wire).await, 204);
    let before = deployment.effects().await;
    let foreign = Good { path: deployment.path(other), fields: news(SID, "ringing", 1) };
    assert_eq!(foreign.case("a call that belongs to another attempt").send(&mut wire).await, 204);
    assert_eq!(deployment.store.attempt(other).await.unwrap().unwrap().state, AttemptState::Sending);
    let stranger = Good { path: deployment.path(ours), fields: news("CAffffffffffffffffffffffffffffffff", "ringing", 1) };
    for _ in 0..3 {
        assert_eq!(stranger.case("a second call for one attempt").send(&mut wire).await, 204);
    }
    let row = deployment.store.attempt(ours).await.unwrap().unwrap();
    assert_eq!((row.state, row.call_sid.as_deref()), (AttemptState::Ringing, Some(SID)));
    let (jobs, after) = (deployment.store.count_jobs().await.unwrap(), deployment.effects().await);
    assert_eq!(jobs.iter().map(|(kind, _, count)| (kind.as_str(), *count)).collect::<Vec<_>>(), [("cancel_call", 1)], "{before} {after}");
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_goes_on_reporting_while_the_token_is_rotated() {
    let deployment = Deployment::start(None).await;
    let attempt = deployment.sending().await;
    let key = callfleet::providers::twilio::path_mac::PathKey::new(secrecy::SecretString::from(PREVIOUS_TOKEN));
    let old = Good { path: key.path(attempt, 1), fields: news(SID, "ringing", 1) };
    let mut wire = Wire::to(deployment.addr);
    for (token, status, n) in [(PREVIOUS_TOKEN, "initiated", 0), (PREVIOUS_TOKEN, "ringing", 1), (TOKEN, "in-progress", 2)] {
        let fields = news(SID, status, n);
        let signature = sign(token, &format!("{BASE}{}", old.path), &fields);
        assert_eq!(old.with("signed with the old or the new token", form(&fields).into_bytes(), &signature).send(&mut wire).await, 204);
    }
    assert_eq!(deployment.store.attempt(attempt).await.unwrap().unwrap().state, AttemptState::Talking);
    deployment.stop().await;
}
