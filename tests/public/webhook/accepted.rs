//! What the provider may rightly send: the same callback in many spellings is taken each time and counts once.

use crate::deployment::{BASE, Deployment, PREVIOUS_TOKEN, TOKEN, form, sign};
use crate::webhook::case::{Case, Good};
use crate::wire::Wire;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_spelling_of_one_callback_is_taken_and_counts_once() {
    let deployment = Deployment::start(None).await;
    let good = Good::ringing(&deployment, deployment.sending().await);
    let mut wire = Wire::to(deployment.addr);
    assert_eq!(good.case("first").send(&mut wire).await, 204);
    let once = deployment.effects().await;
    let spellings: Vec<Case> = [encodings(&good), orders(&good), signers(&good), claims(&good), additions(&good)].concat();
    for case in &spellings {
        assert_eq!(case.send(&mut wire).await, 204, "{}: {case:?}", case.why);
    }
    assert_eq!(deployment.effects().await, once, "a repeat had an effect");
    println!("{} spellings, one effect", spellings.len());
    deployment.stop().await;
}

fn encodings(good: &Good) -> Vec<Case> {
    let body = form(&good.fields);
    let everything: String = good
        .fields
        .iter()
        .map(|(name, value)| [name, value].map(|text| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>()).join("="))
        .collect::<Vec<_>>()
        .join("&");
    let lower = body.replace("%2B", "%2b").replace("%3A", "%3a").replace("%2C", "%2c");
    let spelled = [body.replace('+', "%20"), lower, everything, format!("{body}&"), format!("&&{body}"), body.replace('&', "&&")];
    spelled.into_iter().map(|body| good.with("the same fields", body.into_bytes(), &good.signature())).collect()
}

fn orders(good: &Good) -> Vec<Case> {
    (0..good.fields.len())
        .flat_map(|turn| {
            let mut turned = good.fields.clone();
            turned.rotate_left(turn);
            let reversed: Vec<_> = turned.iter().rev().cloned().collect();
            let doubled: Vec<_> = turned.iter().cloned().chain([turned[0].clone()]).collect();
            [turned, reversed, doubled]
        })
        .map(|fields| good.with("another order, a field told twice", form(&fields).into_bytes(), &good.signature()))
        .collect()
}

fn signers(good: &Good) -> Vec<Case> {
    let url = format!("{BASE}{}", good.path);
    let with_port = url.replacen(".example", ".example:443", 1);
    [(TOKEN, &url), (TOKEN, &with_port), (PREVIOUS_TOKEN, &url), (PREVIOUS_TOKEN, &with_port)]
        .into_iter()
        .map(|(token, url)| good.with("either token, either port", form(&good.fields).into_bytes(), &sign(token, url, &good.fields)))
        .collect()
}

/// A proxy may set what it likes: only the configured URL counts.
fn claims(good: &Good) -> Vec<Case> {
    let claims = [
        ("Host", "10.0.0.7:8081"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Port", "80"),
        ("Forwarded", "host=evil.example"),
        ("X-Twilio-Webhooks-Signature-Settings", ""),
    ];
    claims.iter().map(|(name, value)| good.case("behind a proxy").header(name, value)).collect()
}

/// New fields appear without notice, in any alphabet.
fn additions(good: &Good) -> Vec<Case> {
    let added = [
        ("NewField", "x"),
        ("Empty", ""),
        ("ToCity", "São Paulo"),
        ("名前", "さくら"),
        ("Emoji", "☎️ \u{202e}"),
        ("Plus", "a+b %2B & = c"),
    ];
    added
        .iter()
        .map(|(name, value)| {
            let mut more = good.clone();
            more.fields.push(((*name).to_owned(), (*value).to_owned()));
            more.case("a field we do not know")
        })
        .collect()
}
