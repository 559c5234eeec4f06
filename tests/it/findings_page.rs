//! docs/leads.md explains every finding, and none that is not there.

use std::collections::BTreeSet;

use callfleet::intake::FindingCode;

#[test]
fn every_finding_is_explained() {
    let page = include_str!("../../docs/leads.md");
    let table = page.split("## Findings").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let told: BTreeSet<&str> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let known: BTreeSet<&str> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(told, known);
}
