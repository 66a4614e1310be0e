//! `policy check` and `policy explain`.

use crate::support::program::{file, program, run_failing_output, run_ok};
use crate::support::{App, TestDatabase};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/examples");

#[test]
fn check_lists_the_policies_or_every_fault_with_its_place() {
    let listed = run_ok(&mut program(&["policy", "check", EXAMPLES]));
    assert!(listed.contains("permit  admin-runs-its-branches  shipped/roles.cedar:"), "{listed}");
    assert!(listed.contains("forbid  nobody-fulfils-what-they-submitted  "), "{listed}");
    assert!(listed.contains("four-eyes.cedar:9"), "{listed}");
    let folder = tempfile::tempdir().unwrap();
    let path =
        file(folder.path(), "mine.cedar", "\nforbid (principal, action == Action::\"Fly\", resource);\n");
    let told = run_failing_output(&mut program(&["policy", "check", folder.path().to_str().unwrap()]));
    assert!(told.contains(&format!("{path}:2: ")) && told.contains("Fly"), "{told}");
    let told = run_failing_output(&mut program(&["policy", "check", "/nowhere"]));
    assert!(told.contains("/nowhere: cannot be read"), "{told}");
}

#[tokio::test]
async fn explain_tells_what_decides_and_where_it_stands() {
    let app = App::start().await;
    let (branch, item) = (app.branch("North").await, app.any_item().await);
    app.branch("South").await;
    app.stock(branch, item, 10).await;
    let order = app.draft(branch, &[(item, 1)]).await;
    let run = |arguments: Vec<String>| {
        let mut command = program(&[]);
        command.args(arguments).env("QUARTERMASTER_DATABASE_URL", app.database.url());
        command
    };
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut add = run(words("user add mia --role manager --branch North"));
    let mut child =
        add.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"a long enough password\n").unwrap();
    assert!(child.wait().unwrap().success());
    let explain = |rest: &str| {
        let mut arguments = words(&format!("policy explain --user mia {rest} --policies"));
        arguments.push(EXAMPLES.to_owned());
        run(arguments)
    };
    let told = run_ok(&mut explain(
        "--action SubmitOrders --resource order:1".replace('1', &order.to_string()).as_str(),
    ));
    assert!(told.contains("allowed, by") && told.contains("manager-runs-its-branches"), "{told}");
    for (rest, expected) in [
        (format!("--action FulfillOrders --resource order:{order}"), "a-draft-is-submitted-first"),
        (
            "--action AdjustStock --resource stock --branch North --amount -100.5".to_owned(),
            "large-adjustments.cedar:6",
        ),
        ("--action SubmitOrders --resource order --branch South".to_owned(), "hidden"),
        ("--action ManageUsers".to_owned(), "no policy permits it"),
    ] {
        let told = run_failing_output(&mut explain(&rest));
        assert!(told.contains(expected), "{rest}: {told}");
    }
}

#[tokio::test]
async fn the_program_does_not_start_with_policies_that_are_bad() {
    let database = TestDatabase::new().await;
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "mine.cedar", "forbid (principal");
    let mut command = program(&["serve", "services", "--services-addr", "127.0.0.1:0", "--policies"]);
    command.arg(folder.path()).env("QUARTERMASTER_DATABASE_URL", database.url());
    let said = crate::support::program::run_failing(&mut command);
    assert!(said.contains("mine.cedar:1: "), "{said}");
}
