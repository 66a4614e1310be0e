//! Rate limits: shared by all processes, and said as the contract has it.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::{BranchScope, Claims, JwkSet, Role, SigningKey, Verifier};
use jiff::Timestamp;
use platform::serve::Transport;
use reqwest::Client;
use services::Services;
use services::engine::EngineConfig;
use services::http::{App as Surface, HttpSettings};
use services::rate_limit::{Clock, Limit, RateLimits};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::company::http;
use crate::support::TestDatabase;

/// Two services processes on one database, with a clock that stands still until it is moved.
struct Two {
    database: TestDatabase,
    bases: [String; 2],
    clock: Arc<Mutex<Timestamp>>,
    key: SigningKey,
    http: Client,
    _stop: DropGuard,
}

fn limit(per_minute: u32, burst: u32) -> Option<Limit> {
    let new = |n| NonZeroU32::new(n).unwrap();
    Some(Limit { per_minute: new(per_minute), burst: new(burst) })
}

impl Two {
    async fn start(caller: Option<Limit>, address: Option<Limit>) -> Two {
        let (database, stop) = (TestDatabase::new().await, CancellationToken::new());
        let clock = Arc::new(Mutex::new(Timestamp::now()));
        let rate_limits = RateLimits { caller, address, clock: Clock::Set(Arc::clone(&clock)) };
        let settings = HttpSettings { rate_limits, ..HttpSettings::default() };
        let key = SigningKey::generate().unwrap();
        let keys = JwkSet { keys: vec![key.public().clone()] };
        let mut bases = Vec::new();
        for _ in 0..2 {
            let services = Services::start(
                database.pool(services::ROLES),
                &EngineConfig::default(),
                crate::support::roles_alone(),
            );
            let verifier = Verifier::with_keys(&keys, "test", portal::AUDIENCE);
            let router = services::http::router(Arc::new(Surface { services, verifier }), &settings);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            bases.push(format!("http://{}", listener.local_addr().unwrap()));
            tokio::spawn(Transport::default().serve(listener, router, stop.clone()));
        }
        let bases = bases.try_into().unwrap();
        Two { database, bases, clock, key, http: http(None), _stop: stop.drop_guard() }
    }

    fn pass(&self, time: Duration) {
        let mut clock = self.clock.lock().unwrap();
        *clock += time;
    }

    fn token(&self, subject: &str) -> String {
        let claims = Claims::new("test", portal::AUDIENCE, subject, subject, Timestamp::now().as_second());
        self.key.mint(&claims.with_access([Role::Admin], &BranchScope::All)).unwrap()
    }

    /// The status of one request, and its `Retry-After`.
    async fn ask(&self, process: usize, token: &str) -> (u16, Option<u64>) {
        let request = self.http.get(format!("{}/v1/branches?limit=1", self.bases[process]));
        let answer = request.bearer_auth(token).send().await.unwrap();
        let wait = answer.headers().get("retry-after").map(|wait| wait.to_str().unwrap().parse().unwrap());
        let status = answer.status().as_u16();
        if status == 429 {
            let problem: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(problem["type"], "/problems/too-many-requests");
        }
        (status, wait)
    }

    /// How many of this many requests are answered.
    async fn accepted(&self, process: usize, token: &str, requests: usize) -> usize {
        let mut accepted = 0;
        for _ in 0..requests {
            accepted += usize::from(self.ask(process, token).await.0 == 200);
        }
        accepted
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callers_limit_holds_over_two_processes_within_five_percent() {
    let two = Two::start(limit(6_000, 50), None).await;
    let token = two.token("busy");
    let (mut accepted, windows) = (0, 20);
    for window in 0..=windows {
        if window > 0 {
            two.pass(Duration::from_millis(500));
        }
        let (one, other) = tokio::join!(two.accepted(0, &token, 70), two.accepted(1, &token, 70));
        accepted += one + other;
    }
    // What may be sent at once, and then a hundred a second for ten seconds.
    let allowed = 50 + windows * 50;
    assert!(accepted <= allowed, "{accepted} of {allowed}");
    assert!(accepted * 100 >= allowed * 95, "{accepted} of {allowed}");
}

#[tokio::test]
async fn who_is_turned_away_is_told_when_to_come_back_and_is_then_let_in() {
    let two = Two::start(limit(6, 3), None).await;
    let token = two.token("slow");
    for process in [0, 1, 0] {
        assert_eq!(two.ask(process, &token).await, (200, None));
    }
    for process in [0, 1] {
        assert_eq!(two.ask(process, &token).await, (429, Some(10)));
    }
    two.pass(Duration::from_millis(4_500));
    assert_eq!(two.ask(1, &token).await, (429, Some(6)));
    two.pass(Duration::from_millis(5_500));
    assert_eq!(two.ask(1, &token).await, (200, None));
    assert_eq!(two.ask(0, &token).await.0, 429);
    assert_eq!(two.ask(0, &two.token("another")).await.0, 200, "each caller has its own");
}

#[tokio::test]
async fn requests_without_a_valid_token_count_by_address_and_do_not_slow_callers_there() {
    let two = Two::start(None, limit(6, 2)).await;
    for process in [0, 1] {
        assert_eq!(two.ask(process, "no-token").await.0, 401);
    }
    assert_eq!(two.ask(0, "no-token").await, (429, Some(10)));
    let token = two.token("honest");
    assert_eq!(two.accepted(0, &token, 20).await, 20);
    for path in ["/health", "/ready", "/docs/"] {
        let answer = two.http.get(format!("{}{path}", two.bases[0])).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path} is not limited");
    }
}

#[tokio::test]
async fn without_limits_nothing_is_counted() {
    let two = Two::start(None, None).await;
    assert_eq!(two.accepted(0, &two.token("busy"), 50).await, 50);
    assert_eq!(two.database.value::<i64>("select count(*) from services_rate_leases").await, 0);
}

#[tokio::test]
async fn who_cannot_be_counted_is_not_let_in() {
    let two = Two::start(limit(60_000, 1_000), None).await;
    let token = two.token("busy");
    assert_eq!(two.ask(0, &token).await.0, 200);
    two.database.run("revoke all on services_rate_leases from qm_services_app").await;
    let uncounted = two.ask(1, &token).await.0;
    assert!(uncounted >= 500, "{uncounted}");
    two.database.run("grant select, insert, update, delete on services_rate_leases to qm_services_app").await;
    assert_eq!(two.ask(1, &token).await.0, 200);
}
