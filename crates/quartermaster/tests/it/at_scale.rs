//! What PostgreSQL does for every list, search and posting when there are a million orders.
//!
//! The indexes of each plan are compared with those kept in `at_scale/snapshots`: `INSTA_UPDATE=always` writes them anew.
//! Time is not measured here, since it says more about the machine; how many pages of 8 KiB a statement touches says the
//! same everywhere.

mod lists;
mod posting;

use std::collections::BTreeSet;
use std::fmt::Write;

use platform::pg::{STATEMENTS, Statement};
use serde_json::Value;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::support::TestDatabase;

const MILLION: &str = include_str!("../../../../bench/sql/million.sql");
/// The tables that grow with every order: nothing that a list or a posting asks for may read one from end to end.
const GROWING: [&str; 6] = [
    "services_orders",
    "services_order_lines",
    "services_stock",
    "services_stock_movements",
    "services_audit_logs",
    "services_idempotency_keys",
];
/// How many pages a list may touch for 50 rows. They take about 10 ms when they are in memory.
const MOST_PAGES: u64 = 4_000;
/// How many a report may, which sums up 90 days of 50 branches, and what changed at a branch.
const MOST_PAGES_OF_REPORTS: u64 = 20_000;

/// One statement with one set of parameters.
struct Case {
    what: &'static str,
    /// The statement's name, and a text that only it has among those of that name.
    statement: (&'static str, &'static str),
    /// The parameters, as SQL.
    params: &'static str,
}

const fn case(what: &'static str, statement: (&'static str, &'static str), params: &'static str) -> Case {
    Case { what, statement, params }
}

/// Cases of one area, with the area's name.
type Area = (&'static str, &'static [Case]);

impl Case {
    fn statement(&self) -> &'static Statement {
        let (name, text) = self.statement;
        let mut found = STATEMENTS.iter().filter(|s| s.name == name && s.sql.contains(text));
        match (found.next(), found.next()) {
            (Some(statement), None) => statement,
            _ => panic!("there is not exactly one {name} with {text:?}"),
        }
    }

    /// Its plan, as `explain` gives it.
    async fn explain(&self, client: &Client, options: &str) -> Value {
        let sql = self.statement().sql;
        let explain = if self.params.is_empty() {
            format!("explain ({options}, format json) {sql}")
        } else {
            client.batch_execute(&format!("deallocate all; prepare p as {sql}")).await.unwrap();
            format!("explain ({options}, format json) execute p({})", self.params)
        };
        let messages = match client.simple_query(&explain).await {
            Ok(messages) => messages,
            Err(error) => panic!("{}: {error:?}", self.what),
        };
        let line = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        let json: Vec<String> = messages.iter().filter_map(line).collect();
        let mut plans: Value = serde_json::from_str(&json.join("\n")).unwrap();
        plans[0]["Plan"].take()
    }

    /// How many pages executing it touches.
    async fn pages(&self, client: &Client) -> u64 {
        let plan = self.explain(client, "analyze, buffers, timing off").await;
        ["Shared Hit Blocks", "Shared Read Blocks"].iter().filter_map(|k| plan[k].as_u64()).sum()
    }
}

/// What a plan, or a part of one, is made of.
fn parts(plan: &Value) -> impl Iterator<Item = &Value> {
    plan["Plans"].as_array().into_iter().flatten()
}

/// How a plan reaches its tables. In what order it joins them is not told, since that changes with the rows of
/// which ANALYZE happens to take its sample.
#[derive(Default)]
struct Reached {
    /// The indexes, each with a word where one of a growing table is read in its order and not by a range. The few
    /// branches are left out: their table is read whole, or by key, as it comes.
    by: BTreeSet<String>,
    /// The tables that are read from end to end.
    whole: BTreeSet<String>,
}

impl Reached {
    fn add(&mut self, plan: &Value) {
        let text = |key: &str| plan[key].as_str();
        if let Some(index) = text("Index Name").filter(|name| !name.starts_with("services_branches")) {
            let whole = text("Index Cond").is_none() && GROWING.iter().any(|table| index.starts_with(table));
            let all = if whole { ", in its order" } else { "" };
            self.by.insert(format!("{index}{all}"));
        }
        if let (Some("Seq Scan"), Some(table)) = (text("Node Type"), text("Relation Name"))
            && GROWING.contains(&table)
        {
            self.whole.insert(table.to_owned());
        }
        parts(plan).for_each(|part| self.add(part));
    }
}

/// By which indexes the cases of an area are answered, a heading and a line an index, and those that read a growing table
/// from end to end.
async fn indexes(client: &Client, cases: &[Case]) -> (String, Vec<String>) {
    let (mut text, mut slow) = (String::new(), Vec::new());
    for case in cases {
        let plan = case.explain(client, "costs off").await;
        let mut reached = Reached::default();
        reached.add(&plan);
        if !reached.whole.is_empty() {
            slow.push(format!("{}: {:?}\n{plan:#}", case.what, reached.whole));
        }
        writeln!(text, "# {} ({})", case.what, case.statement.0).unwrap();
        reached.by.iter().for_each(|index| writeln!(text, "{index}").unwrap());
        writeln!(text).unwrap();
    }
    (text, slow)
}

/// Compares the indexes of each area with those kept. Other versions of PostgreSQL choose a little otherwise.
async fn compare(client: &Client, areas: &[Area], prefix: &str) {
    let version: i32 = client
        .query_one("select current_setting('server_version_num')::int / 10000", &[])
        .await
        .unwrap()
        .get(0);
    let mut all_slow = Vec::new();
    for (area, cases) in areas {
        let (text, slow) = indexes(client, cases).await;
        all_slow.extend(slow);
        if version == 15 {
            insta::with_settings!({ snapshot_path => "at_scale/snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(format!("{prefix}{area}"), text);
            });
        }
    }
    assert!(all_slow.is_empty(), "read from end to end:\n{}", all_slow.join("\n\n"));
}

async fn session(database: &TestDatabase, plan_cache_mode: &str) -> Client {
    let client = database.connect("qm_services_app").await;
    client.batch_execute(&format!("set plan_cache_mode = {plan_cache_mode}")).await.unwrap();
    client
}

/// Gathers statistics and marks every page as visible to all, on both of which plans depend. A VACUUM that comes at once
/// after the rows may find them too fresh to mark any.
async fn settle(database: &TestDatabase) {
    for _ in 0..10 {
        database.run("vacuum (analyze)").await;
        let unmarked = "select count(*) from pg_class
            where relkind = 'r' and relname like 'services\\_%' and relallvisible < relpages";
        if database.value::<i64>(unmarked).await == 0 {
            return;
        }
    }
    panic!("VACUUM does not mark the pages as visible to all");
}

#[tokio::test]
async fn at_a_million_orders_no_list_or_posting_reads_a_table_from_end_to_end() {
    let database = TestDatabase::new().await;
    database.run(MILLION).await;
    settle(&database).await;

    let lists = session(&database, "force_custom_plan").await;
    compare(&lists, lists::AREAS, "").await;
    let mut too_many = Vec::new();
    for (area, cases) in lists::AREAS {
        let most = if *area == "reports" { MOST_PAGES_OF_REPORTS } else { MOST_PAGES };
        for case in *cases {
            let pages = case.pages(&lists).await;
            if pages > most {
                too_many.push(format!("{}: {pages}", case.what));
            }
        }
    }
    assert!(too_many.is_empty(), "too many pages: {too_many:#?}");

    let lane = session(&database, "force_generic_plan").await;
    compare(&lane, posting::AREAS, "").await;
}

#[tokio::test]
async fn on_empty_tables_postings_are_planned_for_tables_that_grow() {
    let database = TestDatabase::new().await;
    let lane = session(&database, "force_generic_plan").await;
    compare(&lane, posting::AREAS, "empty_").await;
}

/// The part of a plan that reads by that index.
fn reading_by<'a>(plan: &'a Value, index: &str) -> Option<&'a Value> {
    if plan["Index Name"] == index {
        Some(plan)
    } else {
        parts(plan).find_map(|part| reading_by(part, index))
    }
}

#[tokio::test]
async fn the_lines_of_an_order_that_is_read_by_id_come_from_an_index_alone() {
    let database = TestDatabase::new().await;
    let lane = session(&database, "force_generic_plan").await;
    for statement in ["GET", "GET_MANY"] {
        let cases = posting::AREAS.iter().flat_map(|(_, cases)| *cases);
        let case = cases.into_iter().find(|case| case.statement.0 == statement).unwrap();
        let plan = case.explain(&lane, "costs off").await;
        let lines = reading_by(&plan, "services_order_lines_pkey").unwrap();
        assert_eq!(lines["Node Type"], "Index Only Scan", "{statement}");
    }
}

#[tokio::test]
async fn every_statement_on_a_table_that_grows_has_its_indexes_compared() {
    let areas = lists::AREAS.iter().chain(posting::AREAS);
    let compared: BTreeSet<&str> =
        areas.flat_map(|(_, cases)| *cases).map(|case| case.statement().sql).collect();
    let rest: BTreeSet<&str> = STATEMENTS
        .iter()
        .filter(|s| GROWING.iter().any(|table| s.sql.contains(table)) && !compared.contains(s.sql))
        // A COPY into a table has no plan.
        .filter(|s| !s.sql.trim_start().starts_with("copy services"))
        .map(|s| s.name)
        .collect();
    // `verify` reads everything on purpose; numbers come from sequences; an import gathers the orders of its own file, and
    // looks up what its counts come after; how much the worker forgets at once is known when it is planned; sealing reads
    // the audit by ranges of ids; the totals are counted in the background; a repair reads what it mends.
    insta::assert_snapshot!(
        rest.into_iter().collect::<Vec<_>>().join(" "),
        @"ADD_MOVEMENTS ADJUSTMENTS ADJUSTMENTS_AUDITED BALANCES_FOLLOW BEFORE BELOW_ZERO BEYOND BEYOND_SEQUENCE BLOCKS BRANCHES BRANCHES_AUDITED CHANGED_ORDERS COUNT DAYS DELETE_BEFORE DELETE_ENTRIES DIFFERING ENTRIES FORGET_MINIMUMS FULFILLED_ONCE FULFILMENTS GATHER IDS_OF_BLOCK INSERT_ENTRY ITEMS ITEMS_AUDITED KINDS LAST_MOVEMENT LINES LOCK_LEVELS LOWEST_ITEMS MATCHING MEND MINIMUMS_ARE_KNOWN NEXT_ID NOTE NOTES NUMBERS ONLY_FULFILLED_MOVED ORDERS ORDERS_AUDITED PAST POLICIES QUANTITY_IS_LAST_BALANCE QUANTITY_IS_SUM RECOGNISE REMAKE_DAYS REMAKE_TURNOVER REMOVED RESERVED_IS_SUM SEQUENCE STATE TIME_NEVER_GOES_BACK UNDONE_ONCE WAITING WRITERS WRONG_MINIMUMS"
    );
}
