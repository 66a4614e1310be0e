use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use crate::{make_private_dir, narrow, read_private, read_trusted, trusted, write_new};

/// Nobody's number on every Unix of ours.
const NOBODY: u32 = 65_534;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A file in a folder of its own.
fn file(dir: &Path, mode: u32) -> PathBuf {
    let folder = dir.join("folder");
    make_private_dir(&folder).unwrap();
    let path = folder.join("file");
    fs::write(&path, "text").unwrap();
    set_mode(&path, mode);
    path
}

#[test]
fn a_file_that_others_may_write_is_refused_with_the_command_that_mends_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), 0o644);
    assert_eq!(read_trusted(&path).unwrap(), "text");
    for mode in [0o646, 0o666, 0o602] {
        set_mode(&path, mode);
        let said = read_trusted(&path).unwrap_err().to_string();
        assert!(said.contains("anybody on this machine can change it"), "{said}");
        assert!(said.contains(&format!("`chmod go-w {}`", path.canonicalize().unwrap().display())), "{said}");
    }
}

#[test]
fn a_secret_that_others_may_read_is_refused_and_a_group_may_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), 0o644);
    let said = read_private(&path).unwrap_err().to_string();
    assert!(said.contains("can read this secret") && said.contains("chmod o-rwx"), "{said}");
    for mode in [0o600, 0o640, 0o440] {
        set_mode(&path, mode);
        assert_eq!(read_private(&path).unwrap(), "text");
    }
}

#[test]
fn a_file_in_a_folder_that_others_may_write_is_refused_unless_they_can_remove_their_own_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), 0o600);
    let folder = path.parent().unwrap();
    set_mode(folder, 0o777);
    let said = read_trusted(&path).unwrap_err().to_string();
    assert!(said.contains("chmod go-w") && !said.contains("folder/file"), "{said}");
    assert!(trusted(folder).is_err());
    set_mode(folder, 0o1777);
    assert!(read_trusted(&path).is_ok());
    // Farther up it is the same: the whole folder could be replaced.
    set_mode(folder, 0o700);
    set_mode(dir.path(), 0o777);
    assert!(read_trusted(&path).is_err());
    assert!(trusted(folder).is_err());
}

#[test]
fn a_link_is_as_good_as_what_it_leads_to_and_the_folder_it_lies_in() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), 0o600);
    let links = dir.path().join("links");
    fs::create_dir(&links).unwrap();
    let link = links.join("link");
    symlink(&path, &link).unwrap();
    set_mode(&links, 0o755);
    assert!(read_trusted(&link).is_ok());
    set_mode(&links, 0o777);
    assert!(read_trusted(&link).is_err());
    set_mode(&links, 0o755);
    set_mode(&path, 0o666);
    assert!(read_trusted(&link).is_err());
}

#[test]
fn what_belongs_to_another_user_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), 0o600);
    // Only root can give a file away.
    if chown(&path, Some(NOBODY), None).is_err() {
        return;
    }
    let said = read_trusted(&path).unwrap_err().to_string();
    assert!(said.contains("belongs to user") && said.contains("chown 0"), "{said}");
    chown(&path, Some(0), None).unwrap();
    assert!(read_trusted(&path).is_ok());
    chown(path.parent().unwrap(), Some(NOBODY), None).unwrap();
    assert!(read_trusted(&path).is_err());
}

#[test]
fn what_others_could_do_is_taken_from_them_and_nothing_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), 0o644);
    narrow(&path, 0o600).unwrap();
    assert_eq!(mode(&path), 0o600);
    set_mode(&path, 0o400);
    narrow(&path, 0o600).unwrap();
    assert_eq!(mode(&path), 0o400);
    narrow(&dir.path().join("nothing"), 0o600).unwrap();
}

#[test]
fn a_new_secret_is_for_its_owner_alone_and_never_takes_the_place_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    write_new(&path, "one").unwrap();
    assert_eq!(mode(&path), 0o600);
    assert!(write_new(&path, "other").is_err());
    assert_eq!(read_private(&path).unwrap(), "one");
    let made = dir.path().join("a/b");
    assert!(make_private_dir(&made).unwrap());
    assert!(!make_private_dir(&made).unwrap());
    assert_eq!(mode(&made), 0o700);
}
