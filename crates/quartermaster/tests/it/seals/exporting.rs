//! Exports: entries that prove themselves without the database.

use std::process::Command;

use auditlog::{Filter, export};
use seal::{Checked, Checker, SealingKey};

use super::{Sealed, entry};

async fn exported(sealed: &Sealed, filter: &Filter) -> String {
    let mut out = Vec::new();
    export(&sealed.pool, sealed.log, filter, &sealed.keys, &mut out).await.unwrap();
    String::from_utf8(out).unwrap()
}

fn check(sealed: &Sealed, text: &str) -> Checked {
    Checker::check(&sealed.keys, text.as_bytes()).unwrap()
}

async fn three_seals() -> Sealed {
    let mut sealed = Sealed::new().await;
    for (number, count) in [(1, 5), (2, 1), (3, 12)] {
        sealed.add(count).await;
        let other = entry(sealed.log, &format!("'2026-01-0{number}T12:00:00Z'"))
            .replace("'12'", &format!("'x{number}'"));
        sealed.database.run(&other).await;
        sealed.seal().await;
    }
    sealed.add(1).await;
    sealed
}

#[tokio::test]
async fn every_sealed_entry_is_exported_with_its_proof() {
    let sealed = three_seals().await;
    let text = exported(&sealed, &Filter::default()).await;
    let checked = check(&sealed, &text);
    assert_eq!((checked.entries, checked.seals, checked.faults.len()), (21, 3, 0), "{checked:?}");
    let head = sealed.verify().await.head.unwrap();
    assert_eq!((checked.heads[0].number, checked.heads[0].hash), (3, head.hash));
}

#[tokio::test]
async fn filters_by_time_and_entity_are_kept_to_and_the_chain_reaches_the_newest_seal() {
    let sealed = three_seals().await;
    let time = |text: &str| Some(text.parse().unwrap());
    for (filter, entries, seals) in [
        (Filter { entity_id: Some("x2".to_owned()), ..Filter::default() }, 1, 2),
        (Filter { entity_type: Some("thing".to_owned()), ..Filter::default() }, 21, 3),
        (Filter { entity_type: Some("order".to_owned()), ..Filter::default() }, 0, 0),
        (
            Filter {
                from: time("2026-01-02T00:00:00Z"),
                to: time("2026-01-03T12:00:00Z"),
                ..Filter::default()
            },
            1,
            2,
        ),
        (Filter { to: time("2026-01-03T12:00:01Z"), ..Filter::default() }, 3, 3),
    ] {
        let checked = check(&sealed, &exported(&sealed, &filter).await);
        assert_eq!((checked.entries, checked.seals), (entries, seals), "{filter:?}");
        assert_eq!(checked.faults, []);
    }
}

#[tokio::test]
async fn an_export_that_was_changed_or_signed_by_a_stranger_is_refused() {
    let sealed = three_seals().await;
    let text = exported(&sealed, &Filter::default()).await;
    for (from, to) in [
        ("Mia", "Max"),
        ("1.500", "1.50"),
        ("\"index\":3", "\"index\":4"),
        ("\"entries\":13", "\"entries\":14"),
    ] {
        assert!(!check(&sealed, &text.replacen(from, to, 1)).faults.is_empty(), "{from}");
    }
    let stranger = SealingKey::generate().unwrap();
    assert_eq!(Checker::check(&[*stranger.public()], text.as_bytes()).unwrap().faults.len(), 3);
}

#[tokio::test]
async fn what_is_not_as_it_was_sealed_is_not_exported() {
    let sealed = three_seals().await;
    sealed.database.run("set session_replication_role = replica; update services_audit_logs set actor = 'Max' where id = 3").await;
    let error = export(&sealed.pool, sealed.log, &Filter::default(), &sealed.keys, &mut Vec::new())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("entry 3 is not as it was sealed"), "{error}");
}

/// The checker in the documentation, which shares no line with ours.
#[tokio::test]
async fn an_independent_checker_agrees() {
    if Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    let sealed = three_seals().await;
    let text = exported(&sealed, &Filter::default()).await;
    let dir = sealed.dir.path();
    std::fs::write(dir.join("seal.pub"), sealed.keys[0].pem()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/check_audit.py");
    let run = |text: &str| {
        let file = dir.join("export.jsonl");
        std::fs::write(&file, text).unwrap();
        let output =
            Command::new("python3").arg(script).arg(&file).arg(dir.join("seal.pub")).output().unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (good, said) = run(&text);
    assert!(good && said.contains("21 entries in 3 seals"), "{said}");
    assert!(said.contains("complete from seal 1 to 3 of services"), "{said}");
    let cut = |part: &str| {
        text.lines().filter(|line| !line.contains(part)).map(|line| format!("{line}\n")).collect::<String>()
    };
    let (good, said) = run(&cut("\"index\":2,"));
    assert!(!good && said.contains("2 of 21 entries are missing"), "{said}");
    let (good, said) = run(&cut("\"type\":\"range\""));
    assert!(good && said.contains("complete from seal 1 to 3"), "{said}");
    let filter = Filter { entity_id: Some("12".to_owned()), ..Filter::default() };
    let (good, said) = run(&exported(&sealed, &filter).await);
    assert!(good && said.contains("proves presence, not completeness"), "{said}");
    for (from, to) in [
        ("Mia", "Max"),
        ("1.500", "1.50"),
        ("\"entries\":13", "\"entries\":14"),
        ("\"index\":1", "\"index\":2"),
    ] {
        let (good, said) = run(&text.replacen(from, to, 1));
        assert!(!good, "{from}: {said}");
    }
}

#[tokio::test]
async fn an_export_says_whether_it_is_complete() {
    let sealed = three_seals().await;
    let text = exported(&sealed, &Filter::default()).await;
    let checked = check(&sealed, &text);
    assert!(
        checked.coverage[0].is_complete() && checked.coverage[0].claim == seal::Claim::Whole,
        "{checked:?}"
    );
    let without = |part: &str| {
        let kept = text.lines().filter(|line| !line.contains(part));
        kept.map(|line| format!("{line}\n")).collect::<String>()
    };
    // One entry, the last seal with its entries, the end, and what it says of itself with an entry.
    let one = without("\"index\":2,");
    let found = check(&sealed, &one).faults;
    assert!(
        found[0].what.contains("2 of 21 entries of services are missing, of the seals 1, 3"),
        "{found:?}"
    );
    let seals: String = text
        .lines()
        .filter(|line| !line.contains("\"seal\":3") && !line.contains("\"number\":3"))
        .map(|line| format!("{line}\n"))
        .collect();
    let found = check(&sealed, &seals).faults;
    assert!(found[0].what.contains("says that it has seals 1 to 3 of services, and has 1 to 2"), "{found:?}");
    let found = check(&sealed, &without("\"type\":\"end\"")).faults;
    assert!(found[0].what.contains("the end of the export"), "{found:?}");
    let unknown = one
        .lines()
        .filter(|line| !line.contains("\"type\":\"range\""))
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    let checked = check(&sealed, &unknown);
    assert!(checked.faults.is_empty() && !checked.coverage[0].is_complete(), "{checked:?}");
    assert_eq!(checked.coverage[0].claim, seal::Claim::Unknown);
    let repeated =
        text.lines().flat_map(|line| vec![line; if line.contains("\"index\":2,") { 2 } else { 1 }]);
    let repeated: String = repeated.map(|line| format!("{line}\n")).collect();
    assert!(!check(&sealed, &repeated).faults.is_empty());
}

#[tokio::test]
async fn a_filtered_export_proves_what_is_there_and_says_so() {
    let sealed = three_seals().await;
    let filter = Filter { entity_id: Some("12".to_owned()), ..Filter::default() };
    let text = exported(&sealed, &filter).await;
    let coverage = check(&sealed, &text).coverage.remove(0);
    assert!(!coverage.is_complete() && (coverage.entries, coverage.sealed) == (18, 21), "{coverage:?}");
    assert_eq!(coverage.claim, seal::Claim::Filtered(serde_json::json!({ "entity_id": "12" })));
    let cut: String =
        text.lines().filter(|line| !line.contains("\"index\":2,")).map(|line| format!("{line}\n")).collect();
    let found = check(&sealed, &cut).faults;
    assert!(found[0].what.contains("18 entries of services were written, and 16 are there"), "{found:?}");
}
