//! Rows that are refused: told by line, column and reason, and given back so that they can be mended.

use super::*;

#[tokio::test]
async fn bad_rows_are_told_by_line_column_and_reason() {
    let file = "phone,state,timezone,not_before,note,priority\n\
        1.4155E+10,,,,,\n\
        ,,,,empty,\n\
        +14155550100,Kalifornia,,,,\n\
        +14155550101,,EST,,,\n\
        +14155550102,,,soon,,\n\
        +14155550103,,,,\"two\nlines\",1,extra\n\
        +14155550104,,,2026-12-01T09:00,ok,-99\n\
        '+14155550105,,,2026-12-01T09:00:00Z,'=1+1,\n\
        +14155550106,,,,,high\n\
        +14155550107,,,,,1.5\n\
        +14155550108,,,,,120\n";
    let (campaign, outcome) = imported(file.as_bytes()).await;
    let told: Vec<(u64, u64, &str, &str)> =
        outcome.findings.iter().map(|found| (found.row, found.line, found.column.as_str(), found.code.as_str())).collect();
    let expected = [
        (1, 2, "phone", "excel_number"),
        (2, 3, "phone", "missing_phone"),
        (3, 4, "state", "unknown_state"),
        (4, 5, "timezone", "unknown_zone"),
        (5, 6, "not_before", "bad_not_before"),
        (6, 7, "", "too_many_cells"),
        (9, 11, "priority", "bad_priority"),
        (10, 12, "priority", "bad_priority"),
        (11, 13, "priority", "bad_priority"),
    ];
    assert_eq!(told, expected);
    assert_eq!(campaign.leads["+14155550104"].line, 9);
    assert_eq!(campaign.leads["+14155550104"].not_before, Some("2026-12-01T17:00:00Z".parse().unwrap()));
    assert_eq!(campaign.leads["+14155550105"].variable_map()["note"], "=1+1");
    assert_eq!(["+14155550104", "+14155550105"].map(|number| campaign.leads[number].priority.get()), [-99, 0]);
    assert!(!campaign.leads["+14155550104"].variables.contains("priority"), "the agent is not told");
    assert_eq!(outcome.findings[0].value_masked, "1.41***10");
    assert!(outcome.findings[0].message.contains("rounded"));
    let high = &outcome.findings[6];
    assert_eq!((high.value_masked.as_str(), high.message.as_str()), ("***", "a priority is a whole number from -99 to 99"));
}

#[tokio::test]
async fn a_row_with_another_separator_says_so() {
    let file = b"external_id;phone;name\nb-1;+14155550100;Ann\nb-2,+14155550101,Bo\n\"b-3;+14155550102;Cy\"\nb-4\n";
    let (campaign, outcome) = imported(file).await;
    let told: Vec<(u64, &str, &str, &str)> = outcome
        .findings
        .iter()
        .map(|found| (found.line, found.column.as_str(), found.code.as_str(), found.value_masked.as_str()))
        .collect();
    let expected = [(3, "", "one_cell", "b-2,***Bo"), (4, "", "one_cell", "b-3;***Cy"), (5, "phone", "missing_phone", "")];
    assert_eq!((told, campaign.leads.len()), (expected.to_vec(), 1));
    let message = "the row is one cell, in which `,` stands as often as the header has its separator";
    assert_eq!(outcome.findings[0].message, message);
}

#[tokio::test]
async fn cells_behind_a_number_are_told_and_an_extension_is_none_of_them() {
    let file = b"phone,name,note,city\n+14155550123;Bob;x\n+14155550123\tBob\tx\n+14155550123|Bob,,,\n+14155550123;Bob;12,50\n\
        +14155550123; +14155550124,Ann\n\
        +1 415 555 0123;ext=5\n+1 415 555 0123;ext=5,Ann\n+14155550123;12,Ann\n";
    let (_, outcome) = imported(file).await;
    let told: Vec<(u64, &str, &str)> =
        outcome.findings.iter().map(|found| (found.line, found.column.as_str(), found.code.as_str())).collect();
    let one_cell = [2_u64, 3, 4, 5, 6].map(|line| (line, "phone", "one_cell"));
    let extension = [7_u64, 8, 9].map(|line| (line, "phone", "extension"));
    assert_eq!(told, [one_cell.as_slice(), &extension].concat());
    let first = &outcome.findings[0];
    assert_eq!(first.message, "the number's cell holds other cells behind it, separated by `;`");
    assert_eq!(first.suggestion, "separate the row's cells as the header's are, and leave the number alone in its own");
}

#[tokio::test]
async fn consent_has_a_moment_that_has_passed_and_a_record() {
    let long = "x".repeat(8_193);
    let file = format!(
        "phone,state,consent_basis,Consent At,Consent Ref\n\
        +14155550100,,web form,2026-11-20T09:00,form 7\n\
        +14155550101,,web form,2026-11-20,\n\
        +14155550102,,web form,2026-11-23T18:04:59Z,\n\
        +14155550103,,web form,2026-11-24,form 8\n\
        +14155550104,,web form,2026-11-23T18:05:01Z,\n\
        +14155550105,,web form,last week,\n\
        +14155550106,,web form,,{long}\n\
        +18005550107,TX,,2026-11-23,form 9\n"
    );
    let (campaign, outcome) = imported(file.as_bytes()).await;
    let told: Vec<(u64, &str, &str)> =
        outcome.findings.iter().map(|found| (found.line, found.column.as_str(), found.code.as_str())).collect();
    let expected = [
        (5, "Consent At", "future_consent"),
        (6, "Consent At", "future_consent"),
        (7, "Consent At", "bad_consent_at"),
        (8, "Consent Ref", "cell_too_long"),
    ];
    assert_eq!(told, expected);
    let future = "consent_at lies in the future: 2026-11-24T08:00:00Z is later than 2026-11-23T18:00:00Z, when this import began";
    assert_eq!((outcome.findings[0].message.as_str(), outcome.findings[0].value_masked.as_str()), (future, "2026***24"));
    let kept = |number: &str| {
        let proof = campaign.leads[number].consent_proof.clone().unwrap();
        (proof.at.map(|at| at.to_string()).unwrap_or_default(), proof.reference.unwrap_or_default())
    };
    let pair = |at: &str, reference: &str| (at.to_owned(), reference.to_owned());
    assert_eq!(kept("+14155550100"), pair("2026-11-20T17:00:00Z", "form 7"));
    assert_eq!(kept("+14155550101"), pair("2026-11-20T08:00:00Z", ""));
    assert_eq!(kept("+14155550102"), pair("2026-11-23T18:04:59Z", ""), "clocks differ a little");
    assert_eq!(campaign.leads["+14155550100"].variables, "{}", "the agent is not told");
    assert_eq!(kept("+18005550107"), pair("2026-11-23T06:00:00Z", "form 9"), "Chicago's clock and not Denver's");
}

#[tokio::test]
async fn mended_bad_rows_can_be_imported() {
    let file = "phone,name\n415555010x,Ann\n+14155550101,Bob\n,\"=2+2, Carl\"\n";
    let (_, outcome) = imported(file.as_bytes()).await;
    let bad = String::from_utf8(outcome.bad_rows).unwrap();
    assert!(bad.starts_with("\"phone\",\"name\",\"_line\",\"_column\",\"_code\",\"_reason\",\"_suggestion\"\n"), "{bad}");
    let mended = bad.replace("415555010x", "4155550100").replace("\"\",\"'=2+2", "\"+14155550102\",\"'=2+2");
    let (campaign, again) = imported(mended.as_bytes()).await;
    assert_eq!((again.report.rows, again.report.accepted), (2, 2), "{mended}");
    assert_eq!(campaign.leads["+14155550102"].variable_map()["name"], "=2+2, Carl");
    assert_eq!(campaign.leads["+14155550100"].variable_map().len(), 1);
}

#[tokio::test]
async fn endless_lines_cost_one_row() {
    let file = format!("phone,name\n+14155550100,{}\n+14155550101,ok\n", "x".repeat(4 << 20));
    let (campaign, outcome) = imported(file.as_bytes()).await;
    assert_eq!(campaign.leads.len(), 1);
    assert_eq!(outcome.findings[0].code, FindingCode::RowTooLong);
}
