//! How the program ends when it is told to.

use reqwest::Client;
use serde_json::Value;

use crate::support::program::{Running, free_address, program};
use crate::support::{TestDatabase, until};

async fn asked(http: &Client, url: &str) -> (u16, Value) {
    let answer = http.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_says_so_and_serves_on_for_its_shutdown_delay() {
    let database = TestDatabase::new().await;
    for part in ["services", "portal"] {
        let address = free_address();
        let flag = format!("--{part}-addr");
        // The test ends it before that time is over.
        let mut command =
            program(&["serve", part, &flag, &address, "--shutdown-delay", "5m", "--log", "warn"]);
        command.env("QUARTERMASTER_DATABASE_URL", database.url());
        let mut process = Running::start(command);
        let http = Client::builder().no_proxy().build().unwrap();
        let (ready, health) = (format!("http://{address}/ready"), format!("http://{address}/health"));
        process.wait_for(&ready).await;

        process.signal("TERM");
        until("it to say so", async || asked(&http, &ready).await.0 != 200).await;
        let told = asked(&http, &ready).await;
        assert_eq!((told.0, &told.1["detail"]), (503, &Value::from("Not ready: process: it is stopping.")));
        assert_eq!(asked(&http, &health).await.0, 200);
        process.signal("TERM");
        assert_eq!(process.wait().code(), Some(130), "a second signal ends it at once");
    }
}
