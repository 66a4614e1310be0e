//! The main job, end to end: import, create, submit, fulfil over HTTP with real tokens, and everything holds.

use serde_json::{Value, json};

use crate::support::program::{Running, file, free_address, program, run_ok};

#[tokio::test]
async fn branches_take_promise_and_ship_stock() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").to_str().unwrap().to_owned();
    let (portal, services) = (free_address(), free_address());
    let with_data = |arguments: &[&str]| program(&[arguments, &["--data-dir", &data]].concat());
    let branches = file(dir.path(), "branches.csv", "name;timezone\nHarbour;Europe/Berlin\nPort;UTC\n");
    let items =
        file(dir.path(), "items.csv", "sku,name,unit,decimal_places\nNAIL,Nails,pcs,0\nROPE,Rope,m,2\n");
    let stock = file(
        dir.path(),
        "stock.csv",
        "branch,sku,quantity\nHarbour,NAIL,100\nHarbour,ROPE,12.5\nPort,NAIL,3\n",
    );
    let orders = file(
        dir.path(),
        "orders.csv",
        "reference,branch,sku,requested_qty,status\nOLD-1,Harbour,NAIL,10,fulfilled\nOLD-2,Harbour,ROPE,2.5,submitted\n",
    );
    run_ok(&mut with_data(&["migrate"]));
    for (kind, path) in [("branches", &branches), ("items", &items), ("stock", &stock), ("orders", &orders)] {
        run_ok(&mut with_data(&["import", kind, path]));
    }
    let mut add = with_data(&["user", "add", "mia", "--role", "manager", "--branch", "Harbour"]);
    let mut child = add.stdin(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"long enough\n").unwrap();
    assert!(child.wait().unwrap().success());

    let mut server =
        Running::start(with_data(&["serve", "--portal-addr", &portal, "--services-addr", &services]));
    server.wait_for(&format!("http://{services}/ready")).await;
    server.wait_for(&format!("http://{portal}/ready")).await;
    let token = run_ok(&mut with_data(&["token", "--user", "mia"])).trim().to_owned();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let call = async |method: &str, path: &str, body: Value| -> (u16, Value) {
        let request = http.request(method.parse().unwrap(), format!("http://{services}{path}"));
        let answer = request.bearer_auth(&token).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    let body = json!({ "branch_id": 1, "reference": "NEW-1", "lines": [
        { "item_id": 1, "requested_qty": 40 }, { "item_id": 2, "requested_qty": 9.75 }] });
    let (status, order) = call("POST", "/v1/orders", body).await;
    assert_eq!(status, 201, "{order}");
    let path = format!("/v1/orders/{}", order["id"]);
    let (status, submitted) = call("POST", &format!("{path}/submit"), json!({})).await;
    assert_eq!((status, &submitted["status"]), (200, &json!("submitted")));
    let (status, fulfilled) = call("POST", &format!("{path}/fulfill"), json!({})).await;
    assert_eq!((status, &fulfilled["status"]), (200, &json!("fulfilled")));
    let (_, levels) = call("GET", "/v1/stock", json!(null)).await;
    let figures: Vec<(Value, Value, Value)> = levels
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["quantity"].clone(), row["reserved"].clone(), row["available"].clone()))
        .collect();
    assert_eq!(figures, [(json!(50), json!(0), json!(50)), (json!(2.75), json!(2.5), json!(0.25))]);
    let (status, problem) = call("POST", &format!("{path}/fulfill"), json!({})).await;
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/wrong-state")));

    server.signal("TERM");
    assert!(server.wait().success());
    assert!(run_ok(&mut with_data(&["verify"])).contains("Everything holds."));
}
