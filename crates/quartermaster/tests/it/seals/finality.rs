//! What is sealed is final: whatever commits late is sealed later, once, and nothing is skipped.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::{Sealed, entry};

#[tokio::test]
async fn an_entry_that_commits_late_is_neither_skipped_nor_overtaken() {
    let mut sealed = Sealed::new().await;
    sealed.add(2).await;
    assert_eq!(sealed.seal().await.len(), 1);
    let late = sealed.database.connect("qm_services_app").await;
    late.batch_execute("begin").await.unwrap();
    late.batch_execute(&entry(sealed.log, "now()")).await.unwrap();
    sealed.add(3).await;
    for _ in 0..5 {
        assert!(sealed.seal().await.is_empty(), "what came after it waits for it");
    }
    assert_eq!(sealed.verify().await.unsealed.entries, 3);
    late.batch_execute("commit").await.unwrap();
    let seals = sealed.seal().await;
    let seal = &seals[0].statement;
    assert_eq!((seals.len(), seal.after, seal.through, seal.entries), (1, 2, 6, 4));
    assert!(sealed.verify().await.is_sound());
}

#[tokio::test]
async fn only_those_who_write_the_audit_are_waited_for() {
    let mut sealed = Sealed::new().await;
    let reader = sealed.database.connect("qm_services_app").await;
    reader
        .batch_execute("begin isolation level repeatable read; select from services_audit_logs")
        .await
        .unwrap();
    let other = sealed.database.connect("qm_services_app").await;
    other.batch_execute("begin; insert into services_branches (code, name) values ('A', 'A')").await.unwrap();
    sealed.add(3).await;
    assert_eq!(sealed.seal().await[0].statement.entries, 3);
}

#[tokio::test]
async fn ids_that_were_rolled_back_are_holes_that_nothing_can_fill() {
    let mut sealed = Sealed::new().await;
    sealed.add(1).await;
    let client = sealed.database.connect("qm_services_app").await;
    let rolled_back = format!("begin; {}; rollback", entry(sealed.log, "now()"));
    for _ in 0..3 {
        client.batch_execute(&rolled_back).await.unwrap();
    }
    sealed.add(1).await;
    client.batch_execute(&rolled_back).await.unwrap();
    let seal = sealed.seal().await.remove(0).statement;
    assert_eq!((seal.after, seal.through, seal.entries), (0, 6, 2));
    sealed.add(1).await;
    assert_eq!(sealed.seal().await[0].statement.entries, 1);
    for id in [3, 6] {
        let forged = entry(sealed.log, "now()")
            .replace("(at,", "(id, at,")
            .replace("values (", &format!("overriding system value values ({id}, "));
        sealed.database.run(&forged).await;
    }
    let found = serde_json::to_string(&sealed.verify().await.findings).unwrap();
    assert!(found.contains(r#"{"finding":"entry_inserted","id":3,"seal":1}"#), "{found}");
    assert!(found.contains(r#"{"finding":"entry_inserted","id":6,"seal":1}"#), "{found}");
}

#[tokio::test]
async fn an_import_that_holds_its_transaction_open_is_sealed_when_it_ends_and_others_go_on() {
    let mut sealed = Sealed::new().await;
    let import = sealed.database.connect("qm_services_app").await;
    import.batch_execute("begin").await.unwrap();
    sealed.add(1).await;
    let many = entry(sealed.log, "now()");
    for _ in 0..50 {
        import.batch_execute(&many).await.unwrap();
        sealed.add(1).await;
        sealed.seal().await;
    }
    assert!(sealed.count("audit_seals").await <= 1, "only what came before the import");
    import.batch_execute("commit").await.unwrap();
    sealed.seal().await;
    let report = sealed.verify().await;
    assert_eq!((report.entries, report.unsealed.entries), (101, 0));
    assert!(report.is_sound(), "{report:?}");
}

#[tokio::test]
async fn a_prepared_transaction_is_waited_for_too() {
    let mut sealed = Sealed::new().await;
    let client = sealed.database.connect("qm_services_app").await;
    client.batch_execute(&format!("begin; {}", entry(sealed.log, "now()"))).await.unwrap();
    sealed.add(1).await;
    assert!(sealed.seal().await.is_empty());
    client.batch_execute("prepare transaction 'late'").await.unwrap();
    for _ in 0..3 {
        assert!(sealed.seal().await.is_empty());
    }
    client.batch_execute("commit prepared 'late'").await.unwrap();
    assert_eq!(sealed.seal().await[0].statement.entries, 2);
}

/// Many writers that commit, roll back, dawdle and insert much at once, and two sealers that race each other.
#[tokio::test]
async fn among_any_writers_and_sealers_every_entry_is_sealed_exactly_once() {
    let mut sealed = Sealed::new().await;
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..6 {
        let client = sealed.database.connect("qm_services_app").await;
        let insert = entry(sealed.log, "now()");
        let mut random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(number));
        writers.spawn(async move {
            let mut committed: i64 = 0;
            for _ in 0..40 {
                let entries = random.random_range(1..6);
                client.batch_execute("begin").await.unwrap();
                for _ in 0..entries {
                    client.batch_execute(&insert).await.unwrap();
                    client
                        .batch_execute(&format!("select pg_sleep({})", random.random_range(0.0..0.003)))
                        .await
                        .unwrap();
                }
                if random.random_ratio(1, 4) {
                    client.batch_execute("rollback").await.unwrap();
                } else {
                    client.batch_execute("commit").await.unwrap();
                    committed += entries;
                }
            }
            committed
        });
    }
    let mut other = auditlog::Sealer::new(sealed.log, sealed.pool.clone());
    let mut committed = 0;
    while !writers.is_empty() {
        let (mine, others) = tokio::join!(sealed.sealer.seal(&sealed.key), other.seal(&sealed.key));
        mine.unwrap();
        others.unwrap();
        while let Some(done) = writers.try_join_next() {
            committed += done.unwrap();
        }
    }
    sealed.seal().await;
    let report = sealed.verify().await;
    assert!(report.is_sound(), "seed {seed}: {report:?}");
    let in_seals: i64 = sealed.database.value("select sum(entries)::bigint from services_audit_seals").await;
    assert_eq!(
        (in_seals, report.entries, report.unsealed.entries),
        (committed, committed as u64, 0),
        "seed {seed}"
    );
    assert!(report.seals > 3, "{report:?}");
}
