//! Two definitions with the same content are the same version.

use sha2::{Digest, Sha256};

use super::definition::AgentDefinition;

/// SHA-256 of the definition's canonical JSON, in hex.
#[must_use]
pub fn fingerprint(def: &AgentDefinition) -> String {
    let json = serde_json::to_vec(def).expect("a definition has only string keys and finite numbers");
    hex::encode(Sha256::digest(json))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::load::load;

    #[test]
    fn layout_does_not_count_but_every_word_does() {
        let demo = include_str!("../../config/demo/agent.toml");
        let def = load(demo).unwrap();
        let as_json = load(&serde_json::to_string_pretty(&def).unwrap()).unwrap();
        assert_eq!(fingerprint(&def), fingerprint(&as_json));
        let changed = load(&demo.replace("Goodbye.", "Good day.")).unwrap();
        assert_ne!(fingerprint(&def), fingerprint(&changed));
        assert_eq!(fingerprint(&def).len(), 64);
    }
}
