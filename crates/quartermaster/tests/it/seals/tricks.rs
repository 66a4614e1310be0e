//! What a superuser of the database does beside the seals, and what `verify` and `audit verify` say of it.

use auditlog::{HeadsAsOf, Trust};
use identity::{BranchScope, Role};
use platform::pg::RolePair;
use portal::accounts::users::{self, NewUser, PasswordIs};
use portal::accounts::{access, groups};
use portal::clients::{self, NewClient};
use portal::{By, KeyEncryptionKey};
use serde_json::json;

use super::Sealed;
use crate::support::{App, TestDatabase};

const PASSWORD: &str = "a wheel of old cheese";
const AUDITS: [(&auditlog::Log, RolePair); 2] =
    [(&services::AUDIT, services::ROLES), (&portal::AUDIT, portal::ROLES)];

/// A company with some trade, some users and both audits sealed.
struct Company(Sealed);

impl Company {
    async fn new() -> Company {
        let app = App::start().await;
        let (harbour, nail) = (app.branch("Harbour").await, app.item("NAIL").await);
        app.branch("Station").await;
        let admin = app.admin();
        let counted = json!({ "branch_id": harbour, "item_id": nail, "quantity": 48, "reason": "a count" });
        admin.put("/v1/stock", counted).await.expect(200);
        for step in 1..=3 {
            let lines = json!([{ "item_id": nail, "requested_qty": step }]);
            let body = json!({ "branch_id": harbour, "lines": lines, "reference": "R-1", "note": "soon" });
            let order = admin.post("/v1/orders", body).await.expect(201).id();
            // The first stays a draft that was changed, the second is submitted, the third leaves.
            if step == 1 {
                let lines = json!([{ "item_id": nail, "requested_qty": 9 }]);
                let body = json!({ "branch_id": harbour, "lines": lines, "reference": "R-2" });
                admin.put(&format!("/v1/orders/{order}"), body).await.expect(200);
                continue;
            }
            admin.command(order, "submit").await.expect(200);
            if step == 3 {
                admin.command(order, "fulfill").await.expect(200);
            }
        }
        let database = app.database;
        people(&database).await;
        let mut sealed = Sealed::on(database, &services::AUDIT, services::ROLES);
        sealed.seal().await;
        let pool = sealed.database.pool(portal::ROLES);
        auditlog::Sealer::new(&portal::AUDIT, pool.clone()).seal(&sealed.key).await.unwrap();
        let conn = pool.get().await.unwrap();
        sealed.heads.catch_up(&conn, &portal::AUDIT, &sealed.keys).await.unwrap();
        Company(sealed)
    }

    /// Everything that is found in a database, by both commands.
    async fn found(&self, database: &TestDatabase) -> String {
        let mut found = Vec::new();
        let mut all = services::verify::verify(&database.pool(services::ROLES)).await.unwrap_or_default();
        all.extend(portal::verify::verify(&database.pool(portal::ROLES)).await.unwrap_or_default());
        for finding in all.iter().filter(|finding| finding.is_broken()) {
            found.push(finding.invariant.to_owned());
            found.extend(finding.examples.clone());
        }
        let heads = HeadsAsOf::now(self.0.heads_file()).unwrap();
        let trust = Trust { keys: &self.0.keys, heads: Some(&heads), archives: None };
        for (log, roles) in AUDITS {
            let pool = database.pool(roles);
            let conn = pool.dedicated(log.name, auditlog::READING).await.unwrap();
            conn.begin().await.unwrap();
            match auditlog::verify(&conn, log, &trust).await {
                Ok(mut report) => {
                    auditlog::read_as_the_program(&conn, &pool, log, &mut report).await.unwrap();
                    found.extend(report.findings.iter().map(ToString::to_string));
                }
                Err(error) => found.push(error.to_string()),
            }
        }
        found.join("\n")
    }

    /// Does each trick to a copy of the company, as a superuser whose triggers do not fire, and looks for what is said.
    async fn all_are_found(&self, tricks: &[(&str, &str)]) {
        let sound = self.0.database.copy().await;
        assert_eq!(self.found(&sound).await, "", "before anything was done");
        let mut missed = Vec::new();
        for (sql, said) in tricks {
            let database = self.0.database.copy().await;
            let sql = sql.replace("{database}", &database.name);
            database.run(&format!("set session_replication_role = replica; {sql}")).await;
            let found = self.found(&database).await;
            if !found.contains(said) {
                missed.push(format!("{sql}\n  should say: {said}\n  said: {found}"));
            }
        }
        assert!(missed.is_empty(), "{}", missed.join("\n\n"));
    }
}

/// Some users, a client and a key.
async fn people(database: &TestDatabase) {
    let (pool, by) = (database.pool(portal::ROLES), By::operator("test"));
    let here = BranchScope::only([domain::BranchId(1)]);
    for (username, roles, scope) in [
        ("ada", [Role::Admin].as_slice(), &BranchScope::All),
        ("mia", &[Role::Worker, Role::Auditor], &here),
        ("max", &[Role::Worker], &here),
    ] {
        let new = NewUser { username, password: PASSWORD, roles, scope, password_is: PasswordIs::Own };
        users::add(&pool, &by, &new).await.unwrap();
    }
    access::disable(&pool, &by, "max").await.unwrap();
    access::set_access(&pool, &by, "mia", &[Role::Worker], &here).await.unwrap();
    groups::require_second_factor(&pool, &by, Role::Auditor, true).await.unwrap();
    let new =
        NewClient { name: "till", roles: &[Role::Worker], scope: &here, expires_at: None, owner: Some(1) };
    clients::add(&pool, &by, &new).await.unwrap();
    clients::rotate(&pool, &by, "till", std::time::Duration::from_secs(600)).await.unwrap();
    portal::keys::rotate(&pool, &by, &KeyEncryptionKey::new([7; 32]), std::time::Duration::ZERO)
        .await
        .unwrap();
    // A user with a second factor and one recovery code, as enrolling leaves them.
    let factor = "
        insert into portal_second_factors (user_id, secret, last_step) values (1, 'sealed', 1);
        insert into portal_recovery_codes (user_id, code_hash) values (1, sha256('a code'));
        insert into portal_audit_logs (actor, action, entity_type, entity_id, details)
        values ('ada', 'user.second_factor_added', 'user', '1', jsonb_build_object('recovery_code_fingerprints',
            jsonb_build_array(left(encode(sha256(sha256('a code')), 'hex'), 16))));
        insert into portal_revocations (subject, revoked_at) values ('1', date_trunc('second', now()))";
    database.run(factor).await;
}

/// What is done to the catalogue, and what is said of it.
const CATALOGUE: &[(&str, &str)] = &[
    (
        "create policy quiet on services_audit_logs to qm_services_app
                 using (id <> 3 or current_setting('transaction_isolation') <> 'read committed');
             alter table services_audit_logs enable row level security",
        "policy public.services_audit_logs.quiet was added",
    ),
    (
        "create policy quiet on services_audit_logs to qm_services_app
                 using (id <> 3 or current_setting('transaction_isolation') <> 'read committed');
             alter table services_audit_logs enable row level security",
        "entry 3 is in the table, but hidden from the running program",
    ),
    (
        "alter table services_audit_logs disable trigger services_audit_logs_append_only",
        "trigger public.services_audit_logs.services_audit_logs_append_only was changed",
    ),
    (
        "drop trigger portal_audit_seals_append_only on portal_audit_seals",
        "trigger public.portal_audit_seals.portal_audit_seals_append_only is missing",
    ),
    (
        "grant update, delete on services_audit_logs to qm_services_app",
        "grant public.services_audit_logs to qm_services_app was changed",
    ),
    ("grant insert on portal_users to public", "grant public.portal_users to public was added"),
    (
        "grant update (actor) on services_stock_movements to qm_services_app",
        "grant public.services_stock_movements.actor to qm_services_app was added",
    ),
    (
        "grant select on portal_users to qm_services_app",
        "grant public.portal_users to qm_services_app was added",
    ),
    (
        "alter table services_audit_logs owner to qm_services_app",
        "relation public.services_audit_logs was changed",
    ),
    (
        "alter table services_audit_logs rename to services_entries;
             create view services_audit_logs as select * from services_entries where id <> 3;
             grant select, insert on services_audit_logs to qm_services_app",
        "relation public.services_audit_logs was changed",
    ),
    (
        "create table other_entries () inherits (services_audit_logs)",
        "inheritance public.other_entries was added: of public.services_audit_logs",
    ),
    (
        "alter table services_stock drop constraint services_stock_quantity_check",
        "constraint public.services_stock.services_stock_quantity_check is missing",
    ),
    (
        "alter table services_order_lines drop constraint services_order_lines_item_id_fkey,
                 add constraint services_order_lines_item_id_fkey foreign key (item_id)
                 references services_items (id) not valid",
        "constraint public.services_order_lines.services_order_lines_item_id_fkey was changed",
    ),
    (
        "drop index portal_users_username_key",
        "unique index public.portal_users: portal_users_username_key is missing",
    ),
    (
        "create or replace function services_refuse_audit_change() returns trigger language plpgsql as
                 'begin return coalesce(new, old); end'",
        "function public.services_refuse_audit_change() was changed",
    ),
    (
        "create function quiet() returns trigger language plpgsql as 'begin return null; end';
             create trigger quiet before insert on services_audit_logs for each row execute function quiet()",
        "trigger public.services_audit_logs.quiet was added",
    ),
    (
        "alter role qm_services_app in database {database} set search_path = elsewhere, public",
        "search_path was added",
    ),
    (
        "alter database {database} set session_replication_role = replica",
        "session_replication_role was added",
    ),
    ("alter table portal_sessions set unlogged", "relation public.portal_sessions was changed"),
    (
        "create function services_open(text) returns void language sql security definer as 'select'",
        "function public.services_open(text) was added",
    ),
    (
        "create function quiet() returns event_trigger language plpgsql as 'begin end';
             create event trigger quiet on ddl_command_end execute function quiet()",
        "event trigger quiet was added",
    ),
    (
        "alter table portal_users alter all_branches set default true",
        "column public.portal_users.all_branches was changed",
    ),
    ("alter table services_orders add column paid boolean", "column public.services_orders.paid was added"),
    (
        "alter table services_order_lines disable trigger all",
        "foreign keys public.services_order_lines was added",
    ),
    (
        "create rule quiet as on insert to services_audit_logs where new.action = 'stock.adjusted' do instead nothing",
        "rule public.services_audit_logs.quiet was added",
    ),
    (
        "create schema qm_services_app; create table qm_services_app.services_audit_logs (like services_audit_logs)",
        "relation qm_services_app.services_audit_logs was added",
    ),
    (
        "create function public.lower(varchar) returns text language sql immutable as 'select ''''::text'",
        "function public.lower(character varying) was added",
    ),
    (
        "create function loud(text) returns text language sql immutable as 'select $1';
             create index services_orders_loud_idx on services_orders (loud(note))",
        "index that calls functions public.services_orders: services_orders_loud_idx was added",
    ),
    (
        "alter default privileges for role qm_services grant all on tables to public",
        "default grant qm_services",
    ),
    (
        "create or replace view services_outbox as
             select id, at, action as kind, branch_id, entity_type, entity_id, '{}'::jsonb as payload
             from services_audit_logs where id <> 3",
        "view public.services_outbox was changed",
    ),
];

#[tokio::test]
async fn whoever_changes_the_catalogue_is_found() {
    Company::new().await.all_are_found(CATALOGUE).await;
}

#[tokio::test]
async fn an_index_for_speed_and_a_role_that_reads_are_no_findings() {
    let company = Company::new().await;
    let database = company.0.database.copy().await;
    let reporter = format!("reporter_{}", database.name);
    let sql = format!(
        "create index on services_orders (note); create role {reporter}; grant select on services_orders to {reporter};
         alter role qm_services_app in database {} set work_mem = '8MB'",
        database.name
    );
    database.run(&sql).await;
    assert_eq!(company.found(&database).await, "");
    let differences = services::SCHEMA.differences(&database.pool(services::ROLES)).await.unwrap();
    assert!(differences.len() == 1 && differences[0].is_note(), "{differences:?}");
    database.run(&format!("revoke all on services_orders from {reporter}; drop role {reporter}")).await;
}

/// An entry by SQL.
macro_rules! entry {
    ($id:literal, $at:literal) => {
        concat!(
            "insert into services_audit_logs (",
            $id,
            "at, actor, action, entity_type, entity_id, details)
             overriding system value select ",
            $at,
            ", 'Mia', 'stock.approved', 'stock', '1:1', '{}'"
        )
    };
}

#[tokio::test]
async fn entries_of_impossible_ids_or_times_are_found() {
    let tricks = [
        (entry!("id, ", "9000000000000000000, now()"), "entry 9000000000000000000 was inserted"),
        (
            entry!("id, ", "max(id) + 5, now()"),
            "was inserted: the sequence of the table has not given out its id",
        ),
        (
            entry!("", "now() - interval '61 days 1 hour'"),
            "was backdated: its time is 61 days before that of earlier entries",
        ),
        (entry!("", "now() + interval '3 hours 1 minute'"), "is dated 3 hours into the future"),
        ("select setval('services_audit_logs_id_seq', 1)", "the sequence of the table was set back to 1"),
        (
            "update services_audit_logs a set details = b.details from services_audit_logs b
             where (a.id, b.id) in ((1, 2), (2, 1))",
            "entry 2 was altered",
        ),
        ("update services_audit_seals set at = at - interval '1 hour'", "seal 1 was altered"),
    ];
    let tricks = tricks.map(|(sql, said)| {
        let from = if sql.contains("max(id)") { " from services_audit_logs" } else { "" };
        (format!("{sql}{from}"), said)
    });
    let tricks: Vec<(&str, &str)> = tricks.iter().map(|(sql, said)| (sql.as_str(), *said)).collect();
    Company::new().await.all_are_found(&tricks).await;
}

#[tokio::test]
async fn a_backdated_entry_is_found_after_it_was_sealed_too() {
    let mut sealed = Sealed::new().await;
    sealed.add(2).await;
    sealed.database.run(&super::entry(sealed.log, "now() - interval '61 days 1 hour'")).await;
    sealed.seal().await;
    let found = sealed.verify().await.findings;
    assert!(matches!(found.as_slice(), [auditlog::Finding::EntryBackdated { id: 3, .. }]), "{found:?}");
}

#[tokio::test]
async fn a_seal_that_came_late_is_told_and_so_is_an_entry_that_waits() {
    let mut sealed = Sealed::new().await;
    let late = super::entry(sealed.log, "now() - interval '5 minutes'");
    sealed.database.run(&late).await;
    sealed.seal().await;
    let report = sealed.verify().await;
    assert!(report.is_sound() && report.late.seals == 1 && report.late.seconds >= 299, "{report:?}");
    let connection = sealed.pool.get().await.unwrap();
    assert_eq!(auditlog::warning(&connection, sealed.log).await.unwrap(), None);
    sealed.database.run(&late).await;
    assert!(sealed.verify().await.unsealed.overdue);
    let warning = auditlog::warning(&connection, sealed.log).await.unwrap().unwrap();
    assert!(warning.contains("have been waiting for 3"), "{warning}");
    let app = App::on(
        sealed.database,
        &services::http::HttpSettings::default(),
        &services::engine::EngineConfig::default(),
    )
    .await;
    let ready = app.nobody().get("/ready").await.expect(200).json();
    assert!(ready["warnings"][0].as_str().unwrap().starts_with("seals: "), "{ready}");
}

/// What is done to stock and documents.
const DOCUMENTS: &[(&str, &str)] = &[
        (
            "update services_stock_movements set quantity = quantity - 10, balance = balance - 10 where kind = 'adjustment';
             update services_stock_movements set balance = balance - 10 where kind <> 'adjustment';
             update services_stock set quantity = quantity - 10",
            "of adjustment 1: from 0.000 to 38.000 by admin (a count), entry",
        ),
        ("update services_stock_movements set actor = 'Max' where kind = 'adjustment'", "tells from 0 to 48 by admin"),
        ("update services_stock_movements set reason = 'theft' where kind = 'adjustment'", "(theft), entry"),
        ("update services_stock_movements set actor = 'Max' where kind = 'fulfilment'", "of order 3: Max at"),
        ("update services_stock_movements set request_id = 'x' where kind = 'fulfilment'", "of order 3: admin at"),
        (
            "update services_stock_movements set at = at + interval '2 hours' where kind = 'fulfilment';
             update services_stock set updated_at = updated_at + interval '2 hours'",
            "of order 3: admin at",
        ),
        ("update services_orders set reference = 'R-9' where id = 2", "tells another reference"),
        ("update services_orders set reference = 'R-1' where id = 1", "order 1: entry"),
        ("update services_orders set note = 'never' where id = 3", "tells another note"),
        ("update services_orders set created_by = 'Max' where id = 2", "tells another maker"),
        ("update services_orders set created_by_user_id = 'id-max' where id = 2", "tells another maker"),
        ("update services_orders set submitted_by_user_id = 'id-max' where id = 2", "tells another submitter"),
        ("update services_orders set submitted_at = submitted_at - interval '1 day' where id = 2", "tells another time of submission"),
        ("update services_orders set fulfilled_at = fulfilled_at - interval '1 day' where id = 3", "tells another time of fulfilment"),
        ("update services_orders set created_at = created_at - interval '1 day'", "tells another time"),
        (
            "update services_order_lines set requested_qty = 5 where order_id = 2;
             update services_stock set reserved = 5",
            "order 2: 5.000 of item 1",
        ),
        ("update services_order_lines set requested_qty = 5 where order_id = 1", "order 1: 5.000 of item 1"),
        (
            "delete from services_order_lines where order_id = 1; delete from services_orders where id = 1",
            "order 1 was removed without an entry",
        ),
        ("update services_branches set timezone = 'Asia/Tokyo' where id = 1", "branch 1: entry"),
        ("delete from services_branches where id = 2", "branch 2 was removed without an entry"),
        ("update services_items set min_stock_level = 7", "item 1: entry"),
        ("update services_items set sku = 'SCREW'", "tells another sku"),
        ("update services_policy_sets set files = '[{\"name\": \"x\"}]'", "the policies last seen"),
        (
            "insert into services_stock_movements (at, branch_id, item_id, kind, quantity, balance, document_type, document_id, actor)
             select now(), branch_id, item_id, 'gift', -5, quantity - 5, 'gift', 1, 'Mia' from services_stock;
             update services_stock set quantity = quantity - 5, updated_at = now()",
            "gift of gift 1",
        ),
        ("delete from services_stock", "movements sum up to"),
        (
            "insert into services_branch_totals (branch_id, timezone) values (1, 'UTC');
             insert into services_daily_totals values (1, '2026-01-31', 5, 0, 100, 5)",
            "branch 1 on 2026-01-31: in 0, out 100 in 5 movements; the ledger has ,",
        ),
];

#[tokio::test]
async fn stock_and_documents_are_compared_with_what_the_entries_tell() {
    Company::new().await.all_are_found(DOCUMENTS).await;
}

/// What is done to users, clients, sessions and keys.
const PEOPLE: &[(&str, &str)] = &[
    (
        "insert into portal_memberships select 2, id from portal_groups where name = 'Admin'",
        "user 2 (mia) has the roles {Admin,Worker}",
    ),
    ("update portal_users set all_branches = true where id = 2", "user 2 (mia) acts at all branches"),
    ("insert into portal_user_branches values (2, 7)", "user 2 (mia) acts at {1,7}"),
    (
        "update portal_users a set password_hash = b.password_hash from portal_users b where a.id = 1 and b.id = 2",
        "user 1 (ada) has another password",
    ),
    ("update portal_users set active = true where id = 3", "user 3 (max) is active"),
    ("update portal_users set username = 'eva' where id = 2", "user 2 is called eva"),
    ("insert into portal_users (username, password_hash) values ('evil', '!')", "(evil) was never added"),
    ("delete from portal_users where id = 3", "user 3 was removed without an entry"),
    ("delete from portal_second_factors", "user 1 (ada) has no second factor"),
    (
        "insert into portal_second_factors (user_id, secret, last_step) values (2, 'sealed', 1)",
        "user 2 (mia) has a second factor",
    ),
    ("update portal_recovery_codes set code_hash = sha256('mine')", "user 1 has a recovery code"),
    (
        "insert into portal_sessions (id_hash, user_id, complete) values (sha256('mine'), 1, true)",
        "user 1: 1 sessions begun",
    ),
    ("update portal_clients set secret_hash = sha256('mine')", "client-1 (till) has another secret"),
    ("update portal_clients set former_secret_hash = sha256('mine')", "client-1 (till) has another secret"),
    (
        "insert into portal_client_groups select 1, id from portal_groups where name = 'Admin'",
        "client-1 (till): its list of roles",
    ),
    (
        "insert into portal_sessions (id_hash, user_id, complete, confirmed_at) values (sha256('mine'), 1, true, now())",
        "user 1: the password of session 1 was not given",
    ),
    ("update portal_clients set owner_user_id = 2", "client-1 (till): its owner"),
    ("update portal_clients set all_branches = true", "client-1 (till): its list of branches"),
    ("update portal_clients set expires_at = now() + interval '1 day'", "client-1 (till): its expiry"),
    ("update portal_clients set disabled_at = now()", "client-1 (till): its being disabled"),
    (
        "insert into portal_clients (name, secret_hash) values ('evil', sha256('mine'))",
        "client-2 (evil) was never added",
    ),
    (
        "insert into portal_signing_keys (kid, private_key, signs_from) values ('evil', 'x', now())",
        "signing key evil: no entry tells that it was made",
    ),
    (
        "update portal_signing_keys set signs_from = signs_from - interval '1 day'",
        "tells another time to sign",
    ),
    (
        "update portal_signing_keys set private_key = null, retired_at = now()",
        "it is retired without an entry",
    ),
    ("delete from portal_revocations where subject = '3'", "the tokens of 3 were revoked by entry"),
    ("update portal_groups set second_factor_required = false", "members of Auditor need no second factor"),
];

#[tokio::test]
async fn users_clients_sessions_and_keys_are_compared_with_what_the_entries_tell() {
    Company::new().await.all_are_found(PEOPLE).await;
}

#[tokio::test]
async fn passwords_of_older_versions_are_said_to_be_unknown_and_are_no_findings() {
    let company = Company::new().await;
    let database = company.0.database.copy().await;
    let older = "set session_replication_role = replica;
        update portal_audit_logs set details = details - 'password_fingerprint' - 'secret_fingerprint'
            - 'recovery_code_fingerprints'";
    database.run(older).await;
    let findings = portal::verify::verify(&database.pool(portal::ROLES)).await.unwrap();
    let broken: Vec<_> = findings.iter().filter(|finding| finding.is_broken()).collect();
    assert!(broken.is_empty(), "{broken:?}");
    let note = findings.iter().find(|finding| finding.note && finding.violations > 0).unwrap();
    assert_eq!((note.violations, &*note.examples[0]), (3, "user 1 (ada)"));
}
