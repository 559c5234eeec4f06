//! What the provider tells of a call that is handed to a person: taken once, and from nobody else.

use crate::deployment::{BASE, Deployment, news};
use crate::webhook::case::{Good, SID};
use crate::wire::Wire;

/// As the provider asks what to do after it rang somebody for this call.
fn told(path: &str, sid: &str, status: &str) -> Good {
    let mut fields = news(sid, "in-progress", 3);
    fields.push(("DialCallStatus".to_owned(), status.to_owned()));
    Good { path: format!("{path}/transfer"), fields }
}

/// As the provider reports the leg to the person.
fn leg(path: &str, status: &str) -> Good {
    let mut fields = news("CAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", status, 2);
    fields.push(("ParentCallSid".to_owned(), SID.to_owned()));
    Good { path: format!("{path}/transfer"), fields }
}

/// A call that is talked on, by its path.
async fn talking(deployment: &Deployment, wire: &mut Wire) -> String {
    let path = deployment.path(deployment.sending().await);
    let talking = Good { path: path.clone(), fields: news(SID, "in-progress", 2) };
    assert_eq!(talking.case("somebody answered").send(wire).await, 204);
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_is_told_once_and_never_by_a_forger() {
    let deployment = Deployment::start(None).await;
    let mut wire = Wire::to(deployment.addr);
    let path = talking(&deployment, &mut wire).await;
    let before = deployment.effects().await;
    let good = told(&path, SID, "completed");

    let forged = good.signed_over("signed for the call's own callbacks", &format!("{BASE}{path}"), &good.fields);
    assert_eq!(forged.send(&mut wire).await, 403);
    let (attempt, _) = path.rsplit_once('/').unwrap();
    let made_up = told(&format!("{attempt}/{}", "0".repeat(32)), SID, "completed");
    assert_eq!(made_up.case("a code of nobody").send(&mut wire).await, 404);
    let nothing = Good { path: good.path.clone(), fields: news(SID, "in-progress", 3) };
    assert_eq!(nothing.case("tells nothing").send(&mut wire).await, 400);
    let foreign = told(&path, "CAffffffffffffffffffffffffffffffff", "completed");
    assert_eq!(foreign.case("of another call").send(&mut wire).await, 200);
    assert_eq!(deployment.effects().await, before);

    assert_eq!(good.case("the person answered").send(&mut wire).await, 200);
    let after = deployment.effects().await;
    assert!(after.contains("handed_off") && after.contains(" 1 signals "), "{after}");
    for status in ["completed", "answered", "busy"] {
        assert_eq!(told(&path, SID, status).case("again").send(&mut wire).await, 200);
    }
    assert_eq!(deployment.effects().await, after, "a repeat had an effect");
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_the_leg_tells_what_its_answer_could_not() {
    let deployment = Deployment::start(None).await;
    let mut wire = Wire::to(deployment.addr);
    let path = talking(&deployment, &mut wire).await;
    assert_eq!(leg(&path, "completed").case("its answer was lost").send(&mut wire).await, 204);
    assert!(deployment.effects().await.contains("handed_off"));
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_of_the_leg_that_is_not_kept_is_to_come_again_and_the_callee_gets_an_answer() {
    let deployment = Deployment::start(None).await;
    let mut wire = Wire::to(deployment.addr);
    let path = talking(&deployment, &mut wire).await;
    deployment.store.close().await;
    for status in ["in-progress", "completed"] {
        assert_eq!(leg(&path, status).case("the database is away").send(&mut wire).await, 503, "{status}");
    }
    for status in ["completed", "busy"] {
        assert_eq!(told(&path, SID, status).case("it is asked what to do").send(&mut wire).await, 200, "{status}");
    }
    deployment.stop().await;
}
