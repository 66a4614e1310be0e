//! Files of policies, taken apart; and where in them a fault is. Nothing else gives a text to Cedar's parser.

use std::collections::HashSet;

use cedar_policy::{Effect, PolicyId, PolicySet, ValidationResult};
use miette::Diagnostic;

use crate::depth;
use crate::set::Policy;
use crate::source::{Fault, LARGEST, PolicyFile, line_at};

/// The policies of a file, each under its own name.
pub(crate) struct Parsed {
    pub policies: Vec<(cedar_policy::Policy, Policy)>,
    /// How many calls within each other the deepest of them needs.
    pub depth: usize,
}

/// Takes a file apart. Its text is within the limits before Cedar sees it; even so Cedar needs a stack of
/// [`deep::STACK`](crate::deep::STACK).
pub(crate) fn file(file: &PolicyFile) -> Result<Parsed, Vec<Fault>> {
    let fault = |line, reason| Fault { file: file.name.clone(), line, reason };
    if file.text.len() > LARGEST {
        return Err(vec![fault(None, format!("is larger than {} KiB", LARGEST / 1024))]);
    }
    let depth = depth::of(&file.text).map_err(|told| vec![fault(Some(told.line), told.reason)])?;
    let set: PolicySet = file.text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        errors.iter().map(|error| fault(line_of(error, &file.text), told(error))).collect::<Vec<_>>()
    })?;
    if let Some(template) = set.templates().next() {
        let line = file.text.find(&template.to_cedar()).map(|offset| line_at(&file.text, offset));
        let reason = "has slots (?principal, ?resource): write a policy for each instead".to_owned();
        return Err(vec![fault(line, reason)]);
    }
    let (mut policies, mut faults, mut names, mut from) = (Vec::new(), Vec::new(), HashSet::new(), 0);
    // The parser numbers them as they come.
    for n in 0..set.num_of_policies() {
        let Some(policy) = set.policy(&PolicyId::new(format!("policy{n}"))) else { continue };
        let text = policy.to_cedar().unwrap_or_default();
        let rest = file.text.get(from..).unwrap_or_default();
        let begin = from + rest.find(&text).unwrap_or(0);
        from = begin + text.len();
        let word = policy.annotation("id").map_or_else(|| (n + 1).to_string(), str::to_owned);
        let about = Policy {
            name: format!("{}#{word}", file.name).into(),
            file: file.name.clone(),
            line: line_at(&file.text, begin),
            forbids: policy.effect() == Effect::Forbid,
        };
        if !names.insert(word.clone()) {
            faults.push(fault_of(&about, format!("another policy of this file has the @id {word:?} too")));
        }
        policies.push((policy.new_id(PolicyId::new(&*about.name)), about));
    }
    if faults.is_empty() { Ok(Parsed { policies, depth }) } else { Err(faults) }
}

/// A fault of a policy as a whole.
pub(crate) fn fault_of(policy: &Policy, reason: String) -> Fault {
    Fault { file: policy.file.clone(), line: Some(policy.line), reason }
}

/// What the schema does not allow. A warning counts too: it tells of a policy that can never apply, or that looks
/// other than it is.
pub(crate) fn validation_faults<'t>(
    result: &ValidationResult,
    all: &[Policy],
    text: impl Fn(&str) -> &'t str,
) -> Vec<Fault> {
    let fault = |id: &PolicyId, diagnostic: &dyn Diagnostic| {
        let policy = all.iter().find(|policy| *policy.name == *AsRef::<str>::as_ref(id))?;
        let line = line_of(diagnostic, text(&policy.file)).unwrap_or(policy.line);
        Some(Fault { line: Some(line), ..fault_of(policy, told(diagnostic)) })
    };
    let errors = result.validation_errors().filter_map(|error| fault(error.policy_id(), error));
    let warnings = result.validation_warnings().filter_map(|warning| fault(warning.policy_id(), warning));
    errors.chain(warnings).collect()
}

fn line_of(diagnostic: &dyn Diagnostic, text: &str) -> Option<usize> {
    let label = diagnostic.labels()?.next()?;
    Some(line_at(text, label.offset()))
}

/// What is wrong, and what helps, in one line.
fn told(diagnostic: &dyn Diagnostic) -> String {
    let mut told = diagnostic.to_string();
    for label in diagnostic.labels().into_iter().flatten() {
        if let Some(text) = label.label().filter(|text| !told.contains(text)) {
            told.push_str(&format!(": {text}"));
        }
    }
    if let Some(help) = diagnostic.help() {
        told.push_str(&format!("; {help}"));
    }
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}
