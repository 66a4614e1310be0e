//! Clients who hang up at any point of a request, with FIN or with RST.

use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::company::Company;

/// When a client hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    InHead,
    AfterHead,
    InBody,
    AfterBody,
    Later,
    InAnswer,
}

const POINTS: [Point; 6] =
    [Point::InHead, Point::AfterHead, Point::InBody, Point::AfterBody, Point::Later, Point::InAnswer];

impl Point {
    /// The `n`th client's: every point, each with FIN and with RST, at each of the two processes.
    fn of(n: usize) -> Point {
        POINTS[n / 4 % POINTS.len()]
    }

    fn cuts(self) -> bool {
        matches!(self, Point::InHead | Point::AfterHead | Point::InBody)
    }
}

/// Sends a fulfilment, or the beginning of one, and hangs up.
async fn hang_up(company: &Company, n: usize, order: i64) {
    let address = company.services[n % 2].strip_prefix("http://").unwrap();
    let (token, body) = (&company.token, "{\"override_negative\":false}");
    let head = format!(
        "POST /v1/orders/{order}/fulfill HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         idempotency-key: {order}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let request = format!("{head}{body}");
    let sent = match Point::of(n) {
        Point::InHead => 1 + n * 31 % (head.len() - 1),
        Point::AfterHead => head.len(),
        Point::InBody => head.len() + 1 + n % (body.len() - 1),
        Point::AfterBody | Point::Later | Point::InAnswer => request.len(),
    };
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&request.as_bytes()[..sent]).await.unwrap();
    match Point::of(n) {
        Point::Later => tokio::time::sleep(Duration::from_micros(n as u64 * 37 % 10_000)).await,
        Point::InAnswer => assert_ne!(stream.read(&mut [0; 20]).await.unwrap(), 0),
        _ => {}
    }
    if n % 4 < 2 {
        stream.set_zero_linger().unwrap();
    }
}

/// Asks the other process under the same key until the first request is over.
async fn ask_again(company: &Company, n: usize, order: i64) -> u16 {
    let (path, key) = (format!("/v1/orders/{order}/fulfill"), order.to_string());
    let body = json!({ "override_negative": false });
    loop {
        let (status, answer) = company.call(n + 1, "POST", &path, &body, Some(&key)).await;
        if answer["type"] != "/problems/idempotency-in-flight" {
            return status;
        }
    }
}

fn open_files(company: &Company) -> usize {
    let files = |id: u32| std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().count();
    company.running.iter().map(|running| files(running.child.id())).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_who_hang_up_leave_nothing_half_posted_and_nothing_hanging() {
    let company = Company::start().await;
    let branch = company.create("/v1/branches", json!({ "name": "Harbour" })).await;
    let item = company.create("/v1/items", json!({ "sku": "A", "name": "A" })).await;
    company.stock(branch, item, 10_000).await;
    let orders = company.drafts(vec![(branch, vec![(item, 2)]); 504]).await;
    let files = open_files(&company);
    let clients = orders.iter().enumerate().map(|(n, order)| hang_up(&company, n, *order));
    stream::iter(clients).buffer_unordered(32).collect::<Vec<()>>().await;

    // As many files more as the pools may still grow by; a client left behind would be one more each.
    let busy = "select count(*) from pg_stat_activity \
                where datname = current_database() and application_name like 'quartermaster%' and state <> 'idle'";
    let end = Instant::now() + Duration::from_secs(30);
    while open_files(&company) > files + 32 || company.count(busy).await > 0 {
        assert!(Instant::now() < end, "{} files, {files} before", open_files(&company));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Whoever sent all of it and asks again, under the same key and the other process, finds it done once.
    for (n, order) in orders.iter().enumerate().filter(|(n, _)| !Point::of(*n).cuts()) {
        if Point::of(n) == Point::InAnswer {
            let done =
                format!("select count(*) from services_orders where id = {order} and status = 'fulfilled'");
            assert_eq!(company.count(&done).await, 1, "order {order}");
        }
        assert_eq!(ask_again(&company, n, *order).await, 200, "order {order}");
    }
    // Whoever did not send all of it changed nothing.
    let whole = (0..orders.len()).filter(|n| !Point::of(*n).cuts()).count() as i64;
    for (sql, expected) in [
        ("select count(*) from services_orders where status = 'fulfilled'", whole),
        ("select count(*) from services_orders where status = 'draft' and version = 1", 504 - whole),
        ("select count(*) from services_audit_logs where action = 'order.fulfilled'", whole),
        ("select quantity::bigint from services_stock", 10_000 - 2 * whole),
    ] {
        assert_eq!(company.count(sql).await, expected, "{sql}");
    }
    company.database.assert_sound().await;
}
