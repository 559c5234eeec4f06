//! More than two thousand requests that the provider did not send. Each is refused, and nothing changes.

use crate::deployment::{BASE, Deployment, TOKEN, form, sign};
use crate::webhook::case::{Case, Good};
use crate::wire::Wire;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_forgery_is_taken() {
    let deployment = Deployment::start(None).await;
    let (ours, other) = (deployment.sending().await, deployment.sending().await);
    let good = Good::ringing(&deployment, ours);
    let elsewhere = deployment.path(other);
    let corpus: Vec<Case> =
        [bodies(&good), signatures(&good), paths(&good, &elsewhere), tokens(&good), urls(&good), fields(&good)].concat();
    let (alike, forged): (Vec<Case>, Vec<Case>) = corpus.into_iter().partition(|case| is_signed_alike(case, &good));
    assert!(forged.len() >= 2_000, "{}", forged.len());
    let (before, mut wire) = (deployment.effects().await, Wire::to(deployment.addr));
    for case in &forged {
        let status = case.send(&mut wire).await;
        assert!(matches!(status, 0 | 400 | 403 | 404 | 405 | 413), "{status} for {}: {case:?}", case.why);
    }
    assert_eq!(deployment.effects().await, before, "a refused callback left something behind");
    assert_eq!(good.case("the original").send(&mut wire).await, 204, "the corpus was made from a good callback");
    let once = deployment.effects().await;
    assert_ne!(once, before);
    for case in &alike {
        case.send(&mut wire).await; // taken or not, it may not do more than the original
    }
    assert_eq!(deployment.effects().await, once, "what only looks like the original had an effect");
    println!("{} forgeries, none taken; {} that the scheme cannot tell from the original, none with an effect", forged.len(), alike.len());
    deployment.stop().await;
}

/// The scheme joins names and values without separators, so `AccountSidAC0=` signs like `AccountSid=AC0`. Whoever has the
/// original can move such a border and say nothing new with it.
fn is_signed_alike(case: &Case, good: &Good) -> bool {
    let told: Vec<(String, String)> = form_urlencoded::parse(&case.body).into_owned().collect();
    let by_the_original = case.headers == good.case("").headers && case.path == good.path;
    by_the_original && sign(TOKEN, &format!("{BASE}{}", good.path), &told) == good.signature()
}

/// Each byte of the body changed in two ways, left out, and doubled; and bodies that are too long.
fn bodies(good: &Good) -> Vec<Case> {
    let (body, signature) = (form(&good.fields).into_bytes(), good.signature());
    let mut cases = Vec::new();
    for at in 0..body.len() {
        for bits in [0x01, 0x80] {
            let mut changed = body.clone();
            changed[at] ^= bits;
            cases.push(good.with(&format!("byte {at} of the body ^ {bits:#x}"), changed, &signature));
        }
        let mut shorter = body.clone();
        shorter.remove(at);
        cases.push(good.with(&format!("byte {at} of the body left out"), shorter, &signature));
        let mut longer = body.clone();
        longer.insert(at, b'x');
        cases.push(good.with(&format!("x before byte {at} of the body"), longer, &signature));
    }
    for size in [64 * 1024 + 1, 1 << 20] {
        let mut padded = good.fields.clone();
        padded.push(("Padding".to_owned(), "x".repeat(size)));
        let url = format!("{BASE}{}", good.path);
        cases.push(good.with(&format!("{size} bytes, well signed"), form(&padded).into_bytes(), &sign(TOKEN, &url, &padded)));
        cases.push(good.with(&format!("{size} bytes of noise"), vec![b'a'; size], &signature));
    }
    cases.push(good.with("no body", Vec::new(), &signature));
    cases.push(good.with("JSON", br#"{"CallSid":"CA1","CallStatus":"ringing"}"#.to_vec(), &signature));
    cases
}

/// Each character of the signature changed, cut off, and the signature in other clothes.
fn signatures(good: &Good) -> Vec<Case> {
    let (body, signature) = (form(&good.fields).into_bytes(), good.signature());
    let mut cases = Vec::new();
    for at in 0..signature.len() {
        for bits in [0x01, 0x02] {
            let mut changed = signature.clone().into_bytes();
            changed[at] ^= bits;
            let changed = String::from_utf8(changed).unwrap();
            cases.push(good.with(&format!("character {at} of the signature"), body.clone(), &changed));
        }
        cases.push(good.with(&format!("{at} characters of the signature"), body.clone(), &signature[..at]));
    }
    let clothes = [
        signature.to_uppercase(),
        signature.to_lowercase(),
        format!("sha1={signature}"),
        format!("{signature}{signature}"),
        format!("{signature},{signature}"),
        format!("\"{signature}\""),
        hex::encode(&signature),
        "null".to_owned(),
        "true".to_owned(),
    ];
    cases.extend(clothes.iter().map(|told| good.with("dressed up", body.clone(), told)));
    cases.push(Case { headers: Vec::new(), ..good.case("no signature") });
    let settings = ["algorithm=HMAC_SHA256", "key=x,algorithm=HMAC_SHA256", "algorithm=none", "algorithm=HMAC_SHA1", "key=x", "algorithm="];
    cases.extend(settings.iter().map(|told| good.case("another scheme").header("X-Twilio-Webhooks-Signature-Settings", told)));
    let first_wrong = good.with("a wrong signature before the right one", body, "AAAA");
    cases.push(first_wrong.header("X-Twilio-Signature", &signature));
    cases
}

/// Each byte of the path changed under both the old signature and a fresh one, other attempts, other sends, detours.
fn paths(good: &Good, elsewhere: &str) -> Vec<Case> {
    let mut detours: Vec<String> = (1..good.path.len())
        .map(|at| {
            let mut changed = good.path.clone().into_bytes();
            changed[at] ^= 0x01;
            String::from_utf8(changed).unwrap()
        })
        .collect();
    let path = &good.path;
    let (before, mac) = path.rsplit_once('/').unwrap();
    let (attempt, _) = before.rsplit_once('/').unwrap();
    let (other, other_mac) = elsewhere.rsplit_once('/').unwrap();
    detours.extend([
        format!("{path}/"),
        format!("/{path}"),
        format!("{path}/x"),
        format!("{path}%00"),
        format!("{before}/"),
        before.to_owned(),
        format!("{before}/{}", mac.to_uppercase()),
        format!("{before}/{other_mac}"),
        format!("{other}/{mac}"),
        format!("{attempt}/2/{mac}"),
        format!("{attempt}/0/{mac}"),
        format!("{attempt}/-1/{mac}"),
        format!("{attempt}/4294967296/{mac}"),
        path.to_uppercase(),
        path.replace("/hooks", "/hooks/../hooks"),
        "/hooks/twilio".to_owned(),
        "/".to_owned(),
        "/twiml".to_owned(),
        "/media".to_owned(),
    ]);
    let wrong_way = detours.into_iter().flat_map(|path| {
        let detour = Good { path: path.clone(), ..good.clone() };
        let replayed = Case { path: path.clone(), ..good.case(&format!("the good request to {path}")) };
        [replayed, detour.case(&format!("signed for {path}"))]
    });
    let swapped = Case { path: elsewhere.to_owned(), ..good.case("a good callback told to another attempt") };
    let queried = Case { path: format!("{path}?x=1"), ..good.case("a query that was not signed") };
    wrong_way.chain([swapped, queried]).collect()
}

/// Signed by somebody else: near misses of the token, and another account.
fn tokens(good: &Good) -> Vec<Case> {
    let (url, body) = (format!("{BASE}{}", good.path), form(&good.fields).into_bytes());
    let near = (0..TOKEN.len()).map(|at| {
        let mut token = TOKEN.as_bytes().to_vec();
        token[at] ^= 0x01;
        String::from_utf8(token).unwrap()
    });
    let others = ["", "12345", "AC00000000000000000000000000000000", "another account's token, valid for them"].map(str::to_owned);
    let dressed = [TOKEN.to_uppercase(), format!("{TOKEN} "), format!(" {TOKEN}"), TOKEN[..31].to_owned(), format!("{TOKEN}\n")];
    let all = near.chain(others).chain(dressed);
    all.map(|token| good.with(&format!("token {token:?}"), body.clone(), &sign(&token, &url, &good.fields))).collect()
}

/// Signed over another URL than the configured one, whatever the request's own headers claim.
fn urls(good: &Good) -> Vec<Case> {
    let path = &good.path;
    let host = &BASE["https://".len()..];
    let urls = [
        format!("http://{host}{path}"),
        format!("HTTPS://{host}{path}"),
        format!("wss://{host}{path}"),
        format!("https://evil.example{path}"),
        format!("https://{}{path}", host.to_uppercase()),
        format!("https://{host}.{path}"),
        format!("https://www.{host}{path}"),
        format!("https://user@{host}{path}"),
        format!("https://{host}:80{path}"),
        format!("https://{host}:444{path}"),
        format!("https://{host}:8081{path}"),
        format!("https://{host}:{path}"),
        format!("https://127.0.0.1{path}"),
        format!("{BASE}{path}/"),
        format!("{BASE}/{path}"),
        format!("{BASE}{path}?"),
        format!("{BASE}{path}#"),
        format!("{BASE}{path}?x=1"),
        format!("{BASE}{}", path.replace('/', "%2F")),
        format!("{BASE}{}", path.replacen("hooks", "%68ooks", 1)),
        format!("{BASE}{}", path.to_uppercase()),
        BASE.to_owned(),
        path.clone(),
        String::new(),
    ];
    let claims = [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Port", "80"),
        ("X-Forwarded-Prefix", "/x"),
        ("X-Original-URL", "/x"),
        ("X-Rewrite-URL", "/x"),
        ("Forwarded", "host=evil.example;proto=http"),
        ("X-HTTP-Method-Override", "GET"),
    ];
    let plain = urls.iter().map(|url| good.signed_over(&format!("signed over {url}"), url, &good.fields));
    let claimed = urls.iter().flat_map(|url| {
        let case = good.signed_over(&format!("signed over {url}, and the headers say so"), url, &good.fields);
        claims.iter().map(move |(name, value)| case.clone().header(name, value))
    });
    plain.chain(claimed).collect()
}

/// A form, in order.
type Fields = Vec<(String, String)>;

/// The signature covers every field: one left out, emptied, renamed, added, told twice.
fn fields(good: &Good) -> Vec<Case> {
    let (signature, mut cases) = (good.signature(), Vec::new());
    let mut told = |why: String, fields: &[(String, String)]| cases.push(good.with(&why, form(fields).into_bytes(), &signature));
    for (at, (name, value)) in good.fields.iter().enumerate() {
        let changed = |change: &dyn Fn(&mut Fields)| {
            let mut fields = good.fields.clone();
            change(&mut fields);
            fields
        };
        told(format!("without {name}"), &changed(&|fields| drop(fields.remove(at))));
        told(format!("{name} empty"), &changed(&|fields| fields[at].1.clear()));
        told(format!("{name} with a space"), &changed(&|fields| fields[at].1.push(' ')));
        told(format!("{name} renamed"), &changed(&|fields| fields[at].0 = name.to_lowercase()));
        told(format!("{name} twice"), &changed(&|fields| fields.push((name.clone(), format!("{value}0")))));
        told(format!("{name} twice, the other first"), &changed(&|fields| fields.insert(0, (name.clone(), "completed".to_owned()))));
        told(format!("{name} twice, once empty"), &changed(&|fields| fields.push((name.clone(), String::new()))));
        told(format!("{name} in full width"), &changed(&|fields| fields[at].1 = format!("\u{ff0b}{value}")));
    }
    for (name, value) in [("New", ""), ("AnsweredBy", "human"), ("", "x"), ("CallStatus\0", "x"), ("é", "日本"), ("a\u{202e}", "b")] {
        let mut fields = good.fields.clone();
        fields.push((name.to_owned(), value.to_owned()));
        told(format!("{name:?} added"), &fields);
    }
    cases
}
