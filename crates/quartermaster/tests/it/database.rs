//! The database's own guards: who owns what, what never changes, and that every statement fits the schema.

use std::collections::BTreeSet;

use platform::pg::{Database, STATEMENTS, bootstrap_roles};
use tokio_postgres::binary_copy::BinaryCopyInWriter;

use crate::support::cluster::RUN_LOGIN;
use crate::support::{App, TestDatabase};

const ROLES: [&str; 4] = ["qm_services", "qm_services_app", "qm_portal", "qm_portal_app"];
/// "permission denied".
const REFUSED: &str = "42501";

async fn state_of(client: &tokio_postgres::Client, sql: &str) -> Option<String> {
    let error = client.batch_execute(sql).await.err()?;
    Some(error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned()))
}

async fn tables(database: &TestDatabase, prefix: &str) -> Vec<String> {
    let client = database.connect("quartermaster").await;
    let sql =
        "select tablename::text from pg_tables where schemaname = 'public' and starts_with(tablename, $1)";
    client.query(sql, &[&prefix]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn each_half_is_refused_at_the_others_tables() {
    let database = TestDatabase::new().await;
    for (prefix, others) in
        [("services_", ["qm_portal", "qm_portal_app"]), ("portal_", ["qm_services", "qm_services_app"])]
    {
        let tables = tables(&database, prefix).await;
        assert!(tables.len() >= 6, "{tables:?}");
        for role in others {
            let client = database.connect(role).await;
            for table in &tables {
                for sql in [
                    format!("select from {table}"),
                    format!("insert into {table} default values"),
                    format!("delete from {table}"),
                    format!("truncate {table}"),
                ] {
                    assert_eq!(state_of(&client, &sql).await.as_deref(), Some(REFUSED), "{role}: {sql}");
                }
            }
        }
    }
}

#[tokio::test]
async fn each_table_belongs_to_its_halfs_owner() {
    let database = TestDatabase::new().await;
    let strays: i64 = database
        .value(
            "select count(*) from pg_tables where schemaname = 'public' and tableowner <>
             case when starts_with(tablename, 'services_') then 'qm_services'
                  when starts_with(tablename, 'portal_') then 'qm_portal' end",
        )
        .await;
    assert_eq!(strays, 0);
}

#[tokio::test]
async fn the_running_roles_own_nothing_and_may_create_nothing() {
    let database = TestDatabase::new().await;
    for role in ["qm_services_app", "qm_portal_app"] {
        let client = database.connect(role).await;
        assert_eq!(state_of(&client, "create table mine (n int)").await.as_deref(), Some(REFUSED));
        let sql = format!("select count(*) from pg_class where relowner = '{role}'::regrole");
        assert_eq!(database.value::<i64>(&sql).await, 0);
    }
    let strong: i64 = database
        .value("select count(*) from pg_roles where starts_with(rolname, 'qm_') and (rolsuper or rolcreaterole or rolbypassrls)")
        .await;
    assert_eq!(strong, 0);
}

#[tokio::test]
async fn the_login_that_serves_owns_nothing_and_can_become_no_owner() {
    let app = App::start().await;
    app.branch("Harbour").await;
    let client = app.database.connect(RUN_LOGIN).await;
    for sql in [
        "set role qm_services",
        "set role qm_portal",
        "set role quartermaster",
        "create table mine (n int)",
        "create role other",
        // It inherits nothing: not even what its roles may do.
        "select from services_branches",
        "select from portal_users",
        "delete from services_audit_logs",
        "alter table services_audit_logs disable trigger user",
        "set session_replication_role = replica",
    ] {
        assert_eq!(state_of(&client, sql).await.as_deref(), Some(REFUSED), "{sql}");
    }
    for (role, own, others, log) in [
        ("qm_services_app", "services_branches", "portal_users", "services_audit_logs"),
        ("qm_portal_app", "portal_users", "services_branches", "portal_audit_logs"),
    ] {
        // As the program does for each connection.
        client.batch_execute(&format!("set role {role}; select from {own}")).await.unwrap();
        for sql in [
            format!("select from {others}"),
            format!("delete from {log}"),
            format!("update {log} set actor = 'nobody'"),
            format!("truncate {log} cascade"),
            format!("alter table {log} disable trigger user"),
            format!("drop table {own}"),
            "set role qm_services".to_owned(),
            "create function mine() returns int language sql as 'select 1'".to_owned(),
        ] {
            assert_eq!(state_of(&client, &sql).await.as_deref(), Some(REFUSED), "{role}: {sql}");
        }
    }
    let login = app.database.pool_of(RUN_LOGIN, services::ROLES).login().await.unwrap();
    assert_eq!((login.name.as_str(), login.excess), (RUN_LOGIN, vec![]));
}

#[tokio::test]
async fn a_login_that_may_do_more_than_serving_needs_is_told_what() {
    let database = TestDatabase::new().await;
    // Roles are the whole server's.
    database
        .run(
            "create role test_migrator login createrole in role qm_services;
             create role test_reader login in role pg_read_all_data, qm_services_app",
        )
        .await;
    let excess =
        async |login: &str| database.pool_of(login, services::ROLES).login().await.unwrap().excess.join(", ");
    assert_eq!(excess("quartermaster").await, "it is a superuser");
    assert_eq!(excess("qm_services_app").await, "");
    assert_eq!(excess("test_reader").await, "it is a member of pg_read_all_data");
    let login = Database::open(database.config("test_migrator")).unwrap().login().await.unwrap();
    assert_eq!(login.excess, ["it may create roles", "it may become qm_services, which owns tables"]);
    let login = Database::open(database.config("qm_portal")).unwrap().login().await.unwrap();
    assert_eq!(login.excess, ["it owns tables"]);
}

#[tokio::test]
async fn audit_entries_and_movements_are_never_changed_by_anybody() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 5).await;
    for role in ["qm_services_app", "qm_services", "quartermaster"] {
        let client = app.database.connect(role).await;
        for (table, column) in [("services_audit_logs", "actor"), ("services_stock_movements", "actor")] {
            for sql in [
                format!("update {table} set {column} = 'nobody'"),
                format!("delete from {table}"),
                format!("truncate {table} cascade"),
            ] {
                assert_eq!(state_of(&client, &sql).await.as_deref(), Some(REFUSED), "{role}: {sql}");
            }
        }
    }
    app.database.assert_sound().await;
}

#[tokio::test]
async fn every_statement_of_the_program_fits_the_schema_and_its_role() {
    let database = TestDatabase::new().await;
    let mut names = BTreeSet::new();
    let of_running = [("services", services::ROLES.running), ("portal", portal::ROLES.running)];
    let of_owners = [("services_owner", services::ROLES.owner), ("portal_owner", portal::ROLES.owner)];
    for (owner, role) in [of_running, of_owners].concat() {
        let client = database.connect(role).await;
        for statement in STATEMENTS.iter().filter(|statement| statement.owner == owner) {
            if let Err(error) = client.prepare(statement.sql).await {
                panic!("{} of {owner}: {error:?}\n{}", statement.name, statement.sql);
            }
            names.insert((owner, statement.sql));
            // Preparing asks for no permission; planning does, and a COPY of no rows.
            if statement.sql.trim_start().starts_with("copy ") {
                let sink = client.copy_in(statement.sql).await.unwrap();
                std::pin::pin!(BinaryCopyInWriter::new(sink, &[])).finish().await.unwrap();
                continue;
            }
            let parameters = client.prepare(statement.sql).await.unwrap().params().len();
            let nulls = vec!["null"; parameters].join(", ");
            let explain = if parameters == 0 {
                format!("explain {}", statement.sql)
            } else {
                format!("prepare p as {}; explain execute p({nulls}); deallocate p", statement.sql)
            };
            if let Err(error) = client.batch_execute(&explain).await {
                panic!("{} of {owner}: {error:?}", statement.name);
            }
        }
    }
    assert_eq!(names.len(), STATEMENTS.len(), "a statement belongs to no half, or stands twice");
    assert!(names.len() > 50);
}

#[tokio::test]
async fn every_table_and_every_key_of_another_table_is_documented_and_indexed() {
    let database = TestDatabase::new().await;
    let silent: Vec<String> = database
        .value(
            "select coalesce(array_agg(relname::text), '{}') from pg_class
             where relkind = 'r' and relnamespace = 'public'::regnamespace
               and relname not like '%_schema_history' and obj_description(oid) is null",
        )
        .await;
    assert_eq!(silent, Vec::<String>::new());
    // A foreign key whose columns begin no index makes each deletion of what it refers to read the whole table.
    let slow: Vec<String> = database
        .value(
            "select coalesce(array_agg(c.conname::text), '{}') from pg_constraint c
             where c.contype = 'f' and not exists (
                select from pg_index i
                where i.indrelid = c.conrelid and i.indpred is null
                  and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)",
        )
        .await;
    assert_eq!(slow, Vec::<String>::new());
}

#[tokio::test]
async fn constraints_hold_even_against_the_running_role() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 5).await;
    let order = app.submitted(branch, &[(item, 1)]).await;
    let client = app.database.connect("qm_services_app").await;
    const CHECK: &str = "23514";
    for (sql, state) in [
        ("update services_stock set quantity = -1".to_owned(), CHECK),
        ("update services_stock set reserved = -1".to_owned(), CHECK),
        (format!("update services_orders set status = 'fulfilled' where id = {order}"), CHECK),
        (format!("update services_orders set status = 'lost' where id = {order}"), CHECK),
        (format!("update services_order_lines set requested_qty = 0 where order_id = {order}"), CHECK),
        (format!("update services_order_lines set branch_id = 99 where order_id = {order}"), "23503"),
        ("delete from services_items".to_owned(), "23503"),
        ("update services_items set decimal_places = 4".to_owned(), CHECK),
    ] {
        assert_eq!(state_of(&client, &sql).await.as_deref(), Some(state), "{sql}");
    }
}

#[tokio::test]
async fn migrating_is_done_once_however_often_and_by_however_many_it_is_asked_for() {
    let database = TestDatabase::empty().await;
    let config = database.config("quartermaster");
    let migrate = async || {
        bootstrap_roles(&config, &[services::ROLES, portal::ROLES]).await.unwrap();
        let applied = services::migrations().run(&config).await.unwrap();
        applied.len() + portal::migrations().run(&config).await.unwrap().len()
    };
    let (one, other) = tokio::join!(migrate(), migrate());
    let tables: i64 = database.value("select count(*) from pg_tables where schemaname = 'public'").await;
    assert!(tables > 12, "{tables}");
    assert!(one + other > 10, "{one} {other}");
    assert_eq!(migrate().await, 0);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let database = TestDatabase::new().await;
    database.run("insert into services_schema_history (version, name) values (999, 'future')").await;
    let error = services::migrations().run(&database.config("quartermaster")).await.unwrap_err();
    assert!(error.to_string().contains("use the newer program"), "{error}");
}

#[tokio::test]
async fn verify_finds_what_does_not_hold() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 5).await;
    let order = app.submitted(branch, &[(item, 2)]).await;
    app.admin().command(order, "fulfill").await.expect(200);
    let other = app.submitted(branch, &[(item, 1)]).await;
    app.database.assert_sound().await;
    let spoil = |sql: String| {
        let app = &app;
        async move {
            // Only who switches the triggers off can spoil the ledger at all.
            app.database.run(&format!("set session_replication_role = replica; {sql}")).await;
            let findings = services::verify::verify(app.surface.services.database()).await.unwrap();
            findings
                .into_iter()
                .filter(|finding| finding.is_broken())
                .map(|finding| finding.invariant)
                .collect::<Vec<_>>()
        }
    };
    for (sql, undo, broken) in [
        (
            "update services_stock set quantity = 4",
            "update services_stock set quantity = 3",
            "quantity is the sum of its movements",
        ),
        (
            "update services_stock set reserved = 0",
            "update services_stock set reserved = 1",
            "reserved is the sum over submitted orders",
        ),
        (
            "update services_stock_movements set balance = 9 where kind = 'fulfilment'",
            "update services_stock_movements set balance = 3 where kind = 'fulfilment'",
            "every balance follows from the one before",
        ),
        (
            "update services_stock_movements set document_id = 77 where kind = 'fulfilment'",
            &format!("update services_stock_movements set document_id = {order} where kind = 'fulfilment'"),
            "every fulfilled order moved each of its lines exactly once",
        ),
        (
            &format!(
                "delete from services_audit_logs where entity_id = '{other}' and action = 'order.submitted'"
            ),
            "select 1",
            "every change of an order has one audit entry",
        ),
        (
            "update services_items set version = 2",
            "update services_items set version = 1",
            "every change of an item has one audit entry",
        ),
        (
            "update services_branches set version = 2",
            "update services_branches set version = 1",
            "every change of a branch has one audit entry",
        ),
        (
            // Not an adjustment, and not by as much.
            "update services_stock_movements set reverses_id = (
                 select id from services_stock_movements where kind = 'fulfilment') where kind = 'adjustment'",
            "update services_stock_movements set reverses_id = null",
            "every undo takes back one adjustment of its level, as much of it",
        ),
        (
            "update services_branches set timezone = 'Etc/Unknown'",
            "update services_branches set timezone = 'UTC'",
            "every branch's time zone is known to the program and to the database; others count as UTC",
        ),
    ] {
        let found = spoil(sql.to_owned()).await;
        assert!(found.contains(&broken), "{sql}: {found:?}");
        spoil(undo.to_owned()).await;
    }
}

#[tokio::test]
async fn roles_may_log_in_and_nothing_more() {
    let database = TestDatabase::new().await;
    for role in ROLES {
        let client = database.connect(role).await;
        let current: String = client.query_one("select current_user::text", &[]).await.unwrap().get(0);
        assert_eq!(current, role);
    }
}
