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
