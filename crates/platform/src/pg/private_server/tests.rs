use super::*;

const FAST: &[(&str, &str)] = &[("fsync", "off"), ("shared_buffers", "16MB")];

async fn value_kept(server: &PrivateServer) -> i32 {
    let client = server.connect(DATABASE).await.unwrap();
    client.query_one("select n from kept", &[]).await.unwrap().get(0)
}

async fn keep_value(server: &PrivateServer) {
    let client = server.connect(DATABASE).await.unwrap();
    client.batch_execute("create table kept (n int); insert into kept values (7)").await.unwrap();
}

/// Forgets the server as a killed program does: without stopping it, but giving up its locks.
fn killed(server: PrivateServer) {
    drop(server);
}

#[tokio::test]
async fn a_stopped_server_starts_again_with_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let server = PrivateServer::open(dir.path(), FAST).await.unwrap();
    keep_value(&server).await;
    server.stop().await.unwrap();
    let server = PrivateServer::open(dir.path(), FAST).await.unwrap();
    assert_eq!(value_kept(&server).await, 7);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_log_is_compressed_by_lz4_where_the_server_knows_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = PrivateServer::open(dir.path(), FAST).await.unwrap();
    let method = "select setting, case when 'lz4' = any(enumvals) then 'lz4' else 'pglz' end
                  from pg_settings where name = 'wal_compression'";
    let row = server.connect(DATABASE).await.unwrap().query_one(method, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), row.get::<_, &str>(1));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_a_killed_program_left_running_is_adopted_and_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let server = PrivateServer::open(dir.path(), FAST).await.unwrap();
    keep_value(&server).await;
    let pid = server.place.running_pid().unwrap();
    killed(server);
    let server = PrivateServer::open(dir.path(), FAST).await.unwrap();
    assert_eq!(server.place.running_pid().unwrap(), pid);
    assert_eq!(value_kept(&server).await, 7);
    let data = server.place.data();
    server.stop().await.unwrap();
    assert!(!data.join("postmaster.pid").exists());
}

#[tokio::test]
async fn the_server_runs_until_its_last_program_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let first = PrivateServer::open(dir.path(), FAST).await.unwrap();
    keep_value(&first).await;
    let second = PrivateServer::open(dir.path(), FAST).await.unwrap();
    first.stop().await.unwrap();
    assert_eq!(value_kept(&second).await, 7);
    let data = second.place.data();
    second.stop().await.unwrap();
    assert!(!data.join("postmaster.pid").exists());
}

#[tokio::test]
async fn a_pid_file_whose_number_another_program_has_now_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let server = PrivateServer::open(dir.path(), FAST).await.unwrap();
    let pid_file = server.place.data().join("postmaster.pid");
    server.stop().await.unwrap();
    fs::write(&pid_file, format!("{}\n", std::process::id())).unwrap();
    let server = PrivateServer::open(dir.path(), FAST).await.unwrap();
    assert!(server.connect(DATABASE).await.is_ok());
    server.stop().await.unwrap();
}

#[test]
fn a_postgres_that_was_killed_does_not_live_though_nobody_asked_how_it_ended() {
    assert!(super::place::is_postgres("812 (postgres) S 1 812 812 0 -1 4194560"));
    assert!(!super::place::is_postgres("812 (postgres) Z 1 812 812 0 -1 4194560"));
    assert!(!super::place::is_postgres("812 (a (postgres) S) S 1 812 812 0 -1 4194560"));
}
