//! The schema, the actions of the program and docs/policies.md say the same.

use std::collections::BTreeMap;

use cedar_policy::SchemaFragment;

use super::*;

/// Every name of the schema with its `@doc`.
fn described() -> BTreeMap<String, String> {
    let mut described = BTreeMap::new();
    let mut doc = None;
    for line in policy::SCHEMA.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("@doc(\"") {
            doc = Some(text.strip_suffix("\")").unwrap().replace("\\\"", "\""));
        } else if let Some(text) = doc.take() {
            let word = line.strip_prefix("action ").or(line.strip_prefix("entity ")).unwrap_or(line);
            let name = word.split([':', ';', '{', '?']).next().unwrap();
            let name = name.split(" in [").next().unwrap().split(" enum").next().unwrap();
            let name = name.split(" appliesTo").next().unwrap().replace('"', "");
            described.insert(name.trim().to_owned(), text);
        }
    }
    described
}

#[test]
fn the_schema_has_the_actions_of_the_program_and_two_groups() {
    let (fragment, warnings) = SchemaFragment::from_cedarschema_str(policy::SCHEMA).unwrap();
    assert_eq!(warnings.count(), 0);
    let schema = cedar_policy::Schema::from_schema_fragments([fragment]).unwrap();
    let mut in_schema: Vec<String> = schema.actions().map(|uid| uid.id().unescaped().to_owned()).collect();
    let mut known: Vec<String> = Action::ALL.iter().map(|action| action.name().to_owned()).collect();
    known.extend(["Read".to_owned(), "Administer".to_owned()]);
    in_schema.sort_unstable();
    known.sort_unstable();
    assert_eq!(in_schema, known);
}

#[test]
fn the_document_has_a_row_for_all_that_the_schema_says() {
    let document = std::fs::read_to_string(root().join("docs/policies.md")).unwrap();
    let described = described();
    assert!(described.len() > 40, "{described:#?}");
    for (name, text) in described {
        let row = document.lines().find(|line| line.starts_with(&format!("| `{name}`")));
        let row = row.unwrap_or_else(|| panic!("docs/policies.md has no row for `{name}`: {text}"));
        assert!(row.contains(&text), "docs/policies.md says otherwise of `{name}` than the schema: {text}");
    }
}

#[test]
fn every_example_is_explained_in_the_document() {
    let document = std::fs::read_to_string(root().join("docs/policies.md")).unwrap();
    let examples = examples();
    assert_eq!(examples.len(), 6);
    for file in examples {
        assert!(document.contains(&format!("policies/examples/{}", file.name)), "{}", file.name);
        policy::Policies::new(vec![file]).unwrap();
    }
}
