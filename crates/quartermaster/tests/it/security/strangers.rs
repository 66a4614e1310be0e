//! What strangers may take of the built program: memory, connections, places for requests, the feed of keys.

use std::time::{Duration, Instant};

use identity::{BranchScope, Role};
use portal::By;
use portal::accounts::access;
use portal::accounts::users::{self, NewUser, PasswordIs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::transport::rest;
use crate::support::TestDatabase;
use crate::support::portal::{Browser, PASSWORD};
use crate::support::program::{Running, free_address, program};

/// The program with an Admin, `mia`.
struct Company {
    database: TestDatabase,
    portal: String,
    services: String,
    running: Running,
}

impl Company {
    async fn start(arguments: &[&str]) -> Company {
        let database = TestDatabase::new().await;
        let new = NewUser {
            username: "mia",
            password: PASSWORD,
            roles: &[Role::Admin],
            scope: &BranchScope::All,
            password_is: PasswordIs::Own,
        };
        users::add(&database.pool(portal::ROLES), &By::operator("test"), &new).await.unwrap();
        let (portal, services) = (free_address(), free_address());
        let mut serve = program(&["serve", "--portal-addr", &portal, "--services-addr", &services]);
        serve.args(arguments).env("QUARTERMASTER_DATABASE_URL", database.url());
        let mut running = Running::start(serve);
        running.wait_for(&format!("http://{portal}/ready")).await;
        running.wait_for(&format!("http://{services}/ready")).await;
        Company { database, portal, services, running }
    }

    fn browser(&self) -> Browser {
        Browser::at(&format!("http://{}", self.portal))
    }

    async fn signed_in(&self) -> Browser {
        let browser = self.browser();
        assert_eq!(browser.sign_in("mia", PASSWORD).await.status(), 303);
        browser
    }

    async fn ask_services(&self, token: &str) -> u16 {
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        let request = http.get(format!("http://{}/v1/branches", self.services)).bearer_auth(token);
        request.send().await.map_or(0, |answer| answer.status().as_u16())
    }

    fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.running.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// A form of which only the beginning comes, with the cookies that a browser would send.
    async fn unfinished(&self, path: &str, cookie: &str, length: usize, sent: usize) -> TcpStream {
        let mut connection = TcpStream::connect(&self.portal).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\ncontent-length: {length}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n"
        );
        let begun = [head.as_bytes(), &vec![b'a'; sent]].concat();
        // The server may end the connection meanwhile, or take no more.
        tokio::time::timeout(Duration::from_secs(2), connection.write_all(&begun)).await.ok();
        connection
    }
}

#[tokio::test]
async fn unfinished_forms_of_strangers_are_not_kept() {
    let company = Company::start(&[]).await;
    company.signed_in().await;
    let before = company.resident_kib();
    let mut held = Vec::new();
    for _ in 0..150 {
        held.push(company.unfinished("/accounts/login/", "visit=x", 1_000_000, 900_000).await);
    }
    company.signed_in().await;
    let more = company.resident_kib().saturating_sub(before);
    assert!(more < 100 * 1_024, "{more} KiB for 150 forms of 900 kB");
}

#[tokio::test]
async fn a_form_without_a_cookie_and_one_of_nobody_signed_in_are_answered_unread() {
    let company = Company::start(&[]).await;
    for (path, cookie, answered) in [
        ("/accounts/login/", "other=1", "HTTP/1.1 403"),
        ("/preferences/", "other=1", "HTTP/1.1 403"),
        ("/items/import/", "sid=nobody", "HTTP/1.1 303"),
        ("/orders/new/", "visit=x", "HTTP/1.1 303"),
        ("/admin/policies/", "sid=nobody", "HTTP/1.1 303"),
    ] {
        // No byte of the body comes.
        let mut connection = company.unfinished(path, cookie, 900_000, 0).await;
        let mut begin = vec![0; answered.len()];
        connection.read_exact(&mut begin).await.unwrap();
        assert_eq!(String::from_utf8(begin).unwrap(), answered, "{path}");
    }
}

#[tokio::test]
async fn forms_are_small_but_for_those_that_hold_lists() {
    let company = Company::start(&[]).await;
    let browser = company.signed_in().await;
    let long = "x".repeat(20_000);
    for path in ["/accounts/password/", "/branches/new/", "/preferences/"] {
        let answer = browser.post(path, &[("name", &long)]).await;
        assert_eq!(answer.status(), 413, "{path}");
        assert!(answer.text().await.unwrap().contains("That is too much at once"), "{path}");
    }
    let rows: String = (0..900).map(|n| format!("SKU-{n},An item with a name of some length\n")).collect();
    let text = format!("sku,name\n{rows}");
    assert!(text.len() > 30_000);
    assert_ne!(browser.post("/items/import/", &[("text", &text)]).await.status(), 413);
    let visitor = company.browser();
    assert_eq!(visitor.post("/accounts/login/", &[("username", &long)]).await.status(), 413);
}

#[tokio::test]
async fn forms_on_their_way_take_no_place_of_requests_at_work() {
    let company = Company::start(&["--max-requests", "4"]).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(company.unfinished("/accounts/login/", "visit=x", 1_000, 10).await);
    }
    company.signed_in().await;
    let mut late = held.pop().unwrap();
    late.write_all(&[b'a'; 990]).await.unwrap();
    let mut begin = [0; 12];
    late.read_exact(&mut begin).await.unwrap();
    assert_eq!(&begin, b"HTTP/1.1 403", "one that is finished is answered");
}

#[tokio::test]
async fn a_revocation_reaches_the_services_while_one_address_holds_all_that_it_can_get() {
    let company = Company::start(&["--max-connections", "40", "--connections-per-address", "40"]).await;
    let browser = company.signed_in().await;
    let token = browser.token().await;
    assert_eq!(company.ask_services(&token).await, 200);
    let mut held = Vec::new();
    for _ in 0..200 {
        held.push(company.unfinished("/accounts/login/", "visit=x", 1_000, 10).await);
    }
    let pool = company.database.pool(portal::ROLES);
    access::disable(&pool, &By::operator("test"), "mia").await.unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while company.ask_services(&token).await != 401 {
        assert!(Instant::now() < end, "the services do not know");
        // Whoever attacks goes on.
        held.push(company.unfinished("/accounts/login/", "visit=x", 1_000, 10).await);
    }
    // Services that start now get in too.
    let mut newcomer = TcpStream::connect(&company.portal).await.unwrap();
    let ask = b"GET /.well-known/jwks.json?after=0 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    newcomer.write_all(ask).await.unwrap();
    assert!(rest(&mut newcomer).await.contains("\"revoked\""));
}

#[tokio::test]
async fn polls_of_the_feed_beyond_those_of_one_address_are_answered_at_once() {
    let company = Company::start(&[]).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/.well-known/jwks.json", company.portal);
    let feed: serde_json::Value =
        http.get(format!("{url}?after=0")).send().await.unwrap().json().await.unwrap();
    let waiting = format!("{url}?after={}", feed["version"]);
    // The services of the program itself wait as well.
    let mut polls = tokio::task::JoinSet::new();
    for _ in 0..80 {
        let request = http.get(&waiting).send();
        polls.spawn(async move { request.await.unwrap().status().as_u16() });
    }
    let answered = polls.join_next().await.unwrap().unwrap();
    assert_eq!((answered, polls.len()), (200, 79));
    for _ in 0..16 {
        assert_eq!(polls.join_next().await.unwrap().unwrap(), 200);
    }
    assert_eq!(polls.len(), 63, "the others wait");
}

#[tokio::test]
async fn connections_follow_the_number_of_files_that_may_be_open() {
    let database = TestDatabase::new().await;
    let (portal, services) = (free_address(), free_address());
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut serve = std::process::Command::new("sh");
    let own = program(&["serve", "--portal-addr", &portal, "--services-addr", &services]);
    // The soft limit is raised, the hard one is what there is.
    serve.args(["-c", "ulimit -S -n 64 && ulimit -H -n 400 && exec \"$0\" \"$@\""]).arg(own.get_program());
    serve.args(own.get_args()).current_dir(std::env::temp_dir());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => serve.env(name, value),
            None => serve.env_remove(name),
        };
    }
    serve.env("QUARTERMASTER_DATABASE_URL", database.url()).stderr(log.reopen().unwrap());
    let mut running = Running::start(serve);
    running.wait_for(&format!("http://{portal}/ready")).await;
    let said = std::fs::read_to_string(log.path()).unwrap();
    assert!(said.contains("setting max_connections: 8192 are more than the system allows files"), "{said}");
    let mut held = Vec::new();
    for _ in 0..500 {
        held.push(TcpStream::connect(&portal).await.unwrap());
    }
    running.wait_for(&format!("http://{portal}/ready")).await;
    let said = std::fs::read_to_string(log.path()).unwrap();
    assert!(!said.contains("connections cannot be taken"), "{said}");
}
