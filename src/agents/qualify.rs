//! The rule that decides whether a call reached its goal: the agent's own expression over the slots it collected.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};

use super::definition::AgentDefinition;

/// The rule could not be decided; the author has to change it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`qualified_when` of agent `{agent}` cannot be decided: {what}")]
pub struct QualifyError {
    /// The agent.
    pub agent: String,
    /// What the expression engine said.
    pub what: String,
}

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env
});

/// Whether the collected slots (a JSON object) qualify the lead. A slot that was not found out is `none`: it counts as no,
/// equals no value and is smaller than every number (so `monthly_bill < 80` needs `monthly_bill is not none` beside it).
///
/// # Errors
/// When the expression names something else than slots or does what their kinds do not allow.
pub fn qualify(def: &AgentDefinition, slots: &serde_json::Value) -> Result<bool, QualifyError> {
    let failed = |e: minijinja::Error| QualifyError { agent: def.name.clone(), what: e.to_string() };
    let known = def.slots.iter().map(|slot| {
        let value = slots.get(&slot.name).map_or(Value::from(()), |value| Value::from(Serde(value)));
        (slot.name.clone(), value)
    });
    let rule = ENGINE.compile_expression(&def.qualified_when).map_err(failed)?;
    Ok(rule.eval(Value::from(known.collect::<BTreeMap<_, _>>())).map_err(failed)?.is_true())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agents::load::load;

    fn demo(rule: &str) -> AgentDefinition {
        let mut def = load(include_str!("../../config/demo/agent.toml")).unwrap();
        def.qualified_when = rule.to_owned();
        def
    }

    #[test]
    fn the_demo_rule_wants_an_owner_who_is_interested() {
        let def = load(include_str!("../../config/demo/agent.toml")).unwrap();
        for (slots, qualified) in [
            (json!({"owns_home": "yes", "interested": "yes"}), true),
            (json!({"owns_home": "yes", "interested": "no"}), false),
            (json!({"owns_home": "yes"}), false),
            (json!({}), false),
            (json!(null), false),
        ] {
            assert_eq!(qualify(&def, &slots), Ok(qualified), "{slots}");
        }
    }

    #[test]
    fn numbers_compare_as_numbers() {
        let def = demo("monthly_bill is not none and monthly_bill >= 100");
        assert_eq!(qualify(&def, &json!({"monthly_bill": 140.5})), Ok(true));
        assert_eq!(qualify(&def, &json!({"monthly_bill": 99})), Ok(false));
        assert_eq!(qualify(&def, &json!({})), Ok(false));
    }

    #[test]
    fn a_slot_that_is_missing_is_smaller_than_no_number() {
        assert_eq!(qualify(&demo("monthly_bill > 80"), &json!({})), Ok(false));
    }

    #[test]
    fn a_rule_over_unknown_names_is_an_error_not_a_no() {
        let error = qualify(&demo("budget > 3"), &json!({"budget": 5})).unwrap_err();
        assert!(error.to_string().contains("solar-intro"), "{error}");
    }
}
