//! A company's folder, read and followed.

use std::sync::Arc;
use std::time::Duration;

use policy::{BadPolicies, follow, read_folder};
use tokio_util::sync::CancellationToken;

use super::*;

const FORBID: &str = "forbid (principal, action, resource);";

#[test]
fn a_folder_is_its_policy_files_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.cedar", "a.cedar", ".hidden.cedar", "README.md"] {
        std::fs::write(folder.path().join(name), FORBID).unwrap();
    }
    std::fs::create_dir(folder.path().join("c.cedar")).unwrap();
    let files = read_folder(folder.path()).unwrap();
    assert_eq!(files.iter().map(|file| &*file.name).collect::<Vec<_>>(), ["a.cedar", "b.cedar"]);
    assert_eq!(files[0].sha256().len(), 64);
}

#[test]
fn a_folder_that_is_not_there_is_a_fault_and_not_an_empty_one() {
    let missing = Path::new("/nowhere/policies");
    let BadPolicies(faults) = Authorizer::open(Some(missing)).unwrap_err();
    assert!(faults[0].to_string().starts_with("/nowhere/policies: cannot be read"), "{faults:?}");
}

/// Waits until it is so.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not come");
}

#[tokio::test]
async fn what_is_in_the_folder_takes_effect_and_what_is_bad_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.cedar");
    let authorizer = Arc::new(Authorizer::open(Some(folder.path())).unwrap());
    let stop = CancellationToken::new();
    let following = {
        let (authorizer, folder, stop) = (Arc::clone(&authorizer), folder.path().to_owned(), stop.clone());
        tokio::spawn(async move { follow(&authorizer, folder, stop).await })
    };
    let may = || authorizer.allows(&at_own(&[Role::Admin]), Action::ViewStock, Resource::Company);
    assert!(may());
    std::fs::write(&path, FORBID).unwrap();
    until("a new policy", || !may()).await;
    std::fs::write(&path, "forbid (principal, action").unwrap();
    until("a refusal", || authorizer.refused().is_some()).await;
    assert!(!may(), "the policies before stay in force");
    std::fs::remove_dir_all(folder.path()).unwrap();
    until("another refusal", || authorizer.refused().is_some_and(|bad| bad.to_string().contains("read")))
        .await;
    assert!(!may(), "a folder that is gone takes nothing away");
    std::fs::create_dir(folder.path()).unwrap();
    until("an empty folder", || may() && authorizer.refused().is_none()).await;
    stop.cancel();
    following.await.unwrap();
}
