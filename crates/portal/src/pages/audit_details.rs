//! What an entry of an audit tells, for people.

use contract::AuditOut;
use serde_json::Value;

/// A fact of an entry: what it was before, where it tells, and what it became.
pub(crate) struct Detail {
    pub name: String,
    pub before: Option<String>,
    pub after: String,
}

/// What an entry tells: values, and of what changed both `from` and `to`.
pub(crate) fn details(entry: &AuditOut) -> Vec<Detail> {
    let Value::Object(fields) = &entry.details else { return Vec::new() };
    // A thing before and after: what is not the same, and what stands beside it.
    if let (Some(Value::Object(from)), Some(Value::Object(to))) = (fields.get("from"), fields.get("to")) {
        let changed = to.iter().filter(|(name, value)| from.get(*name) != Some(value));
        let before = |name: &String| Some(text(from.get(name).unwrap_or(&Value::Null)));
        let changed = changed.map(|(name, value)| Detail {
            name: name.clone(),
            before: before(name),
            after: text(value),
        });
        let beside = fields.iter().filter(|(name, _)| !["from", "to"].contains(&name.as_str()));
        return changed.chain(beside.map(|(name, value)| detail(name, value))).collect();
    }
    fields.iter().map(|(name, value)| detail(name, value)).collect()
}

fn detail(name: &str, value: &Value) -> Detail {
    let pair = value.get("from").zip(value.get("to"));
    let (before, after) = match pair {
        Some((from, to)) => (Some(text(from)), text(to)),
        None => (None, text(value)),
    };
    Detail { name: name.to_owned(), before, after }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
