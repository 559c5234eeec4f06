//! What an agent's lines say and a list does not tell: the same of a file, of its dry run and of JSON rows.

use serde_json::{Value, json};

use super::bench::{AGENT, Bench};

const AT: &str = "/v1/campaigns/spring/imports";

/// The first number is on the list.
const ROWS: [(&str, &str); 3] = [("+14155550100", ""), ("+14155550120", "Ann"), ("+14155550121", "")];

/// The agent says the city, of which the list has no column, and the first name.
pub(super) async fn bench() -> Bench {
    let bench = Bench::with_campaign().await;
    let line = "goodbye = \"Thank you for your time. Goodbye.\"";
    let says = "goodbye = \"Thank you, {{ first_name }}. Enjoy {{ city }}{% if plan %} and {{ plan }}{% endif %}.\"";
    assert!(AGENT.contains(line));
    assert_eq!(bench.text("POST", "/v1/agents", &AGENT.replace(line, says)).await["status"], 201);
    assert_eq!(bench.json("PATCH", "/v1/campaigns/spring", &json!({ "agent": "solar-intro" })).await["status"], 200);
    bench
}

/// What a file, tried and imported, and JSON rows tell, each into a campaign of its own.
async fn told(update: bool) -> [Value; 3] {
    let (bench, other) = (bench().await, bench().await);
    let header = "phone_number,consent_basis,first_name\n".to_owned();
    let file = ROWS.iter().fold(header, |text, (number, name)| format!("{text}{number},web form,{name}\n"));
    let tried = bench.exact("POST", &format!("{AT}?update={update}&dry_run=true"), &file).await;
    let imported = bench.exact("POST", &format!("{AT}?update={update}"), &file).await;
    let lead = |(number, name): &(&str, &str)| json!({ "phone_number": number, "consent_basis": "web form", "first_name": name });
    let body = json!({ "leads": ROWS.iter().map(lead).collect::<Vec<Value>>(), "update": update });
    [tried, imported, other.json("POST", "/v1/campaigns/spring/leads", &body).await["body"].clone()]
}

fn lack(who: &str, name: &str) -> String {
    format!(
        "{who}, which lines.goodbye says: it is left out there; fill it in and import the whole rows again (callfleet leads import \
         --campaign spring --update FILE), or ask for it in the line: {{% if {name} %}}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_that_a_list_brings_without_a_value_that_lines_say_are_counted_and_duplicates_are_not() {
    let no_column = "no column of the list is named city";
    for (answer, city) in told(false).await.iter().zip([no_column, no_column, "2 of 3 rows have no city"]) {
        assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(2), &json!(1)), "{answer}");
        assert_eq!(answer["lacking"], json!({ "city": 2, "first_name": 1 }), "{answer}");
        assert_eq!(answer["warnings"], json!([lack(city, "city"), lack("1 of 3 rows has no first_name", "first_name")]), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_that_a_list_updates_are_counted_too() {
    for answer in told(true).await {
        assert_eq!((&answer["accepted"], &answer["updated"]), (&json!(2), &json!(1)), "{answer}");
        assert_eq!(answer["lacking"], json!({ "city": 3, "first_name": 2 }), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_has_it_all_or_brings_nobody_warns_of_nothing() {
    let bench = bench().await;
    let whole = "phone_number,consent_basis,first_name,City\n+14155550120,web form,Ann,Oakland\n";
    let nobody = "phone_number,consent_basis\n+14155550120,web form\n";
    for file in [whole, nobody] {
        let answer = bench.exact("POST", AT, file).await;
        assert_eq!((answer.get("lacking"), &answer["warnings"]), (None, &json!([])), "{answer}");
    }
}
