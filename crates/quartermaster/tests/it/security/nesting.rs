//! Texts nested as deep as somebody likes end no process: each is refused where it comes in.

use std::time::Duration;

use identity::{BranchScope, Role};
use reqwest::{Method, StatusCode};

use crate::support::App;
use crate::support::portal::Company;
use crate::support::program::{Running, file, free_address, program, run, run_failing_output};
use crate::support::{TestDatabase, until};

fn nested(open: &str, close: &str, times: usize) -> String {
    format!(
        "permit (principal, action, resource)\nwhen {{ {}true{} }};\n",
        open.repeat(times),
        close.repeat(times)
    )
}

/// The texts that ended the program, and the next of their kind.
fn texts() -> Vec<String> {
    let ways = [
        ("(", ")"),
        ("[", "]"),
        ("if ", " then true else true"),
        ("true && ", ""),
        ("{a:", "}"),
        ("!(", ")"),
    ];
    let times = [140, 1_000, 5_000, 100_000];
    ways.iter().flat_map(|(open, close)| times.map(|times| nested(open, close, times))).collect()
}

#[tokio::test]
async fn a_form_of_nested_policies_is_told_its_line_and_the_portal_goes_on() {
    let company = Company::start().await;
    company.admin("root").await;
    let browser = company.signed_in("root").await;
    for text in texts() {
        let answer = browser.post("/admin/policies/", &[("text", &text)]).await;
        // What is larger than any form is refused as that, or as a form whose token did not come.
        if [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::FORBIDDEN].contains(&answer.status()) {
            assert!(text.len() > 60_000);
            continue;
        }
        assert_eq!(answer.status(), 200);
        let page = answer.text().await.unwrap();
        let told = page.contains("pasted.cedar:2: ") || page.contains("is larger than 64 KiB");
        // 140 operators side by side are within the limits.
        assert!(told || text.matches("&&").count() == 140, "{}", text.len());
    }
    assert_eq!(browser.get("/").await.status(), 200);
}

#[test]
fn checking_nested_policies_names_the_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    for text in texts().into_iter().filter(|text| text.matches("&&").count() != 140) {
        let path = file(folder.path(), "mine.cedar", &text);
        let told = run_failing_output(&mut program(&["policy", "check", folder.path().to_str().unwrap()]));
        let at_line = told.starts_with(&format!("{path}:2: has a chain"))
            || told.starts_with(&format!("{path}:2: nests"));
        assert!(at_line || told.starts_with(&format!("{path}: is larger than 64 KiB")), "{told}");
    }
}

#[tokio::test]
async fn nested_policies_in_the_folder_are_refused_while_the_program_runs_and_when_it_starts() {
    let (database, folder) = (TestDatabase::new().await, tempfile::tempdir().unwrap());
    let (services, portal) = (free_address(), free_address());
    let command = || {
        let mut command =
            program(&["serve", "--services-addr", &services, "--portal-addr", &portal, "--policies"]);
        command.arg(folder.path()).env("QUARTERMASTER_DATABASE_URL", database.url());
        command
    };
    let mut running = Running::start(command());
    let url = format!("http://{services}/ready");
    running.wait_for(&url).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ready = async || http.get(&url).send().await.unwrap().text().await.unwrap();
    for (open, close) in [("(", ")"), ("[", "]")] {
        file(folder.path(), "mine.cedar", nested(open, close, 1_000));
        until("the policies to be refused", async || ready().await.contains("policies: ")).await;
        file(folder.path(), "mine.cedar", "");
        until("the policies to be taken", async || !ready().await.contains("policies: ")).await;
    }
    drop(running);
    file(folder.path(), "mine.cedar", nested("(", ")", 1_000));
    let output = run(&mut command());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("mine.cedar:2: nests more than 64"), "{said}");
}

#[test]
fn a_nested_configuration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        for times in [1_000, 100_000] {
            let text = format!("data_dir = {}1{}\n", open.repeat(times), close.repeat(times));
            let path = file(folder.path(), "mine.toml", text);
            let output = run(&mut program(&["config", "--config", &path]));
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code().is_some_and(|code| code != 0), "{said}");
            assert!(said.contains("mine.toml"), "{}", said.get(..300).unwrap_or(&said));
        }
    }
    let keys = format!("{} = 1\n", vec!["a"; 100_000].join("."));
    let path = file(folder.path(), "mine.toml", keys);
    assert!(run(&mut program(&["config", "--config", &path])).status.code().is_some_and(|code| code != 0));
}

#[tokio::test]
async fn nested_bodies_and_queries_are_refused() {
    let app = App::start().await;
    let admin = app.user("root", &[Role::Admin], &BranchScope::All);
    for (open, close) in [("[", "]"), ("{\"lines\":", "}")] {
        for times in [200, 10_000] {
            let body = format!("{}1{}", open.repeat(times), close.repeat(times));
            for path in ["/v1/orders", "/v1/items", "/v1/branches"] {
                let request = admin.request(Method::POST, path).header("content-type", "application/json");
                let answer = crate::support::api::send(request.body(body.clone())).await;
                assert!([400, 413, 422].contains(&answer.status), "{} {}", answer.status, answer.text());
            }
        }
    }
    let query = format!("/v1/items?{}=1", "q[".repeat(2_000));
    let answer = tokio::time::timeout(Duration::from_secs(60), admin.get(&query)).await.unwrap();
    assert!(answer.status < 500);
}
