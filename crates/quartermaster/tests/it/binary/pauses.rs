//! A services process that stands still.

use serde_json::json;

use super::company::Company;

#[tokio::test]
async fn a_process_that_stands_still_with_stock_in_its_hands_keeps_it_from_nobody() {
    let company = Company::start().await;
    let branch = company.create("/v1/branches", json!({ "name": "Harbour" })).await;
    let item = company.create("/v1/items", json!({ "sku": "A", "name": "A" })).await;
    company.stock(branch, item, 10).await;
    let drafts = company.drafts(vec![(branch, vec![(item, 2)]); 2]).await;

    // The first process is let into the stock while it stands still: its locks are held, and nobody is there to use them.
    let other = company.database.connect("quartermaster").await;
    other.batch_execute("begin; lock table services_stock").await.unwrap();
    let paused = company.fulfil(0, drafts[0], Some("first"));
    let meanwhile = async {
        company.database.until_waiting(1).await;
        company.pause(0);
        other.batch_execute("rollback").await.unwrap();
        let sold = company.fulfil(1, drafts[1], None).await;
        company.go_on(0);
        sold
    };
    let (answered, sold) = tokio::join!(paused, meanwhile);
    assert_eq!(sold.0, 200, "{}", sold.1);
    assert!(matches!(answered.0, 200 | 503), "{answered:?}");

    let repeated = company.fulfil(0, drafts[0], Some("first")).await;
    assert_eq!(repeated.0, 200, "{}", repeated.1);
    let left = company.count("select quantity::bigint from services_stock").await;
    assert_eq!(left, 6);
    company.database.assert_sound().await;
}
