//! A company's folder of policies, followed while the program runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::authorizer::Authorizer;
use crate::set::Policies;
use crate::source::{BadPolicies, PolicyFile, read_folder};

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_millis(500);

type Seen = Result<Vec<PolicyFile>, BadPolicies>;

/// Puts in force what is in the folder whenever it changes, until `stop`. What is found is taken when two looks have
/// found the same, so that no file is taken while it is half written. Bad policies, and a folder that cannot be read,
/// change nothing: those before stay in force.
pub async fn follow(authorizer: &Authorizer, folder: PathBuf, stop: CancellationToken) {
    let folder: Arc<Path> = folder.into();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let in_force = authorizer.policies().files().to_vec();
    let (mut seen, mut taken): (Seen, Seen) = (Ok(in_force.clone()), Ok(in_force));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let folder = Arc::clone(&folder);
        let Ok(found) = tokio::task::spawn_blocking(move || read_folder(&folder)).await else { continue };
        if found == seen && found != taken {
            take(authorizer, found.clone()).await;
            taken = found.clone();
        }
        seen = found;
    }
}

async fn take(authorizer: &Authorizer, found: Seen) {
    let policies = match found {
        Ok(files) => tokio::task::spawn_blocking(move || Policies::new(files)).await,
        Err(bad) => Ok(Err(bad)),
    };
    match policies {
        Ok(Ok(policies)) => {
            let files: Vec<&str> = policies.files().iter().map(|file| &*file.name).collect();
            tracing::info!(files = files.join(", "), "these policies of the company are in force now");
            authorizer.replace(policies);
        }
        Ok(Err(bad)) => {
            for fault in &bad.0 {
                tracing::error!("policies are refused, and those before stay in force: {fault}");
            }
            authorizer.set_refused(Some(bad));
        }
        Err(error) => tracing::error!(%error, "policies could not be read"),
    }
}
