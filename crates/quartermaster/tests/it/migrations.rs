//! How the schema moves while programs work with it.

use std::path::Path;

use futures_util::SinkExt;
use platform::pg::{Migrations, Pending};
use refinery::{Migration, Runner};
use tokio_util::bytes::Bytes;

use crate::support::{App, TestDatabase};

/// The newest migrations that were made before there was a program in use: services, portal.
const BEFORE_USE: [i64; 2] = [18, 13];

#[tokio::test]
async fn a_migration_that_fits_no_transaction_runs_by_itself_once_and_in_order() {
    let database = TestDatabase::new().await;
    let of = |name: &str, sql: &str| Migration::unapplied(name, sql).unwrap();
    let next = [
        of("V1__new_column", "alter table services_items add column shelf text"),
        of(
            "V2__concurrently_shelves",
            "drop index concurrently if exists services_items_shelf_idx;\n\n\
             create index concurrently services_items_shelf_idx on services_items (shelf);\n",
        ),
        of("V3__comment", "comment on index services_items_shelf_idx is 'Where it lies.'"),
    ];
    let next = Migrations::new(services::ROLES, "services_next_history", Runner::new(&next));
    let config = database.config("quartermaster");
    assert_eq!(
        next.run(&config).await.unwrap(),
        ["V1__new_column", "V2__concurrently_shelves", "V3__comment"]
    );
    let comment: String =
        database.value("select obj_description('services_items_shelf_idx'::regclass)").await;
    assert_eq!(comment, "Where it lies.");
    assert_eq!(next.run(&config).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn nobody_waits_behind_a_migration_that_waits_for_a_table() {
    let database = TestDatabase::new().await;
    let next = Migration::unapplied("V1__shelf", "alter table services_stock add column shelf text").unwrap();
    let next = Migrations::new(services::ROLES, "services_next_history", Runner::new(&[next]));
    let lock = "lock table services_stock in row exclusive mode";
    let long = database.connect("quartermaster").await;
    long.batch_execute(&format!("begin; {lock}")).await.unwrap();
    let config = database.config("quartermaster");
    let migrating = tokio::spawn(async move { next.run(&config).await.unwrap() });
    database.until_waiting(1).await;
    // It comes behind the migration, and would wait for as long.
    let writer = database.connect("quartermaster").await;
    writer.batch_execute(&format!("set lock_timeout = '20s'; begin; {lock}; commit")).await.unwrap();
    assert!(!migrating.is_finished());
    long.batch_execute("commit").await.unwrap();
    assert_eq!(migrating.await.unwrap(), ["V1__shelf"]);
}

#[tokio::test]
async fn a_program_from_before_the_audit_was_the_outbox_may_still_write_its_events() {
    let app = App::start().await;
    app.branch("Harbour").await;
    let client = app.database.connect("qm_services_app").await;
    let columns = "(at, kind, branch_id, entity_type, entity_id, payload)";
    let insert = format!(
        "with entries as (
            insert into services_audit_logs (at, actor, action, entity_type, entity_id, details)
            values (now(), 'earlier', 'item.created', 'item', '7', '{{}}'))
         insert into services_outbox {columns} values (now(), 'item.created', null, 'item', '7', '{{}}')"
    );
    client.batch_execute(&insert).await.unwrap();
    let copy =
        client.copy_in::<_, Bytes>(&format!("copy services_outbox {columns} from stdin")).await.unwrap();
    let mut copy = std::pin::pin!(copy);
    copy.send(Bytes::from_static(b"2026-01-01\titem.created\t\\N\titem\t7\t{}\n")).await.unwrap();
    copy.as_mut().finish().await.unwrap();
    let kinds: Vec<String> =
        app.database.value("select array_agg(kind order by id) from services_outbox").await;
    assert_eq!(kinds, ["branch.created", "item.created"]);
}

/// What of a migration would have those wait who work with the tables that were there before it.
fn would_make_wait(migration: &Pending) -> Vec<String> {
    let lines = migration.sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let sql = lines.collect::<Vec<_>>().join(" ").to_lowercase();
    let new: Vec<&str> =
        sql.split("create table ").skip(1).filter_map(|rest| rest.split([' ', '(']).next()).collect();
    let of_new = |statement: &str, before: &str| {
        let table = statement.split(before).nth(1).and_then(|rest| rest.split([' ', '(']).next());
        table.is_some_and(|table| new.contains(&table))
    };
    let waits = |statement: &&str| {
        let index = statement.contains("create ") && statement.contains(" index ");
        let altered = statement.starts_with("alter table ");
        (index && !statement.contains(" concurrently ") && !of_new(statement, " on "))
            || (altered && statement.contains(" generated "))
            || (altered
                && statement.contains(" add constraint ")
                && !statement.contains(" not valid")
                && !statement.contains(" primary key using index ")
                && !of_new(statement, "alter table "))
            || (statement.contains(" concurrently ") && !migration.name.contains("__concurrently_"))
    };
    sql.split(';').map(str::trim).filter(waits).map(str::to_owned).collect()
}

#[tokio::test]
async fn no_migration_has_those_wait_who_work_with_the_tables_it_changes() {
    let empty = TestDatabase::empty().await;
    let config = empty.config("quartermaster");
    for (migrations, before) in [services::migrations(), portal::migrations()].into_iter().zip(BEFORE_USE) {
        for migration in migrations.pending(&config).await.unwrap() {
            let version: i64 = migration.name[1..].split("__").next().unwrap().parse().unwrap();
            let waits = would_make_wait(&migration);
            assert!(version <= before || waits.is_empty(), "{}: {waits:?}", migration.name);
            // It makes a generated column and an index for tables that were there.
            assert!(migration.name != "V17__stock_lookups" || waits.len() == 3, "{waits:?}");
        }
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/migrations");
    for file in std::fs::read_dir(examples).unwrap().flatten() {
        let name = file.path().file_stem().unwrap().to_str().unwrap().to_owned();
        let sql = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(would_make_wait(&Pending { name, sql }), [""; 0]);
    }
}
