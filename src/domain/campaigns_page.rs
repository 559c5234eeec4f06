//! `docs/campaigns.md` is held against the code: every setting with its default, every gate, every law.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::Value;

use crate::domain::campaign::file::CampaignFile;
use crate::domain::campaign::gate::CampaignGate;
use crate::domain::law::jurisdictions;
use crate::domain::permit::Gate;

/// Rewrites the tables of gates and laws instead of comparing them.
const UPDATE: &str = "UPDATE_DOCS";

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/campaigns.md")
}

fn gates() -> String {
    let mut table = String::from("| Gate | Open while |\n|---|---|\n");
    for gate in Gate::ALL {
        writeln!(table, "| `{gate}` | {} |", gate.about()).unwrap();
    }
    table
}

fn campaign_gates() -> String {
    let mut table = String::from("| Gate | Open while |\n|---|---|\n");
    for gate in CampaignGate::ALL {
        writeln!(table, "| `{gate}` | {} |", gate.about()).unwrap();
    }
    table
}

fn laws() -> String {
    let mut table = String::from("| Where | Rule | Known from | Cited |\n|---|---|---|---|\n");
    for law in jurisdictions() {
        for (rule, citation) in law.rules() {
            writeln!(table, "| `{}` | {rule} | {}, {} | {} |", law.id, citation.source, citation.as_of, citation.text).unwrap();
        }
    }
    table
}

/// The page with the table between its marks replaced.
fn with_table(page: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no mark {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no mark {end}"));
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn the_page_shows_the_gates_and_laws_of_the_code() {
    let page = std::fs::read_to_string(file()).unwrap();
    let tables = [("gates", gates()), ("campaign gates", campaign_gates()), ("laws", laws())];
    let expected = tables.iter().fold(page.clone(), |page, (name, table)| with_table(&page, name, table));
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(file(), &expected).unwrap();
        return;
    }
    assert!(page == expected, "docs/campaigns.md differs from the code: run the tests once with {UPDATE}=1");
}

#[test]
fn the_page_shows_every_setting_with_its_default() {
    let page = std::fs::read_to_string(file()).unwrap();
    let mut keys = Vec::new();
    walk("", &serde_json::to_value(CampaignFile::default()).unwrap(), &mut keys);
    for (key, default) in keys {
        let row = format!("| `{key}` | `{default}` |");
        assert!(page.lines().any(|line| line.starts_with(&row)), "docs/campaigns.md lacks the row {row}");
    }
}

fn walk(key: &str, value: &Value, keys: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let below = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                walk(&below, field, keys);
            }
        }
        Value::Null => keys.push((key.to_owned(), "none".to_owned())),
        Value::String(text) => keys.push((key.to_owned(), text.clone())),
        other => keys.push((key.to_owned(), other.to_string())),
    }
}
