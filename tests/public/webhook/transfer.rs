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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_is_told_once_and_never_by_a_forger() {
    let deployment = Deployment::start(None).await;
    let path = deployment.path(deployment.sending().await);
    let mut wire = Wire::to(deployment.addr);
    let talking = Good { path: path.clone(), fields: news(SID, "in-progress", 2) };
    assert_eq!(talking.case("somebody answered").send(&mut wire).await, 204);
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
