//! Archives: what leaves the table still proves itself, and nothing is lost on the way.

use std::path::{Path, PathBuf};

use auditlog::{Archiving, AuditError, Finding, archive};
use jiff::Timestamp;
use platform::pg::Database;
use serde_json::json;

use super::Sealed;
use crate::support::App;

impl Sealed {
    fn archives(&self) -> PathBuf {
        self.dir.path().join("archive")
    }

    fn owner(&self) -> Database {
        Database::open(self.database.config(&format!("qm_{}", self.log.name))).unwrap()
    }

    /// Archives what was sealed before now; gives the names of the files.
    async fn archive(&self) -> Result<Vec<String>, AuditError> {
        let to = self.archives();
        let archiving = Archiving { before: Timestamp::now(), to: &to, key: &self.key, trusted: &self.keys };
        let mut files = Vec::new();
        archive(&self.owner(), self.log, &archiving, &mut |done| files.push(done.file.clone())).await?;
        Ok(files)
    }

    /// Seals of three entries each.
    async fn seals(&mut self, count: usize) {
        for _ in 0..count {
            self.add(3).await;
            assert_eq!(self.seal().await.len(), 1);
        }
    }
}

fn spoil(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from));
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[tokio::test]
async fn old_seals_go_to_a_file_and_the_chain_goes_on_through_it() {
    let mut sealed = Sealed::new().await;
    sealed.seals(4).await;
    assert_eq!(sealed.archive().await.unwrap(), ["services-000000000001-000000000003.jsonl"]);
    assert_eq!((sealed.count("audit_seals").await, sealed.count("audit_archives").await), (1, 1));
    let told: String = sealed
        .database
        .value("select details ->> 'entries' from services_audit_logs where action = 'audit.archived' and entity_id = '1-3'")
        .await;
    assert_eq!(told, "9");
    sealed.seals(2).await;
    assert_eq!(sealed.archive().await.unwrap(), ["services-000000000004-000000000005.jsonl"]);
    assert_eq!(sealed.archive().await.unwrap(), Vec::<String>::new(), "the newest seal stays");
    for archives in [None, Some(sealed.archives())] {
        let report = sealed.verify_with(archives.as_deref()).await;
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(
            (report.archived, report.seals, report.archives_verified),
            ((16, 5), 1, archives.is_some())
        );
    }
    for file in std::fs::read_dir(sealed.archives()).unwrap() {
        let text = std::fs::read(file.unwrap().path()).unwrap();
        let checked = seal::Checker::check(&sealed.keys, text.as_slice()).unwrap();
        assert!(checked.faults.is_empty() && checked.whole == checked.seals, "{checked:?}");
    }
}

#[tokio::test]
async fn only_what_was_sealed_before_the_time_is_moved() {
    let mut sealed = Sealed::new().await;
    sealed.seals(3).await;
    let to = sealed.archives();
    let second: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let archiving = Archiving { before: second, to: &to, key: &sealed.key, trusted: &sealed.keys };
    archive(&sealed.owner(), sealed.log, &archiving, &mut |_| unreachable!()).await.unwrap();
    assert_eq!(sealed.count("audit_logs").await, 9);
}

#[tokio::test]
async fn an_archive_that_is_missing_changed_or_forged_is_found() {
    let mut sealed = Sealed::new().await;
    sealed.seals(4).await;
    let file = sealed.archives().join(&sealed.archive().await.unwrap()[0]);
    let original = std::fs::read(&file).unwrap();
    let archives = sealed.archives();
    for (from, to, named) in [
        ("Mia", "Max", "entry 1 of seal 1"),
        ("1.500", "1.5000", "entry 1 of seal 1"),
        ("\"entries\":3", "\"entries\":4", "seal 1 of services was altered"),
        ("\"index\":1", "\"index\":2", "stands at place 2"),
    ] {
        spoil(&file, from, to);
        let found = serde_json::to_string(&sealed.verify_with(Some(&archives)).await.findings).unwrap();
        assert!(found.contains(named) && found.contains("another SHA-256"), "{from}: {found}");
        std::fs::write(&file, &original).unwrap();
    }
    assert!(sealed.verify_with(Some(&archives)).await.is_sound());
    std::fs::remove_file(&file).unwrap();
    assert!(!sealed.verify_with(Some(&archives)).await.is_sound());
    sealed
        .database
        .run("set session_replication_role = replica; update services_audit_archives set entries = 8")
        .await;
    assert!(matches!(sealed.verify().await.findings[0], Finding::Archive { last: 3, .. }));
    sealed.database.run("set session_replication_role = replica; delete from services_audit_archives").await;
    assert!(!sealed.verify().await.is_sound(), "entries that only seem to be archived are missing");
}

#[tokio::test]
async fn an_entry_that_is_put_back_where_the_archive_was_is_found() {
    let mut sealed = Sealed::new().await;
    sealed.seals(3).await;
    sealed.archive().await.unwrap();
    let forged = super::entry(sealed.log, "now()")
        .replace("(at,", "(id, at,")
        .replace("values (", "overriding system value values (2, ");
    sealed.database.run(&forged).await;
    assert_eq!(sealed.verify().await.findings, [Finding::EntryInserted { id: 2, seal: None }]);
}

#[tokio::test]
async fn what_is_not_as_it_was_sealed_is_not_archived() {
    let mut sealed = Sealed::new().await;
    sealed.seals(3).await;
    sealed.database.run("set session_replication_role = replica; update services_audit_logs set actor = 'Max' where id = 2").await;
    let error = sealed.archive().await.unwrap_err();
    assert!(matches!(error, AuditError::Unsound { .. }), "{error}");
    assert_eq!((sealed.count("audit_logs").await, sealed.count("audit_seals").await), (9, 3));
}

#[tokio::test]
async fn wherever_it_is_cut_off_everything_is_in_the_table_or_in_a_verified_file() {
    let mut sealed = Sealed::new().await;
    sealed.seals(3).await;
    // The last statement of the transaction fails, after the file was written and the entries were removed.
    let refuse = "alter table services_audit_logs add constraint no check (action <> 'audit.archived')";
    sealed.database.run(refuse).await;
    sealed.archive().await.unwrap_err();
    assert_eq!((sealed.count("audit_logs").await, sealed.count("audit_archives").await), (9, 0));
    assert!(sealed.verify().await.is_sound());
    // What such a run left behind, whole or in parts, does not disturb the next.
    let left = sealed.archives().join("services-000000000001-000000000002.jsonl");
    spoil(&left, "Mia", "Max");
    std::fs::write(left.with_extension("partial"), "half a li").unwrap();
    sealed.database.run("alter table services_audit_logs drop constraint no").await;
    assert_eq!(sealed.archive().await.unwrap().len(), 1);
    assert!(sealed.verify_with(Some(&sealed.archives())).await.is_sound());
    assert!(!left.with_extension("partial").exists());
}

#[tokio::test]
async fn the_invariants_of_the_services_hold_without_what_was_archived() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.item("NAIL").await);
    app.stock(branch, item, 9).await;
    let order = app.submitted(branch, &[(item, 2)]).await;
    let mut sealed = Sealed::on(app.database, &services::AUDIT, services::ROLES);
    sealed.seal().await;
    sealed.add(1).await;
    sealed.seal().await;
    assert_eq!(sealed.archive().await.unwrap().len(), 1);
    assert_eq!(sealed.count("audit_logs").await, 2);
    sealed.database.assert_sound().await;
    let engine = services::engine::EngineConfig::default();
    let app = App::on(sealed.database, &services::http::HttpSettings::default(), &engine).await;
    app.admin().command(order, "fulfill").await.expect(200);
    app.admin().put(&format!("/v1/branches/{branch}"), json!({ "name": "Port" })).await.expect(200);
    app.stock(branch, item, 5).await;
    let newer = app.submitted(branch, &[(item, 1)]).await;
    app.database.assert_sound().await;
    let missing =
        format!("delete from services_audit_logs where entity_id = '{newer}' and action = 'order.submitted'");
    app.database.run(&format!("set session_replication_role = replica; {missing}")).await;
    let findings = services::verify::verify(&app.database.pool(services::ROLES)).await.unwrap();
    assert!(
        findings.iter().any(|finding| finding.is_broken()),
        "what is newer than the archive is still counted"
    );
}
