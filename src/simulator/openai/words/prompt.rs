//! A request to a model, whichever endpoint it came by.

use serde_json::Value;

use super::tokens;

/// What is asked of the model.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The model's name as asked for.
    pub model: String,
    /// The messages in order.
    pub turns: Vec<Turn>,
    /// Tools on offer.
    pub tools: Vec<Tool>,
    /// Which of them to use.
    pub choice: Choice,
    /// The shape of the answer.
    pub form: Form,
    /// The longest answer.
    pub max_tokens: Option<u64>,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Whose it is.
    pub role: Role,
    /// Its text; of an assistant's tool calls, their arguments.
    pub text: String,
}

/// Whose message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `system` and `developer`.
    System,
    /// `user`.
    User,
    /// `assistant`.
    Assistant,
    /// A tool's result.
    Tool,
}

/// A function the model may call.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// JSON schema of its arguments.
    pub parameters: Value,
}

/// Which tools to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// None.
    Nothing,
    /// As a rule says.
    Auto,
    /// At least one.
    Required,
    /// This one.
    Named(String),
}

/// The shape of the answer.
#[derive(Debug, Clone)]
pub enum Form {
    /// Plain text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON of this schema.
    Schema {
        /// The schema's name.
        name: String,
        /// The schema.
        schema: Value,
    },
}

impl Prompt {
    /// The last message of the user, or nothing.
    #[must_use]
    pub fn last_user(&self) -> &str {
        self.turns.iter().rev().find(|turn| turn.role == Role::User).map_or("", |turn| &turn.text)
    }

    /// The assistant's message before the last message of the user, or nothing.
    #[must_use]
    pub fn asked(&self) -> &str {
        let before = self.turns.iter().rev().skip_while(|turn| turn.role != Role::User);
        before.skip(1).find(|turn| turn.role == Role::Assistant).map_or("", |turn| &turn.text)
    }

    /// What the user said, one message a line: before the assistant's first word a user message describes the case.
    #[must_use]
    pub fn spoken(&self) -> String {
        let first = self.turns.iter().position(|turn| turn.role == Role::Assistant).unwrap_or(0);
        let said: Vec<&str> = self.turns[first..].iter().filter(|turn| turn.role == Role::User).map(|turn| turn.text.as_str()).collect();
        said.join("\n")
    }

    /// The result of a tool that came after the last user message.
    #[must_use]
    pub fn tool_result(&self) -> Option<&str> {
        self.turns
            .iter()
            .rev()
            .take_while(|turn| turn.role != Role::User)
            .find(|turn| turn.role == Role::Tool)
            .map(|turn| turn.text.as_str())
    }

    /// The messages of these roles, one a line.
    #[must_use]
    pub fn text_of(&self, roles: &[Role]) -> String {
        let texts: Vec<&str> = self.turns.iter().filter(|turn| roles.contains(&turn.role)).map(|turn| turn.text.as_str()).collect();
        texts.join("\n")
    }

    /// The text that is counted and cached, in the order the provider documents: tools, schema, messages.
    #[must_use]
    pub fn counted(&self) -> String {
        let mut text = String::new();
        for tool in &self.tools {
            text.push_str(&tool.name);
            text.push_str(&tool.parameters.to_string());
        }
        if let Form::Schema { schema, .. } = &self.form {
            text.push_str(&schema.to_string());
        }
        for turn in &self.turns {
            text.push('\n');
            text.push_str(&turn.text);
        }
        text
    }

    /// Tokens of the prompt: its pieces, three for each message's frame and three to open the answer.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        tokens::count(&self.counted()) + 3 * self.turns.len() as u64 + 3
    }
}
