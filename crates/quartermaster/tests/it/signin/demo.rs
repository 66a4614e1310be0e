//! No account that everybody knows.

use crate::support::TestDatabase;
use crate::support::program::{Running, free_address, program, run_failing};

#[tokio::test]
async fn serve_refuses_a_database_whose_users_have_the_demos_passwords() {
    let database = TestDatabase::new().await;
    database
        .run(
            "insert into portal_users (username, password_hash, password_of_demo, active) values
             ('admin', '!', true, true), ('worker', '!', true, true), ('gone', '!', true, false), ('own', '!', false, true)",
        )
        .await;
    let portal = free_address();
    let serve = || {
        let mut command = program(&["serve", "portal", "--portal-addr", &portal]);
        command.env("QUARTERMASTER_DATABASE_URL", database.url());
        command
    };
    let said = run_failing(&mut serve());
    assert!(said.contains("admin, worker still have the passwords"), "{said}");
    assert!(said.contains("quartermaster user passwd NAME"), "{said}");
    for name in ["admin", "worker"] {
        let mut passwd = program(&["user", "passwd", name]);
        passwd.env("QUARTERMASTER_DATABASE_URL", database.url()).stdin(std::process::Stdio::piped());
        let mut child = passwd.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"long enough\n").unwrap();
        assert!(child.wait().unwrap().success());
    }
    let mut running = Running::start(serve());
    running.wait_for(&format!("http://{portal}/ready")).await;
}

#[tokio::test]
async fn a_migrated_database_has_no_user_at_all() {
    let database = TestDatabase::new().await;
    assert_eq!(database.value::<i64>("select count(*) from portal_users").await, 0);
}
