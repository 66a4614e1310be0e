//! What the operator does at the command line.

use crate::support::portal::Company;
use crate::support::program::{program, run_failing, run_ok};

#[tokio::test]
async fn sessions_second_factors_and_what_groups_need_are_in_the_operators_hands() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.signed_in("mia").await;
    let on = |arguments: &[&str]| {
        let mut command = program(arguments);
        command.env("QUARTERMASTER_DATABASE_URL", company.database.url());
        command
    };
    let listed = run_ok(&mut on(&["user", "sessions", "MIA"]));
    assert!(listed.starts_with("127.0.0.1") && listed.lines().count() == 1, "{listed}");
    assert_eq!(run_ok(&mut on(&["user", "sessions", "mia", "--end"])), "Ended 1 sessions of mia.\n");
    assert_eq!(browser.get("/").await.status(), 303);
    assert!(run_failing(&mut on(&["user", "sessions", "nobody"])).contains("there is no user \"nobody\""));

    let require = |how: &str| run_ok(&mut on(&["group", "require-second-factor", "admin", how]));
    assert_eq!(require("--on"), "Members of Admin need a second factor.\n");
    let led = company.signed_in("mia").await.get("/").await;
    assert_eq!(led.headers()["location"], "/accounts/second-factor/");
    assert_eq!(require("--off"), "Members of Admin may do without a second factor.\n");
    assert_eq!(require("--off"), "Members of Admin may do without a second factor already.\n");

    assert!(
        run_failing(&mut on(&["user", "reset-second-factor", "mia"])).contains("mia has no second factor")
    );
    let insert = "insert into portal_second_factors (user_id, secret, last_step) values (1, '', 0)";
    company.database.run(insert).await;
    let said = run_ok(&mut on(&["user", "reset-second-factor", "mia"]));
    assert_eq!(said, "Removed the second factor of mia and ended their sessions.\n");
    assert_eq!(company.signed_in("mia").await.get("/").await.status(), 200);
}
