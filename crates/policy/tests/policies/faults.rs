//! Bad policies: refused as a whole, each fault with its file, line and reason.

use policy::Policies;

use super::*;

/// The faults of a file, as `line: reason`.
fn faults(text: &str) -> Vec<String> {
    let bad = Policies::new(vec![PolicyFile::new("mine.cedar", text)]).unwrap_err();
    bad.0.iter().map(|fault| fault.to_string().strip_prefix("mine.cedar:").unwrap().to_owned()).collect()
}

#[test]
fn every_fault_is_told_with_its_line_and_reason() {
    let good = "permit (principal, action, resource);\n\n";
    for (text, line, reason) in [
        ("permit (principal, action);", 3, "resource"),
        ("permitt (principal, action, resource);", 3, "permitt"),
        ("\nforbid (principal in Role::\"Boss\", action, resource);", 4, "Boss"),
        ("forbid (principal, action == Action::\"FulfilOrders\", resource);", 3, "FulfillOrders"),
        ("forbid (principal in Roles::\"Admin\", action, resource);", 3, "Roles"),
        (
            "forbid (principal, action == Action::\"AdjustStock\", resource)\nwhen { context.amount > 5 };",
            4,
            "amount",
        ),
        (
            "forbid (principal, action == Action::\"FulfillOrders\", resource)\n\nwhen { resource.submitted_by == \"7\" };",
            5,
            "submitted_by",
        ),
        (
            "forbid (principal, action == Action::\"AdjustStock\", resource) when { context.units > \"5\" };",
            3,
            "expected",
        ),
        ("forbid (principal, action == Action::\"ViewStock\", resource in Branch::\"3\");", 3, ""),
        ("forbid (principal == ?principal, action, resource);", 3, "slots"),
        (
            "@id(\"a\") forbid (principal, action, resource);\n@id(\"a\") forbid (principal, action, resource);",
            4,
            "@id",
        ),
    ] {
        let found = faults(&format!("{good}{text}"));
        assert!(
            found.iter().any(|fault| fault.starts_with(&format!("{line}: ")) && fault.contains(reason)),
            "{text}\n{found:#?}"
        );
    }
}

#[test]
fn faults_of_several_files_are_told_at_once() {
    let files = ["one.cedar", "other.cedar"].map(|name| PolicyFile::new(name, "nonsense"));
    let bad = Policies::new(files.to_vec()).unwrap_err();
    let names: Vec<&str> = bad.0.iter().map(|fault| &*fault.file).collect();
    assert_eq!(names, ["one.cedar", "other.cedar"]);
}

#[test]
fn a_file_without_policies_is_no_fault() {
    for text in ["", "// Nothing yet.\n"] {
        assert!(Policies::new(vec![PolicyFile::new("empty.cedar", text)]).is_ok());
    }
}

#[test]
fn policies_are_found_by_file_and_line() {
    let text = "// First.\npermit (principal in Role::\"Worker\", action == Action::\"SubmitOrders\", resource);\n\n\
                @id(\"second\")\nforbid (principal, action, resource);\n";
    let policies = Policies::new(vec![PolicyFile::new("mine.cedar", text)]).unwrap();
    let mine: Vec<(&str, usize, bool)> = policies
        .all()
        .iter()
        .filter(|policy| &*policy.file == "mine.cedar")
        .map(|policy| (&*policy.name, policy.line, policy.forbids))
        .collect();
    assert_eq!(mine, [("mine.cedar#1", 2, false), ("mine.cedar#second", 4, true)]);
}
