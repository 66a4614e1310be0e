//! A company with two services processes on one database.

use std::process::Command;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use reqwest::Client;
use serde_json::{Value, json};

use crate::support::TestDatabase;
use crate::support::program::{Running, free_address, program, run_ok};

/// A portal and two services processes.
pub struct Company {
    pub database: TestDatabase,
    pub services: [String; 2],
    pub token: String,
    http: Client,
    /// The portal, then the two services processes.
    pub running: Vec<Running>,
    portal: String,
}

fn on(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = program(arguments);
    command.env("QUARTERMASTER_DATABASE_URL", database.url());
    command
}

async fn services_process(database: &TestDatabase, address: &str, portal: &str) -> Running {
    let arguments =
        ["serve", "services", "--services-addr", address, "--portal-url", portal, "--log", "warn"];
    let mut process = Running::start(on(database, &arguments));
    process.wait_for(&format!("http://{address}/ready")).await;
    process
}

impl Company {
    pub async fn start() -> Company {
        Company::on(TestDatabase::new().await).await
    }

    pub async fn on(database: TestDatabase) -> Company {
        let on = |arguments: &[&str]| on(&database, arguments);
        let mut add = on(&["user", "add", "admin", "--role", "admin", "--all-branches"]);
        let mut child = add.stdin(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"long enough\n").unwrap();
        assert!(child.wait().unwrap().success());
        let portal = free_address();
        let services = [free_address(), free_address()];
        let mut running =
            vec![Running::start(on(&["serve", "portal", "--portal-addr", &portal, "--log", "warn"]))];
        running[0].wait_for(&format!("http://{portal}/ready")).await;
        let portal = format!("http://{portal}");
        for address in &services {
            running.push(services_process(&database, address, &portal).await);
        }
        let token = run_ok(&mut on(&["token", "--user", "admin"])).trim().to_owned();
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        let services = services.map(|address| format!("http://{address}"));
        Company { database, services, token, http, running, portal }
    }

    /// Kills one of the two processes: no connection of its is closed in good order.
    pub fn kill(&self, process: usize) {
        self.running[1 + process].signal("KILL");
    }

    /// Has one of the two processes stand still, as a machine that is paused.
    pub fn pause(&self, process: usize) {
        self.running[1 + process].signal("STOP");
    }

    /// Lets it go on.
    pub fn go_on(&self, process: usize) {
        self.running[1 + process].signal("CONT");
    }

    /// Starts it again, where it was.
    pub async fn start_again(&mut self, process: usize) {
        let address = self.services[process].strip_prefix("http://").unwrap();
        self.running[1 + process] = services_process(&self.database, address, &self.portal).await;
    }

    /// Another services process with further settings, until it is dropped; gives its address.
    pub async fn start_beside(&self, settings: &[&str]) -> (Running, String) {
        let address = free_address();
        let arguments = ["serve", "services", "--services-addr", &address, "--portal-url", &self.portal];
        let mut process = Running::start(on(&self.database, &[&arguments, settings].concat()));
        process.wait_for(&format!("http://{address}/ready")).await;
        (process, format!("http://{address}"))
    }

    /// Calls one of the two processes.
    pub async fn call(
        &self,
        process: usize,
        method: &str,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> (u16, Value) {
        let mut request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.services[process % 2]))
            .bearer_auth(&self.token)
            .json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        // Status 0: the process is gone.
        let Ok(answer) = request.send().await else { return (0, Value::Null) };
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    pub async fn create(&self, path: &str, body: Value) -> i64 {
        let (status, created) = self.call(0, "POST", path, &body, None).await;
        assert_eq!(status, 201, "{created}");
        created["id"].as_i64().unwrap()
    }

    pub async fn stock(&self, branch: i64, item: i64, quantity: i64) {
        let body = json!({ "branch_id": branch, "item_id": item, "quantity": quantity });
        let (status, answer) = self.call(0, "PUT", "/v1/stock", &body, None).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// Drafts, made a few at a time.
    pub async fn drafts(&self, orders: Vec<(i64, Vec<(i64, i64)>)>) -> Vec<i64> {
        let draft = |(n, (branch, lines)): (usize, (i64, Vec<(i64, i64)>))| async move {
            let lines: Vec<Value> =
                lines.iter().map(|(item, qty)| json!({ "item_id": item, "requested_qty": qty })).collect();
            let body = json!({ "branch_id": branch, "lines": lines });
            let (status, order) = self.call(n, "POST", "/v1/orders", &body, None).await;
            assert_eq!(status, 201, "{order}");
            order["id"].as_i64().unwrap()
        };
        stream::iter(orders.into_iter().enumerate()).map(draft).buffered(16).collect().await
    }

    pub async fn fulfil(&self, process: usize, order: i64, key: Option<&str>) -> (u16, Value) {
        self.call(process, "POST", &format!("/v1/orders/{order}/fulfill"), &json!({}), key).await
    }

    pub async fn count(&self, sql: &str) -> i64 {
        self.database.value(sql).await
    }
}
