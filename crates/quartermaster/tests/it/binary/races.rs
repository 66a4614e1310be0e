//! Two services processes on one database, and callers who race.

use futures_util::future::join_all;
use serde_json::json;

use super::company::Company;
use crate::support::api::User;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_race_for_the_last_ten_units_and_exactly_ten_are_sold() {
    let company = Company::start().await;
    let branch = company.create("/v1/branches", json!({ "name": "Harbour" })).await;
    let item = company.create("/v1/items", json!({ "sku": "A", "name": "A" })).await;
    for round in 0..4 {
        company.stock(branch, item, 10).await;
        let orders = company.drafts(vec![(branch, vec![(item, 1)]); 200]).await;
        let answers =
            join_all(orders.iter().enumerate().map(|(n, order)| company.fulfil(n, *order, None))).await;
        let sold = answers.iter().filter(|(status, _)| *status == 200).count();
        let refused =
            answers.iter().filter(|(_, body)| body["type"] == "/problems/insufficient-stock").count();
        assert_eq!((sold, refused), (10, 190), "round {round}");
        assert_eq!(company.count("select quantity::bigint from services_stock").await, 0);
    }
    company.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fulfilments_half_of_which_are_sent_twice_none_is_done_twice() {
    let company = Company::start().await;
    let branch = company.create("/v1/branches", json!({ "name": "Harbour" })).await;
    let item = company.create("/v1/items", json!({ "sku": "A", "name": "A" })).await;
    company.stock(branch, item, 10_000).await;
    let orders = company.drafts(vec![(branch, vec![(item, 3)]); 200]).await;
    // Every other one is sent to both processes at the same time, some of those under one key and some under none.
    let sendings = orders.iter().enumerate().flat_map(|(n, order)| {
        let key = (n % 4 == 0).then(|| format!("key-{order}"));
        let twice = if n % 2 == 0 { 2 } else { 1 };
        (0..twice).map(move |process| (process + n, *order, key.clone()))
    });
    let answers = join_all(sendings.map(|(process, order, key)| {
        let company = &company;
        async move { company.fulfil(process, order, key.as_deref()).await.0 }
    }))
    .await;
    assert_eq!(answers.len(), 300);
    assert!(answers.iter().all(|status| matches!(status, 200 | 409)), "{answers:?}");
    assert_eq!(company.count("select count(*) from services_orders where status = 'fulfilled'").await, 200);
    assert_eq!(company.count("select quantity::bigint from services_stock").await, 10_000 - 600);
    assert_eq!(
        company.count("select count(*) from services_stock_movements where kind = 'fulfilment'").await,
        200
    );
    company.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn skewed_orders_of_many_lines_over_two_branches_never_show_a_deadlock_to_a_client() {
    let company = Company::start().await;
    let mut branches = Vec::new();
    for name in ["Harbour", "Port"] {
        branches.push(company.create("/v1/branches", json!({ "name": name })).await);
    }
    let mut items = Vec::new();
    for n in 0..12 {
        items.push(company.create("/v1/items", json!({ "sku": format!("I{n}"), "name": "I" })).await);
    }
    for branch in &branches {
        for item in &items {
            company.stock(*branch, *item, 100_000).await;
        }
    }
    // Lines stand in every order; the first items are in nearly every order.
    let orders = (0..240_usize).map(|n| {
        let mut lines: Vec<(i64, i64)> =
            (0..6).map(|k| (items[(k * k + n % 3) % 12], 1 + (n % 3) as i64)).collect();
        lines.sort_unstable();
        lines.dedup_by_key(|(item, _)| *item);
        if n % 2 == 0 {
            lines.reverse();
        }
        (branches[n % 2], lines)
    });
    let orders = company.drafts(orders.collect()).await;
    let answers = join_all(orders.iter().enumerate().map(|(n, order)| {
        let company = &company;
        async move {
            let path = format!("/v1/orders/{order}/submit");
            let (submitted, _) = company.call(n, "POST", &path, &json!({}), None).await;
            let (fulfilled, _) = company.fulfil(n + 1, *order, None).await;
            (submitted, fulfilled)
        }
    }))
    .await;
    assert!(answers.iter().all(|answer| *answer == (200, 200)), "{answers:?}");
    company.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_services_process_that_is_killed_under_load_loses_no_acknowledged_order_and_does_none_twice() {
    let company = Company::start().await;
    let branch = company.create("/v1/branches", json!({ "name": "Harbour" })).await;
    let item = company.create("/v1/items", json!({ "sku": "A", "name": "A" })).await;
    company.stock(branch, item, 10_000).await;
    let orders = company.drafts(vec![(branch, vec![(item, 2)]); 300]).await;
    let fulfil = |(n, order): (usize, &i64)| {
        let (company, order) = (&company, *order);
        async move {
            let key = format!("fulfil-{order}");
            let (first, _) = company.fulfil(n, order, Some(&key)).await;
            let mut last = first;
            // What any careful client does when there is no answer: the same request again, to whoever lives.
            while !matches!(last, 200 | 422) {
                last = company.fulfil(0, order, Some(&key)).await.0;
            }
            (first, last)
        }
    };
    let (before, at_work) = orders.split_at(60);
    let mut answers = join_all(before.iter().enumerate().map(fulfil)).await;
    // Both processes are at work on the others, and cannot end it, when one of them is killed.
    let other = company.database.connect("quartermaster").await;
    other.batch_execute("begin; lock table services_stock").await.unwrap();
    let killing = async {
        company.database.until_waiting(2).await;
        company.kill(1);
        other.batch_execute("rollback").await.unwrap();
    };
    let (rest, ()) = tokio::join!(join_all(at_work.iter().enumerate().map(fulfil)), killing);
    answers.extend(rest);
    assert!(answers.iter().any(|(first, _)| *first == 0), "some were left without an answer");
    assert!(answers.iter().all(|(_, last)| *last == 200), "{answers:?}");
    assert_eq!(company.count("select count(*) from services_orders where status = 'fulfilled'").await, 300);
    assert_eq!(company.count("select quantity::bigint from services_stock").await, 10_000 - 600);
    let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    assert_eq!(company.count(open).await, 0);
    company.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_is_unique_where_the_setting_says_so() {
    let company = Company::start().await;
    let branch = company.create("/v1/branches", json!({ "name": "Harbour" })).await;
    let item = company.create("/v1/items", json!({ "sku": "A", "name": "A" })).await;
    let order = json!({ "branch_id": branch, "reference": "PO-7", "lines": [{ "item_id": item, "requested_qty": 1 }] });
    for _ in 0..2 {
        company.create("/v1/orders", order.clone()).await;
    }
    let (_process, address) = company.start_beside(&["--unique-references", "true"]).await;
    let answer = User::at(&address, &company.token).post("/v1/orders", order).await;
    answer.expect_problem(409, "duplicate");
}
