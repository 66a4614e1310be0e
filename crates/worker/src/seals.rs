//! Sealing the audits every few seconds.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use auditlog::{AuditError, Heads, Log, Sealer};
use platform::pg::Database;
use seal::{PublicKey, Seal, SealingKey, Signed};
use tokio_util::sync::CancellationToken;

use crate::push::push;

/// How the audits are sealed.
#[derive(Debug)]
pub struct Sealing {
    /// Which.
    pub audits: Vec<Audited>,
    /// With which key.
    pub key: SealingKey,
    /// The keys that may have signed earlier seals, and this one.
    pub trusted: Vec<PublicKey>,
    /// The file that each head goes to.
    pub heads: PathBuf,
    /// The URL that the newest head of each audit is posted to.
    pub push: Option<String>,
    /// How often.
    pub every: Duration,
}

/// An audit and its database.
#[derive(Debug, Clone)]
pub struct Audited {
    /// The audit.
    pub log: &'static Log,
    /// The pool of its owner's running role.
    pub database: Database,
}

/// Sealing takes at most one part in so many of the time, however much there is to be read.
const SHARE: u32 = 10;

/// One audit at work.
struct Work {
    audited: Audited,
    sealer: Sealer,
    /// The newest seal that was posted.
    pushed: Option<Signed<Seal>>,
}

pub(crate) async fn keep_sealing(sealing: Sealing, stop: CancellationToken) {
    let Sealing { audits, key, trusted, heads, push, every } = sealing;
    let mut heads = Heads::new(heads);
    let work = |audited: Audited| Work {
        sealer: Sealer::new(audited.log, audited.database.clone()),
        audited,
        pushed: None,
    };
    let mut works: Vec<Work> = audits.into_iter().map(work).collect();
    let sealing = async {
        loop {
            let began = Instant::now();
            for work in &mut works {
                report(work.audited.log, seal(work, &key, &trusted, &mut heads).await);
                if let Some(url) = &push
                    && let Err(error) = push_newest(work, url).await
                {
                    let audit = work.audited.log.name;
                    tracing::warn!(audit, %error, "the head of the audit was not posted; tried again later");
                }
            }
            tokio::time::sleep(every.max(began.elapsed() * (SHARE - 1))).await;
        }
    };
    // A backlog may take long: what is cut off is rolled back, and sealed by the next worker.
    tokio::select! {
        () = stop.cancelled() => {}
        () = sealing => {}
    }
}

fn report(log: &Log, sealed: Result<(), AuditError>) {
    let Err(error) = sealed else { return };
    let (audit, again) = (log.name, "the audit could not be sealed; tried again later");
    match error {
        AuditError::Database(error) => tracing::warn!(audit, %error, "{again}"),
        error => tracing::error!(audit, %error, "{again}"),
    }
}

async fn seal(
    work: &mut Work,
    key: &SealingKey,
    trusted: &[PublicKey],
    heads: &mut Heads,
) -> Result<(), AuditError> {
    let seals = work.sealer.seal(key).await?;
    if let (Some(first), Some(last)) = (seals.first(), seals.last()) {
        tracing::debug!(
            audit = work.audited.log.name,
            first = first.statement.number,
            last = last.statement.number,
            "sealed"
        );
    }
    let conn = work.audited.database.get().await?;
    let caught_up = heads.catch_up(&conn, work.audited.log, trusted).await?;
    if let Some((first, last)) = caught_up.put_back {
        let (audit, file) = (work.audited.log.name, heads.path().display());
        tracing::error!(audit, first, last, %file, "heads were missing in their file and were written again; find out why");
    }
    Ok(())
}

/// Posts the newest seal where it was not posted yet; it vouches for all before it.
async fn push_newest(work: &mut Work, url: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let conn = work.audited.database.get().await?;
    let newest = auditlog::last_seal(&conn, work.audited.log).await?;
    drop(conn);
    if let Some(newest) = newest.filter(|newest| work.pushed.as_ref() != Some(newest)) {
        push(url, &newest).await?;
        work.pushed = Some(newest);
    }
    Ok(())
}
