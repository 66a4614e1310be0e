//! Texts nested as deep as somebody likes: refused with the line, and harmless where they are let through.

use policy::Policies;

use super::*;

/// A forbid of every adjustment, whose condition is true and nested so deep.
fn nested(open: &str, inner: &str, close: &str, times: usize) -> PolicyFile {
    let condition = open.repeat(times) + inner + &close.repeat(times);
    let text =
        format!("forbid (principal, action == Action::\"AdjustStock\", resource)\nwhen {{ {condition} }};");
    PolicyFile::new("deep.cedar", text)
}

/// Ways to nest a condition that is true whenever 1 unit moves.
const WAYS: &[(&str, &str, &str)] = &[
    ("(", "context.units == 1", ")"),
    ("!(!(", "context.units == 1", "))"),
    ("[", "1", "].contains(context.units)"),
    ("{a: ", "context.units", "}.a == 1"),
    ("if context.units == 1 then ", "true", " else false"),
    ("if context.units == 2 then false else ", "true", ""),
    ("if ", "context.units == 1", " then true else false"),
    ("context.units == 1 && ", "true", ""),
    ("context.units == 2 || ", "context.units == 1", ""),
    ("0 * ", "context.units == 0", ""),
    ("-(-(", "context.units", ")) == 1"),
];

#[test]
fn what_nests_too_deep_is_refused_with_its_line_on_whatever_stack() {
    // As small as that of a thread that serves requests.
    let small = std::thread::Builder::new().stack_size(1024 * 1024);
    let work = || {
        for (open, inner, close) in WAYS {
            for times in [140, 1_000, 100_000] {
                let Err(bad) = Policies::new(vec![nested(open, inner, close, times)]) else {
                    // Chains of 140 operators are within the limits.
                    assert!(times == 140 && !open.contains(['(', '[', '{', 'i']), "{open} {times}");
                    continue;
                };
                let [fault] = bad.0.as_slice() else { panic!("{bad}") };
                let large = fault.reason.contains("64 KiB");
                assert!(fault.line == Some(2) || large, "{open} {times}: {fault}");
                assert!(large || fault.reason.contains("more than"), "{open} {times}: {fault}");
            }
        }
    };
    small.spawn(work).unwrap().join().unwrap();
}

#[test]
fn what_nests_as_deep_as_it_may_is_answered_on_whatever_stack() {
    let small = std::thread::Builder::new().stack_size(512 * 1024);
    let work = || {
        for (open, inner, close) in [
            ("(", "context.units == 1", ")"),
            ("!(!(", "context.units == 1", "))"),
            ("if context.units == 1 then ", "true", " else false"),
            ("if ", "context.units == 1", " then true else false"),
            ("context.units == 1 && ", "context.units == 1", ""),
            ("context.units == 2 || ", "context.units == 1", ""),
        ] {
            let brackets = open.matches('(').count();
            let times = [62, 62, 31][brackets];
            let authorizer = authorizer(&[nested(open, inner, close, times)]);
            let decision =
                |units| authorizer.explain(&at_own(&[Role::Manager]), Action::AdjustStock, stock(OWN, units));
            let of_one = decision(1);
            assert!(of_one.errors.is_empty(), "{open}: {:?}", of_one.errors);
            assert_eq!(of_one.policies[0].name.as_ref(), "deep.cedar#1", "{open}");
        }
    };
    small.spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_file_larger_than_64_kib_is_refused_from_the_folder_and_from_a_form() {
    let large = format!("permit (principal, action, resource);\n// {}", "x".repeat(64 * 1024));
    let refused = |files| Policies::new(files).unwrap_err().to_string();
    assert_eq!(
        refused(vec![PolicyFile::new("large.cedar", large.clone())]),
        "large.cedar: is larger than 64 KiB"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("large.cedar"), large).unwrap();
    let bad = policy::read_folder(folder.path()).unwrap_err();
    assert_eq!(bad.to_string(), "large.cedar: is larger than 64 KiB");
}
