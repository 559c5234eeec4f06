//! Rendering: strict, without escaping (the words are spoken or read by a model, never shown as HTML).

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::Layer;

/// Why a prompt or a line could not be rendered. The author has to change it: trying again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// No version of a layer is published for the agent.
    #[error("the agent has no `{layer}` prompt; publish one or re-create the agent version")]
    Missing {
        /// The layer.
        layer: Layer,
    },
    /// A template does not compile or names something that does not exist.
    #[error("`{name}`: {what}")]
    Template {
        /// The layer, or `lines.NAME`.
        name: String,
        /// What the template engine said, with the line.
        what: String,
    },
}

/// One environment for all templates: building it costs more than rendering.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("the default delimiters are valid"));
    env
});

/// Renders a template.
///
/// # Errors
/// When it does not compile or names a variable that does not exist.
pub(crate) fn render(name: &str, body: &str, context: Value) -> Result<String, PromptError> {
    ENVIRONMENT
        .render_named_str(name, body, context)
        .map(|text| text.trim().to_owned())
        .map_err(|e| PromptError::Template { name: name.to_owned(), what: e.to_string() })
}
