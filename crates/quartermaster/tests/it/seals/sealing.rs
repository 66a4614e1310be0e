//! Seals: who makes them, what they cover, who may touch them.

use auditlog::{AuditError, state};
use serde_json::json;

use super::{Sealed, entry};
use crate::support::{App, TestDatabase};

#[tokio::test]
async fn what_the_services_do_is_sealed_a_moment_later() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 5).await;
    let order = app.submitted(branch, &[(item, 2)]).await;
    app.admin().command(order, "fulfill").await.expect(200);
    app.admin()
        .put(&format!("/v1/branches/{branch}"), json!({ "name": "Hafen \"Süd\"\n" }))
        .await
        .expect(200);
    let mut sealed = Sealed::on(app.database, &services::AUDIT, services::ROLES);
    let seals = sealed.seal().await;
    assert_eq!((seals.len(), seals[0].statement.entries, seals[0].statement.number), (1, 7, 1));
    let report = sealed.verify().await;
    assert!(report.is_sound() && report.unsealed.entries == 0, "{report:?}");
    assert_eq!(report.head.unwrap().number, 1);
}

#[tokio::test]
async fn the_portals_audit_is_sealed_the_same_way() {
    let mut sealed = Sealed::on(TestDatabase::new().await, &portal::AUDIT, portal::ROLES);
    sealed.add(3).await;
    assert_eq!(sealed.seal().await[0].statement.log, "portal");
    assert!(sealed.verify().await.is_sound());
    sealed
        .database
        .run(
            "set session_replication_role = replica; update portal_audit_logs set actor = 'Max' where id = 2",
        )
        .await;
    let found = sealed.verify().await.findings;
    assert_eq!(found, [auditlog::Finding::EntryAltered { id: 2, seal: 1 }]);
}

#[tokio::test]
async fn nothing_new_makes_no_seal() {
    let mut sealed = Sealed::new().await;
    assert!(sealed.seal().await.is_empty());
    sealed.add(1).await;
    assert_eq!(sealed.seal().await.len(), 1);
    assert!(sealed.seal().await.is_empty());
    assert_eq!(sealed.count("audit_seals").await, 1);
}

#[tokio::test]
async fn many_entries_make_many_seals_and_a_jump_of_ids_makes_none() {
    let mut sealed = Sealed::new().await;
    let many = "insert into services_audit_logs (at, actor, action, entity_type, entity_id, details)
                select now(), 'a', 'a.b', 'a', n::text, '{}' from generate_series(1, 40000) n";
    sealed.database.run(many).await;
    sealed.database.run("select setval('services_audit_logs_id_seq', 1000000000)").await;
    sealed.add(2).await;
    let entries: Vec<i64> = sealed.seal().await.iter().map(|seal| seal.statement.entries).collect();
    assert_eq!(entries, [16_384, 16_384, 7_232, 2]);
    let report = sealed.verify().await;
    assert!(report.is_sound() && report.entries == 40_002, "{report:?}");
}

#[tokio::test]
async fn seals_are_never_changed_by_anybody() {
    let mut sealed = Sealed::new().await;
    sealed.add(1).await;
    sealed.seal().await;
    for role in ["qm_services_app", "qm_services", "quartermaster"] {
        let client = sealed.database.connect(role).await;
        for sql in [
            "update services_audit_seals set at = now()",
            "delete from services_audit_seals",
            "truncate services_audit_seals cascade",
            "delete from services_audit_logs",
        ] {
            let error = client.batch_execute(sql).await.unwrap_err();
            assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{role}: {sql}");
        }
    }
    let app = sealed.database.connect("qm_services_app").await;
    let note = "insert into services_audit_archives select 1, 1, 1, 1, '', '', '', now(), '', ''";
    assert!(app.batch_execute(note).await.is_err(), "only the owner archives");
}

#[tokio::test]
async fn ids_that_sessions_keep_in_stock_are_refused() {
    let sealed = Sealed::new().await;
    sealed.database.run("alter table services_audit_logs alter column id set cache 20").await;
    let mut sealer = auditlog::Sealer::new(sealed.log, sealed.pool.clone());
    let error = sealer.seal(&sealed.key).await.unwrap_err();
    assert!(matches!(error, AuditError::CachedIds("services")), "{error}");
}

#[tokio::test]
async fn a_health_page_can_see_how_far_it_is() {
    let mut sealed = Sealed::new().await;
    let conn = sealed.pool.get().await.unwrap();
    let before = state(&conn, sealed.log).await.unwrap();
    assert_eq!((before.last, before.lag), (None, 0));
    sealed.add(3).await;
    assert_eq!(state(&conn, sealed.log).await.unwrap().lag, 3);
    sealed.seal().await;
    let after = state(&conn, sealed.log).await.unwrap();
    assert_eq!((after.last.map(|(number, _)| number), after.lag), (Some(1), 0));
}

#[tokio::test]
async fn entries_that_wait_too_long_are_reported() {
    let mut sealed = Sealed::new().await;
    sealed.add(1).await;
    assert!(!sealed.verify().await.unsealed.overdue, "they have only just been written");
    sealed.database.run(&entry(sealed.log, "now() - interval '1 hour'")).await;
    let unsealed = sealed.verify().await.unsealed;
    assert_eq!((unsealed.entries, unsealed.overdue), (2, true));
    sealed.seal().await;
    sealed.database.run(&entry(sealed.log, "now() - interval '1 hour'")).await;
    let report = sealed.verify().await;
    assert!(report.unsealed.overdue, "each entry has a patience of its own, whatever was sealed just now");
}
