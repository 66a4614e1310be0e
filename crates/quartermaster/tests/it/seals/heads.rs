//! The file of heads.

use std::io::Write;

use auditlog::{AuditError, Finding, Heads, HeadsAsOf, Trust};

use super::Sealed;

#[tokio::test]
async fn each_seal_is_a_line_once_however_many_programs_append() {
    let mut sealed = Sealed::new().await;
    let mut other = Heads::new(sealed.heads_file());
    for _ in 0..4 {
        sealed.add(2).await;
        sealed.sealer.seal(&sealed.key).await.unwrap();
        let (one, two) = (sealed.pool.get().await.unwrap(), sealed.pool.get().await.unwrap());
        let (mine, others) = tokio::join!(
            sealed.heads.catch_up(&one, sealed.log, &sealed.keys),
            other.catch_up(&two, sealed.log, &sealed.keys)
        );
        assert_eq!(mine.unwrap().appended + others.unwrap().appended, 1);
    }
    let text = std::fs::read_to_string(sealed.heads_file()).unwrap();
    let numbers: Vec<i64> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_line_that_a_crash_cut_off_is_written_anew() {
    let mut sealed = Sealed::new().await;
    sealed.add(1).await;
    sealed.seal().await;
    let mut file = std::fs::File::options().append(true).open(sealed.heads_file()).unwrap();
    file.write_all(br#"{"log":"services","number":2,"aft"#).unwrap();
    assert!(sealed.verify().await.is_sound(), "what was never waited for is no fault");
    sealed.add(1).await;
    sealed.heads = Heads::new(sealed.heads_file());
    sealed.seal().await;
    let text = std::fs::read_to_string(sealed.heads_file()).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(sealed.verify().await.is_sound());
}

#[tokio::test]
async fn a_file_that_is_gone_is_written_anew_from_the_table() {
    let mut sealed = Sealed::new().await;
    for _ in 0..3 {
        sealed.add(1).await;
        sealed.seal().await;
    }
    std::fs::remove_file(sealed.heads_file()).unwrap();
    sealed.seal().await;
    assert_eq!(std::fs::read_to_string(sealed.heads_file()).unwrap().lines().count(), 3);
}

#[tokio::test]
async fn seals_that_are_made_while_an_audit_is_verified_are_no_fault() {
    let mut sealed = Sealed::new().await;
    sealed.add(1).await;
    sealed.seal().await;
    let heads = HeadsAsOf::now(sealed.heads_file()).unwrap();
    let conn = sealed.pool.dedicated(sealed.log.name, auditlog::READING).await.unwrap();
    conn.begin().await.unwrap();
    let seen = auditlog::last_seal(&conn, sealed.log).await.unwrap().unwrap();
    assert_eq!(seen.statement.number, 1, "the snapshot is of this moment");
    sealed.add(1).await;
    assert_eq!(sealed.seal().await.len(), 1);
    let trust = Trust { keys: &sealed.keys, heads: Some(&heads), archives: None };
    let report = auditlog::verify(&conn, sealed.log, &trust).await.unwrap();
    assert_eq!((report.seals, report.findings), (1, Vec::new()));
}

#[tokio::test]
async fn nothing_is_appended_to_heads_that_the_table_contradicts() {
    let mut sealed = Sealed::new().await;
    for _ in 0..3 {
        sealed.add(1).await;
        sealed.seal().await;
    }
    sealed
        .database
        .run("set session_replication_role = replica; delete from services_audit_seals where number > 1")
        .await;
    let before = std::fs::read(sealed.heads_file()).unwrap();
    let mut sealer = auditlog::Sealer::new(sealed.log, sealed.pool.clone());
    assert_eq!(sealer.seal(&sealed.key).await.unwrap().len(), 1, "new entries are sealed all the same");
    let conn = sealed.pool.get().await.unwrap();
    let error = sealed.heads.catch_up(&conn, sealed.log, &sealed.keys).await.unwrap_err();
    assert!(matches!(error, AuditError::Heads { .. }), "{error}");
    assert_eq!(std::fs::read(sealed.heads_file()).unwrap(), before);
    let found = sealed.verify().await.findings;
    assert_eq!(found, [Finding::OtherHead { seal: 2 }, Finding::CutOff { first: 3, last: 3 }]);
}

#[tokio::test]
async fn a_forged_or_broken_line_is_named() {
    let mut sealed = Sealed::new().await;
    sealed.add(1).await;
    sealed.seal().await;
    let line = std::fs::read_to_string(sealed.heads_file()).unwrap();
    let forged = line.replace(r#""number":1"#, r#""number":9"#);
    std::fs::write(sealed.heads_file(), format!("{line}{forged}nonsense\n")).unwrap();
    let found = sealed.verify().await.findings;
    assert_eq!(found, [Finding::HeadAltered { line: 2 }, Finding::HeadUnreadable { line: 3 }]);
}

/// Seals of an hour ago, with their entries.
async fn of_an_hour_ago(sealed: &mut Sealed, count: usize) {
    let mut previous = seal::Hash::NONE;
    let mut lines = String::new();
    for _ in 0..count {
        let entry = super::entry(sealed.log, "now() - interval '1 hour'");
        sealed.database.run(&entry).await;
        let mut seal = sealed.sealer.seal(&sealed.key).await.unwrap().remove(0).statement;
        (seal.previous, seal.at) = (previous, seal::Time(seal.at.0 - 3_600_000_000));
        previous = seal::Statement::hash(&seal);
        let signed = seal::Signed::sign(seal, &sealed.key);
        let bytes = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let sql = format!(
            "set session_replication_role = replica;
             update services_audit_seals set at = '{}', previous = '\\x{}', signature = '\\x{}' where number = {}",
            signed.statement.at,
            signed.statement.previous,
            bytes(&signed.signature.0),
            signed.statement.number
        );
        sealed.database.run(&sql).await;
        lines += &(serde_json::to_string(&signed).unwrap() + "\n");
    }
    std::fs::write(sealed.heads_file(), lines).unwrap();
}

#[tokio::test]
async fn seals_that_are_missing_in_the_file_are_found() {
    let mut sealed = Sealed::new().await;
    of_an_hour_ago(&mut sealed, 5).await;
    assert_eq!(sealed.verify().await.findings, []);
    let text = std::fs::read_to_string(sealed.heads_file()).unwrap();
    let without = |removed: &[usize]| {
        let kept = text.lines().enumerate().filter(|(at, _)| !removed.contains(&(at + 1)));
        kept.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    for (removed, found) in [
        (&[1, 2, 3, 4, 5][..], vec![Finding::HeadsMissing { first: 1, last: 5 }]),
        (&[4, 5], vec![Finding::HeadsMissing { first: 4, last: 5 }]),
        (
            &[1, 3],
            vec![Finding::HeadsMissing { first: 1, last: 1 }, Finding::HeadsMissing { first: 3, last: 3 }],
        ),
    ] {
        std::fs::write(sealed.heads_file(), without(removed)).unwrap();
        assert_eq!(sealed.verify().await.findings, found, "{removed:?}");
    }
}

#[tokio::test]
async fn an_emptied_file_does_not_hide_that_the_end_was_cut_off() {
    let mut sealed = Sealed::new().await;
    of_an_hour_ago(&mut sealed, 3).await;
    std::fs::write(sealed.heads_file(), "").unwrap();
    sealed
        .database
        .run(
            "set session_replication_role = replica; delete from services_audit_seals where number = 3;
              delete from services_audit_logs where id = 3",
        )
        .await;
    assert_eq!(sealed.verify().await.findings, [Finding::HeadsMissing { first: 1, last: 2 }]);
}

#[tokio::test]
async fn heads_that_a_worker_puts_back_are_found_until_somebody_says_why() {
    let mut sealed = Sealed::new().await;
    of_an_hour_ago(&mut sealed, 4).await;
    let text = std::fs::read_to_string(sealed.heads_file()).unwrap();
    let kept: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    std::fs::write(sealed.heads_file(), kept).unwrap();
    let conn = sealed.pool.get().await.unwrap();
    let mut worker = Heads::new(sealed.heads_file());
    let done = worker.catch_up(&conn, sealed.log, &sealed.keys).await.unwrap();
    assert_eq!((done.appended, done.put_back), (2, Some((3, 4))));
    assert_eq!(worker.catch_up(&conn, sealed.log, &sealed.keys).await.unwrap().put_back, None);
    assert_eq!(sealed.verify().await.findings, [Finding::HeadsPutBack { id: 5, first: 3, last: 4 }]);
    assert_eq!(auditlog::acknowledge(&conn, sealed.log, "ada", "the disk was full").await.unwrap(), 1);
    let report = sealed.verify().await;
    assert!(report.is_sound() && report.acknowledged[0].reason == "the disk was full", "{report:?}");
    assert_eq!(auditlog::acknowledge(&conn, sealed.log, "ada", "once more").await.unwrap(), 0);
}

#[tokio::test]
async fn heads_that_are_cut_off_while_a_worker_runs_are_noticed_however_new_they_are() {
    let mut sealed = Sealed::new().await;
    for _ in 0..2 {
        sealed.add(1).await;
        sealed.seal().await;
    }
    let text = std::fs::read_to_string(sealed.heads_file()).unwrap();
    std::fs::write(sealed.heads_file(), text.lines().next().unwrap().to_owned() + "\n").unwrap();
    let conn = sealed.pool.get().await.unwrap();
    let done = sealed.heads.catch_up(&conn, sealed.log, &sealed.keys).await.unwrap();
    assert_eq!((done.appended, done.put_back), (1, Some((2, 2))));
}
