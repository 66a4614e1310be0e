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

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn no_other_user_can_enter_the_data_directory_or_take_its_locks_also_where_an_older_version_let_them() {
    let dir = tempfile::tempdir().unwrap();
    // Like a directory that everybody can come to, such as /var/lib.
    set_mode(dir.path(), 0o755);
    let data_dir = dir.path().join("data");
    for older in [false, true] {
        let files = [data_dir.join("lock"), data_dir.join("users")];
        if older {
            files.iter().for_each(|file| set_mode(file, 0o644));
            set_mode(&data_dir, 0o755);
        }
        let server = PrivateServer::open(&data_dir, FAST).await.unwrap();
        // The group is that of the server's user where the program is root, and has nobody else in it.
        assert_eq!(mode(&data_dir) & 0o067, 0, "{:o}", mode(&data_dir));
        assert!(files.iter().all(|file| mode(file) == 0o600));
        assert_eq!(mode(&server.place.socket_dir), 0o700);
        assert_eq!(mode(&server.place.home), 0o700);
        server.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_data_directory_that_others_could_replace_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("data");
    fs::create_dir(&data_dir).unwrap();
    set_mode(dir.path(), 0o777);
    let refused = PrivateServer::open(&data_dir, FAST).await.unwrap_err();
    assert!(matches!(refused, PrivateServerError::Exposed(_)), "{refused}");
    assert!(refused.to_string().contains("chmod go-w"), "{refused}");
}
