//! Passwords wait in short queues to be hashed, and people who are known do not wait for strangers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use portal::By;
use portal::accounts::users;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::portal::{Browser, Company, PASSWORD};

/// Argon2id of nothing that anybody types, which takes a second or more to check.
const SLOW: &str = "$argon2id$v=19$m=19456,t=150,p=1$c29tZXNhbHRzb21lc2FsdA$\
                    bm90aGluZ25vdGhpbmdub3RoaW5nbm90aGluZ25vdGg";
/// A hash of Django's that takes as long.
const DEAR: &str = "pbkdf2_sha256$1000000$a9mTvQXKbJ2c$aTFDZ7t7SeIv+ZfYqOhOBxEZge7rr69JQuTfh+mA5NY=";

/// What strangers are told: that it was wrong, to come back, or on a slow machine that it took too long.
const CALM: [u16; 3] = [422, 429, 503];

/// A portal behind a proxy, where each guess may have an address of its own.
struct Proxied {
    company: Company,
    portal: String,
}

impl Proxied {
    async fn start() -> Proxied {
        let company = Company::start().await;
        let portal = company.portal_behind_a_proxy().await;
        Proxied { company, portal }
    }

    /// A sign-in from that address in a browser of its own.
    async fn sign_in(&self, from: &str, username: &str, password: &str) -> u16 {
        let browser = Browser::at(&self.portal);
        self.sign_in_with(&browser, from, username, password).await
    }

    async fn sign_in_with(&self, browser: &Browser, from: &str, username: &str, password: &str) -> u16 {
        let token = browser.form_token().await;
        let form = [("username", username), ("password", password), ("form_token", token.as_str())];
        let request = browser.http.post(format!("{}/accounts/login/", self.portal)).form(&form);
        let request = request.header("cookie", browser.cookies()).header("x-forwarded-for", from);
        request.send().await.unwrap().status().as_u16()
    }

    async fn set_hash(&self, username: &str, hash: &str) {
        let sql = format!("update portal_users set password_hash = '{hash}' where username = '{username}'");
        self.company.database.run(&sql).await;
    }

    /// Three guesses that keep every place of strangers busy for some seconds.
    async fn busy(&self) -> Vec<TcpStream> {
        let mut slow = Vec::new();
        for n in 0..3 {
            self.company.admin(&format!("slow{n}")).await;
            self.set_hash(&format!("slow{n}"), SLOW).await;
            slow.push(self.guess(&format!("192.0.2.{n}"), &format!("slow{n}")).await);
        }
        self.until_guesses(6).await;
        slow
    }

    /// Sends a guess and waits for no answer.
    async fn guess(&self, from: &str, username: &str) -> TcpStream {
        let browser = Browser::at(&self.portal);
        let token = browser.form_token().await;
        let body = format!("username={username}&password=wrong+horse&form_token={token}");
        let mut connection = TcpStream::connect(self.portal.trim_start_matches("http://")).await.unwrap();
        let request = format!(
            "POST /accounts/login/ HTTP/1.1\r\nhost: x\r\ncookie: {}\r\nx-forwarded-for: {from}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            browser.cookies(),
            body.len()
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        connection
    }

    /// Waits until so many guesses are counted, each at its account and from its address.
    async fn until_guesses(&self, count: i64) {
        for _ in 0..600 {
            let counted: i64 = self.company.database.value("select count(*) from portal_guesses").await;
            if counted == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("there are never {count} guesses");
    }
}

#[tokio::test]
async fn guesses_beyond_those_that_may_wait_are_refused_at_once_and_the_known_are_let_in() {
    let proxied = Proxied::start().await;
    proxied.company.admin("mia").await;
    let known = Browser::at(&proxied.portal);
    known.sign_in("mia", PASSWORD).await;
    known.post("/accounts/logout/", &[]).await;
    let _busy = proxied.busy().await;
    let answered = AtomicUsize::new(0);
    let guesses = join_all((0..60).map(|n| {
        let (proxied, answered) = (&proxied, &answered);
        async move {
            let from = format!("198.51.100.{n}");
            let status = proxied.sign_in(&from, &format!("user{n}"), "wrong horse").await;
            answered.fetch_add(1, Ordering::Relaxed);
            status
        }
    }));
    let in_time = async {
        // Those for whom there is no place are told so while the others wait.
        while answered.load(Ordering::Relaxed) < 20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let status = proxied.sign_in_with(&known, "203.0.113.1", "mia", PASSWORD).await;
        (status, answered.load(Ordering::Relaxed))
    };
    let (statuses, (status, before)) = tokio::join!(guesses, in_time);
    assert_eq!(status, 303);
    assert!(before < 60, "the known waited until every stranger had an answer");
    assert!(statuses.iter().all(|status| CALM.contains(status)), "{statuses:?}");
    assert!(statuses.iter().filter(|status| **status == 429).count() >= 20, "{statuses:?}");
}

#[tokio::test]
async fn a_guess_whose_client_left_before_it_was_checked_costs_no_hash_and_keeps_nobody_out() {
    let proxied = Proxied::start().await;
    proxied.company.admin("mia").await;
    let _busy = proxied.busy().await;
    let mut gone = Vec::new();
    for n in 0..3 {
        gone.push(proxied.guess(&format!("198.51.100.{n}"), "mia").await);
    }
    proxied.until_guesses(12).await;
    drop(gone);
    // To the addresses they count still.
    proxied.until_guesses(9).await;
    let sql = "select count(*) from portal_audit_logs where action = 'user.sign_in_failed' and entity_id =
               (select id::text from portal_users where username = 'mia')";
    assert_eq!(proxied.company.database.value::<i64>(sql).await, 0, "none was checked");
    // On a slow machine the busy ones may take longer than a request may.
    let mut status = 503;
    while status == 503 {
        status = proxied.sign_in("203.0.113.9", "mia", PASSWORD).await;
    }
    assert_eq!(status, 303);
}

#[tokio::test]
async fn hashes_that_django_made_dear_keep_no_other_sign_in_waiting() {
    let proxied = Arc::new(Proxied::start().await);
    proxied.company.admin("mia").await;
    proxied.company.admin("old").await;
    proxied.set_hash("old", DEAR).await;
    let mut wrong = tokio::task::JoinSet::new();
    for n in 0..30 {
        let proxied = Arc::clone(&proxied);
        wrong.spawn(async move {
            proxied.sign_in(&format!("198.51.100.{n}"), &format!("user{n}"), "wrong horse").await
        });
    }
    let first = wrong.join_next().await.unwrap().unwrap();
    assert!(CALM.contains(&first), "{first}");
    assert_eq!(proxied.sign_in("203.0.113.9", "mia", PASSWORD).await, 303);
    let mut left = 0;
    while let Some(status) = wrong.join_next().await {
        left += 1;
        let status = status.unwrap();
        assert!(CALM.contains(&status), "{status}");
    }
    assert!(left > 2, "she waited for all of them");
}

#[tokio::test]
async fn a_new_browser_in_a_network_that_is_known_is_let_in_whatever_is_guessed_elsewhere() {
    let proxied = Proxied::start().await;
    proxied.company.admin("mia").await;
    assert_eq!(proxied.sign_in("2001:db8:1:2::7", "mia", PASSWORD).await, 303);
    for n in 0..5 {
        proxied.sign_in(&format!("198.51.100.{n}"), "mia", "wrong horse").await;
    }
    proxied.company.database.run("update portal_guesses set at = at + interval '1 hour'").await;
    assert_eq!(proxied.sign_in("203.0.113.9", "mia", PASSWORD).await, 429);
    assert_eq!(proxied.sign_in("2001:db8:1:2::8", "mia", PASSWORD).await, 303);
    // Guesses in there are as few as elsewhere.
    for _ in 0..3 {
        assert_eq!(proxied.sign_in("2001:db8:1:2::8", "mia", "wrong horse").await, 422);
    }
    proxied.company.database.run("update portal_guesses set at = at + interval '1 hour'").await;
    assert_eq!(proxied.sign_in("2001:db8:1:2::9", "mia", PASSWORD).await, 429);
}

#[tokio::test]
async fn a_password_that_is_reset_forgets_the_browsers_and_not_the_networks() {
    let proxied = Proxied::start().await;
    proxied.company.admin("mia").await;
    let known = Browser::at(&proxied.portal);
    assert_eq!(proxied.sign_in_with(&known, "192.0.2.7", "mia", PASSWORD).await, 303);
    for n in 0..5 {
        proxied.sign_in(&format!("198.51.100.{n}"), "mia", "wrong horse").await;
    }
    let pool = proxied.company.database.pool(portal::ROLES);
    users::set_password(&pool, &By::operator("test"), "mia", ("another password", users::PasswordIs::Own))
        .await
        .unwrap();
    let devices: i64 = proxied.company.database.value("select count(*) from portal_devices").await;
    assert_eq!(devices, 0);
    proxied.company.database.run("update portal_guesses set at = at + interval '1 hour'").await;
    assert_eq!(proxied.sign_in("203.0.113.9", "mia", "another password").await, 429);
    assert_eq!(proxied.sign_in("192.0.2.7", "mia", "another password").await, 303);
}
