//! Phone cells, and cells that a spreadsheet would run.

use super::bench::{Bench, Expect, accepted, on_both_engines, rejected};

on_both_engines!(one_number_in_many_spellings_is_one_lead, cells_that_are_no_number_are_told_apart, other_columns_are_checked_too);

async fn one_number_in_many_spellings_is_one_lead(bench: &mut Bench) {
    let spellings = [
        "+14155550100",
        "14155550100",
        "4155550100",
        "(415) 555-0100",
        "(415)555-0100",
        "415-555-0100",
        "415.555.0100",
        "415 555 0100",
        "1 415 555 0100",
        "1-415-555-0100",
        "1 (415) 555-0100",
        "+1 415 555 0100",
        "+1-415-555-0100",
        "'+14155550100",
        "4155550100.0",
        "tel:+14155550100",
        "0014155550100",
        "011 1 415 555 0100",
        "+1\u{a0}415\u{a0}555\u{a0}0100",
        "\u{200e}+14155550100\u{200f}",
        "\u{202d}+14155550100\u{202c}",
        "＋１４１５５５５０１００",
        "٤١٥٥٥٥٠١٠٠",
        "४१५५५५०१००",
    ];
    let file = format!("phone\n{}\n", spellings.map(|cell| format!("\"{cell}\"")).join("\n"));
    let campaign = bench.campaign().await;
    let (_, answer) = bench.import(&campaign, "region=US", file).await;
    assert_eq!((&answer["accepted"], &answer["rejected"], &answer["duplicates"]), (&1.into(), &1.into(), &22.into()), "{answer}");
    assert_eq!(answer["rejects"][0]["line"], 18, "00 is no prefix of the United States: {answer}");
}

async fn cells_that_are_no_number_are_told_apart(bench: &mut Bench) {
    let cases: [(&str, &'static [&'static str]); 22] = [
        ("", &["missing_phone"]),
        ("1.4155E+10", &["excel_number"]),
        ("1.2E+10", &["excel_number"]),
        ("\"1,4155E+10\"", &["excel_number"]),
        ("415-555-0100 x12", &["extension"]),
        ("415-555-0100 ext. 12", &["extension"]),
        ("415-555-0100;12", &["extension"]),
        ("+14155550100#3", &["extension"]),
        ("1-800-FLOWERS", &["letters_in_phone"]),
        ("415-555-O1OO", &["letters_in_phone"]),
        ("n/a", &["not_a_number"]),
        ("none", &["not_a_number"]),
        ("=CMD()", &["not_a_number"]),
        ("@SUM(A1)", &["letters_in_phone"]),
        ("#REF!", &["not_a_number"]),
        ("911", &["too_short"]),
        ("+1415", &["too_short"]),
        ("+14155550100 / +14155550101", &["too_long"]),
        ("+14151110100", &["invalid_number"]),
        ("+999123456789", &["invalid_number"]),
        ("+19005550100", &["not_dialable"]),
        ("+447911123456000", &["invalid_number"]),
    ];
    for (cell, codes) in cases {
        bench.check(cell, "region=US", format!("phone,name\n{cell},Ann\n").into_bytes(), &rejected(1, codes)).await;
    }
    bench.check("a national number and no country", "", b"phone\n4155550100\n".to_vec(), &rejected(1, &["no_country"])).await;
}

async fn other_columns_are_checked_too(bench: &mut Bench) {
    let cases: [(&str, &str, Expect); 21] = [
        ("a state", "state\n+14155550100,CA", accepted(1)),
        ("no state", "state\n+14155550100,Kalifornia", rejected(1, &["unknown_state"])),
        ("a postal code", "zip\n+14155550100,94105-1234", accepted(1)),
        ("a Canadian postal code", "postal_code\n+14165550100,M5V 2T6", accepted(1)),
        ("a postal code without its zero", "postal_code\n+14155550100,2134", rejected(1, &["unknown_postal_code"])),
        ("a postal code of no place", "postal_code\n+14155550100,00100", rejected(1, &["unknown_postal_code"])),
        ("a post office of the armed forces", "postal_code\n+14155550100,09012", rejected(1, &["unknown_postal_code"])),
        ("a postal code of another state", "state,postal_code\n+14155550100,CA,10001", rejected(1, &["state_mismatch"])),
        ("a zone", "timezone\n+14155550100,America/Chicago", accepted(1)),
        ("no zone", "timezone\n+14155550100,Eastern", rejected(1, &["unknown_zone"])),
        ("a zone that is an offset", "timezone\n+14155550100,EST", rejected(1, &["unknown_zone"])),
        ("a satellite telephone", "timezone\n+881612345678,America/Chicago", rejected(1, &["not_dialable"])),
        ("a moment", "not_before\n+14155550100,2026-12-01T09:00", accepted(1)),
        ("no moment", "not_before\n+14155550100,soon", rejected(1, &["bad_not_before"])),
        ("a priority", "priority\n+14155550100,-99", accepted(1)),
        ("no priority", "priority\n+14155550100,high", rejected(1, &["bad_priority"])),
        ("a consent of the past", "consent_basis,consent_at\n+14155550100,web form,2026-01-31", accepted(1)),
        ("a consent of no moment", "consent_basis,consent_at\n+14155550100,web form,yes", rejected(1, &["bad_consent_at"])),
        ("a consent to come", "consent_basis,consent_at\n+14155550100,web form,2999-01-31", rejected(1, &["future_consent"])),
        ("a record of consent alone", "consent_ref\n+14155550100,form 7", accepted(1)),
        ("a last moment", "not_after\n+14155550100,2026-12-01", rejected(1, &["not_after"])),
    ];
    for (name, text, expect) in cases {
        bench.check(name, "", format!("phone,{text}\n").into_bytes(), &expect).await;
    }
}
