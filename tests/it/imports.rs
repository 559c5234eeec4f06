//! The house's plan: which room of `src/` uses which, as it stands in `imports.txt`. An arrow nobody decided on fails here.
//!
//! `UPDATE_DOCS=1 cargo test --test it imports` rewrites the file; its change is then read like any other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Exported macros stand at the crate's root, but belong to a room.
const MACROS: [(&str, &str); 1] = [("word_enum", "domain")];

#[test]
fn rooms_use_only_what_was_decided() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (plan, now) = (root.join("tests/it/imports.txt"), arrows(&root.join("src")));
    assert!(now.len() > 20, "the rooms were not found: {now:?}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&plan, now.iter().map(|arrow| format!("{arrow}\n")).collect::<String>()).unwrap();
    }
    let decided: BTreeSet<String> = std::fs::read_to_string(&plan).unwrap().lines().map(str::to_owned).collect();
    let list = |some: Vec<&String>| some.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let (added, gone) = (list(now.difference(&decided).collect()), list(decided.difference(&now).collect()));
    assert!(added.is_empty() && gone.is_empty(), "added: [{added}]; gone: [{gone}]; if that was decided, run again with UPDATE_DOCS=1");
}

/// A simulator that shared the product's types would agree with its mistakes.
#[test]
fn the_simulator_knows_nothing_of_ours() {
    let all = arrows(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let ours: Vec<&String> = all.iter().filter(|arrow| arrow.starts_with("simulator ")).collect();
    assert!(ours.is_empty(), "{ours:?}");
}

#[test]
fn tests_are_left_out() {
    let code =
        "use crate::a::X;\n#[cfg(test)]\nuse crate::b::Y;\n#[cfg(test)]\nmod tests {\n    use crate::c::Z;\n}\nfn f() -> crate::d::W {}\n";
    let stays = without_tests(code);
    assert!(stays.contains("crate::a") && stays.contains("crate::d"), "{stays}");
    assert!(!stays.contains("crate::b") && !stays.contains("crate::c"), "{stays}");
}

fn arrows(src: &Path) -> BTreeSet<String> {
    let mut files = Vec::new();
    collect(src, &mut files);
    let only_tests: BTreeSet<PathBuf> = files.iter().flat_map(|file| test_modules(file)).collect();
    let path = Regex::new(r"(crate|callfleet|callfleet_jobs)::(\{[^}]*\}|\w+)").unwrap();
    let mut arrows = BTreeSet::new();
    for file in files.iter().filter(|file| !file.ancestors().any(|path| only_tests.contains(path))) {
        let from = room(file.strip_prefix(src).unwrap());
        let code = without_comments(&without_tests(&std::fs::read_to_string(file).unwrap()));
        for found in path.captures_iter(&code) {
            for to in targets(&found[1], &found[2]).into_iter().filter(|to| *to != from) {
                arrows.insert(format!("{from} -> {to}"));
            }
        }
    }
    arrows
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            collect(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

/// A folder of `src`, or a file that stands there alone.
fn room(path: &Path) -> String {
    path.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// `crate::{a::X, b}` names two rooms, `crate::a::X` one.
fn targets(krate: &str, rest: &str) -> Vec<String> {
    if krate == "callfleet_jobs" {
        return vec!["jobs".to_owned()];
    }
    let names = rest.trim_matches(['{', '}']).split(',').map(|item| item.trim().split("::").next().unwrap_or_default());
    let owner = |name: &str| MACROS.iter().find(|(called, _)| *called == name).map_or(name, |(_, room)| room).to_owned();
    names.filter(|name| !name.is_empty()).map(owner).collect()
}

/// Files and folders of modules that exist in tests only.
fn test_modules(file: &Path) -> Vec<PathBuf> {
    let module = Regex::new(r"(?-u)#\[cfg\(test\)\]\s*(?:pub(?:\([a-z]+\))? )?mod (\w+);").unwrap();
    let is_root = file.file_stem().is_some_and(|stem| ["mod", "lib", "main"].iter().any(|root| stem == *root));
    let folder = if is_root { file.parent().unwrap().to_owned() } else { file.with_extension("") };
    let code = std::fs::read_to_string(file).unwrap();
    module.captures_iter(&code).flat_map(|found| [folder.join(&found[1]), folder.join(format!("{}.rs", &found[1]))]).collect()
}

/// Leaves out each item under `#[cfg(test)]`: to its semicolon, or to the brace that closes it.
fn without_tests(code: &str) -> String {
    let (mut stays, mut lines) = (String::new(), code.lines());
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            stays.push_str(line);
            stays.push('\n');
            continue;
        }
        let closing = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
        let mut one_line = true;
        for inner in lines.by_ref() {
            one_line &= !inner.ends_with('{');
            if inner == closing || (one_line && inner.ends_with(';')) {
                break;
            }
        }
    }
    stays
}

fn without_comments(code: &str) -> String {
    code.lines().map(|line| line.split_once("//").map_or(line, |(before, _)| before)).fold(String::new(), |all, line| all + line + "\n")
}
