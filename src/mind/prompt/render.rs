//! Rendering: without escaping, since the words are spoken or read by a model and never shown as HTML. Layers of a prompt are rendered
//! strictly. A line is said to somebody who has answered, so what their row of the list lacks is left out of it, and so is what fails.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::Layer;
use super::left_out::{without_failing, words_alone};

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

impl PromptError {
    /// The layer, or `lines.NAME`. What the engine said may quote the person's data, and belongs into no log.
    #[must_use]
    pub fn template(&self) -> &str {
        match self {
            Self::Missing { layer } => layer.as_str(),
            Self::Template { name, .. } => name,
        }
    }
}

// One environment for all templates of a kind: building it costs more than rendering.
static LAYERS: LazyLock<Environment<'static>> = LazyLock::new(|| environment(UndefinedBehavior::Strict));
// also the field of a value that is not there
static LINES: LazyLock<Environment<'static>> = LazyLock::new(|| environment(UndefinedBehavior::Chainable));
/// Lines again: they may ask whether a value is there, and may not say one that is not.
static COMPLETE_LINES: LazyLock<Environment<'static>> = LazyLock::new(|| environment(UndefinedBehavior::SemiStrict));

fn environment(missing: UndefinedBehavior) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(missing);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("the default delimiters are valid"));
    env
}

/// Renders a layer.
///
/// # Errors
/// When it does not compile or names a variable that does not exist.
pub(crate) fn render(name: &str, body: &str, context: Value) -> Result<String, PromptError> {
    render_in(&LAYERS, name, body, context)
}

/// Renders a line; a variable that does not exist is left out, and so is what cannot do with what it is given. Why it cannot is told
/// beside the words.
pub(super) fn render_line(name: &str, body: &str, context: &Value) -> (String, Option<PromptError>) {
    match render_in(&LINES, &format!("lines.{name}"), body, context.clone()) {
        Ok(words) => (words, None),
        Err(error) => (render_what_works(body, context), Some(error)),
    }
}

fn render_what_works(body: &str, context: &Value) -> String {
    let works = |expression: &str| LINES.compile_expression(expression).and_then(|known| known.eval(context.clone())).is_ok();
    let mended = without_failing(body, works);
    render_in(&LINES, "line", &mended, context.clone()).unwrap_or_else(|_| words_alone(&mended))
}

fn render_in(env: &Environment<'_>, name: &str, body: &str, context: Value) -> Result<String, PromptError> {
    env.render_named_str(name, body, context)
        .map(|text| text.trim().to_owned())
        .map_err(|e| PromptError::Template { name: name.to_owned(), what: e.to_string() })
}

/// The variables that a line names; none when it does not compile.
pub(super) fn named_in(body: &str) -> Vec<String> {
    let template = LINES.template_from_named_str("line", body);
    template.map(|line| line.undeclared_variables(false).into_iter().collect()).unwrap_or_default()
}

/// What a line says with these values; nothing where it fails.
pub(super) fn said_with(body: &str, context: Value) -> Option<String> {
    LINES.render_named_str("line", body, context).ok()
}

/// Whether a line says everything with these values, and leaves nothing out.
pub(super) fn is_complete(body: &str, context: Value) -> bool {
    COMPLETE_LINES.render_named_str("line", body, context).is_ok()
}
