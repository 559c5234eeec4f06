//! An agent version ready to speak with one lead: layers rendered once, requests assembled per turn.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::fence::{clean, fence, fence_pairs};
use super::render::render_line;
use super::{Layer, PromptError, PromptTexts, render};
use crate::agents::definition::{AgentDefinition, Lines};
use crate::domain::ids::PromptVersionId;
use crate::mind::analysis::analysis_schema;
use crate::mind::history::{Depth, Digest, History};
use crate::mind::price::PriceTable;
use crate::mind::route::Route;
use crate::providers::{ChatRequest, Message, Role};

/// What is known about the person, straight from the list: data, never instructions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFacts {
    /// For a friendly word.
    pub first_name: Option<String>,
    /// The list's other columns.
    pub variables: BTreeMap<String, String>,
    /// The callee's IANA zone.
    pub zone: String,
    /// The callee's wall clock in words, for example `Monday, 23 November, 10:05`.
    pub local_time: String,
    /// What was said in the last call with them and came of it, in one line.
    pub earlier_call: Option<String>,
}

/// Tokens of one analysis; a JSON object of a few short values.
const ANALYSIS_TOKENS: u32 = 200;

/// What this agent says to this lead.
#[derive(Debug, Clone)]
pub struct Script {
    definition: Arc<AgentDefinition>,
    system: String,
    context: String,
    analysis: String,
    lines: Lines,
    troubles: Vec<PromptError>,
    versions: (PromptVersionId, PromptVersionId),
    cache_key: String,
    variables: BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct SlotView<'a> {
    name: &'a str,
    kind: &'static str,
    description: &'a str,
}

impl Script {
    /// Renders every layer and line, before the first of them is said. What the lead lacks is left out of a line: whoever has answered is
    /// not hung up on for a hole in a list ([`spoken`](super::spoken) tells of it before). Nor are they for a template that fails: a line
    /// leaves out what does, a layer is the one shipped with the program, and [`Script::troubles`] says why.
    #[must_use]
    pub fn new(texts: &PromptTexts, definition: Arc<AgentDefinition>, lead: &LeadFacts) -> Self {
        let def = &definition;
        let variables = line_variables(def, lead);
        let mut troubles = Vec::new();
        Self {
            system: render_layer(texts, Layer::System, &system_view(def), &mut troubles),
            context: render_layer(texts, Layer::Context, &context_view(def, lead), &mut troubles),
            analysis: render_layer(texts, Layer::Analysis, &case_view(def), &mut troubles),
            lines: render_lines(&def.lines, &variables, &mut troubles),
            troubles,
            versions: (texts.system.id, texts.analysis.id),
            cache_key: format!("{}/{}", def.name, texts.system.id),
            variables,
            definition,
        }
    }

    /// The templates that fail with what is known of this lead. The author has to change them.
    #[must_use]
    pub fn troubles(&self) -> &[PromptError] {
        &self.troubles
    }

    /// The agent.
    #[must_use]
    pub fn definition(&self) -> &Arc<AgentDefinition> {
        &self.definition
    }

    /// The lines as this lead hears them; `callback_confirmed` needs [`Script::callback_confirmed`].
    #[must_use]
    pub const fn lines(&self) -> &Lines {
        &self.lines
    }

    /// The confirmation of a callback, with the time in words.
    #[must_use]
    pub fn callback_confirmed(&self, when: &str) -> String {
        // what fails in it was told when the same template was rendered with the others
        render_line("callback_confirmed", &self.definition.lines.callback_confirmed, &with_when(&self.variables, when)).0
    }

    /// The version replies are asked with.
    #[must_use]
    pub const fn system_version(&self) -> PromptVersionId {
        self.versions.0
    }

    /// The version analyses are asked with.
    #[must_use]
    pub const fn analysis_version(&self) -> PromptVersionId {
        self.versions.1
    }

    /// Asks for the words the callee hears next.
    #[must_use]
    pub fn reply_request(&self, history: &History, utterance: &str, route: &Route) -> ChatRequest {
        let mut messages = vec![said(Role::System, &self.system), said(Role::User, &self.context)];
        push_past(&mut messages, &history.digest(route.depth()));
        messages.push(heard(utterance));
        self.request(&route.model, messages, self.definition.limits.max_output_tokens, 0.3)
    }

    /// Asks what the callee's words meant, as strict JSON (see [`crate::mind::analysis::Analysis`]).
    #[must_use]
    pub fn analysis_request(&self, history: &History, utterance: &str) -> ChatRequest {
        let mut messages = vec![said(Role::System, &self.analysis)];
        push_past(&mut messages, &history.digest(Depth::Tight));
        messages.push(heard(utterance));
        let mut request = self.request(&self.definition.models.simple, messages, ANALYSIS_TOKENS, 0.0);
        request.schema = Some(analysis_schema(&self.definition.slots));
        request
    }

    fn request(&self, model: &str, messages: Vec<Message>, max_output_tokens: u32, temperature: f32) -> ChatRequest {
        let effort = PriceTable::in_use().live_effort(model);
        // A model that reasons takes no temperature; one without reasoning takes no effort.
        let temperature = effort.is_none_or(|effort| effort == "none").then_some(temperature);
        ChatRequest {
            model: model.to_owned(),
            messages,
            max_output_tokens,
            reasoning_effort: effort.map(str::to_owned),
            temperature,
            schema: None,
            cache_key: Some(self.cache_key.clone()),
            flex: false,
        }
    }
}

fn said(role: Role, content: &str) -> Message {
    Message { role, content: content.to_owned() }
}

/// Speech is fenced by its role: a user message of its own, one clean line that can neither open nor close a fence.
fn heard(words: &str) -> Message {
    Message { role: Role::User, content: clean(words) }
}

fn push_past(messages: &mut Vec<Message>, past: &Digest<'_>) {
    if let Some(earlier) = &past.earlier {
        let lines: Vec<String> = earlier.lines().map(clean).collect();
        messages.push(said(Role::User, &fence("earlier", &lines.join("\n"))));
    }
    for line in past.recent {
        messages.push(if line.who == Role::Assistant { said(Role::Assistant, &line.text) } else { heard(&line.text) });
    }
}

/// A layer, or the one that is shipped with the program: that says everything that the agent's definition does, and never fails.
fn render_layer(texts: &PromptTexts, layer: Layer, context: &Value, troubles: &mut Vec<PromptError>) -> String {
    let render = |body: &str| render(layer.as_str(), body, context.clone());
    render(&texts.layer(layer).body).unwrap_or_else(|error| {
        troubles.push(error);
        render(layer.default_body()).unwrap_or_default()
    })
}

fn system_view(def: &AgentDefinition) -> Value {
    minijinja::context! {
        persona_name => &def.persona_name, company => &def.company, persona => &def.persona,
        rules => &def.rules, language => &def.ears.language,
    }
}

fn context_view(def: &AgentDefinition, lead: &LeadFacts) -> Value {
    let name = lead.first_name.iter().map(|name| ("first_name", name.as_str()));
    let earlier = lead.earlier_call.iter().map(|told| ("earlier_call", told.as_str()));
    let rest = lead.variables.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    minijinja::context! {
        objective => &def.objective,
        facts => fence_pairs("facts", def.facts.iter().map(|(key, value)| (key.as_str(), value.as_str()))),
        slots => slot_views(def),
        local_time => clean(&lead.local_time),
        zone => clean(&lead.zone),
        lead => fence_pairs("lead", name.chain(rest).chain(earlier)),
    }
}

pub(super) fn case_view(def: &AgentDefinition) -> Value {
    minijinja::context! { company => &def.company, objective => &def.objective, slots => slot_views(def) }
}

fn slot_views(def: &AgentDefinition) -> Value {
    let slots: Vec<SlotView<'_>> =
        def.slots.iter().map(|s| SlotView { name: &s.name, kind: s.kind.as_str(), description: &s.description }).collect();
    Value::from(Serde(slots))
}

/// What a spoken line may name. `first_name` is always there (and empty when unknown), so `{% if first_name %}` works.
fn line_variables(def: &AgentDefinition, lead: &LeadFacts) -> BTreeMap<String, Value> {
    let mut variables: BTreeMap<String, Value> =
        lead.variables.iter().map(|(key, value)| (key.clone(), Value::from(clean(value)))).collect();
    variables.insert("first_name".to_owned(), lead.first_name.as_deref().map(clean).map_or(Value::from(""), Value::from));
    variables.insert("company".to_owned(), Value::from(def.company.as_str()));
    variables.insert("persona_name".to_owned(), Value::from(def.persona_name.as_str()));
    variables
}

fn with_when(variables: &BTreeMap<String, Value>, when: &str) -> Value {
    let mut variables = variables.clone();
    variables.insert("when".to_owned(), Value::from(clean(when)));
    Value::from(variables)
}

fn render_lines(lines: &Lines, variables: &BTreeMap<String, Value>, troubles: &mut Vec<PromptError>) -> Lines {
    let known = Value::from(variables.clone());
    let mut line = |name: &str, body: &str, context: &Value| {
        let (words, trouble) = render_line(name, body, context);
        troubles.extend(trouble);
        words
    };
    line("callback_confirmed", &lines.callback_confirmed, &with_when(variables, "tomorrow"));
    Lines {
        greeting: lines.greeting.clone(),
        are_you_there: line("are_you_there", &lines.are_you_there, &known),
        goodbye: line("goodbye", &lines.goodbye, &known),
        opt_out_confirmed: line("opt_out_confirmed", &lines.opt_out_confirmed, &known),
        i_am_an_ai: line("i_am_an_ai", &lines.i_am_an_ai, &known),
        callback_confirmed: lines.callback_confirmed.clone(),
        callback_unclear: line("callback_unclear", &lines.callback_unclear, &known),
        filler: line("filler", &lines.filler, &known),
        apology: line("apology", &lines.apology, &known),
        transferring: Some(line("transferring", lines.transferring(), &known)),
        voicemail: line("voicemail", &lines.voicemail, &known),
    }
}

#[cfg(test)]
mod tests;
