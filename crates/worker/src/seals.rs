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
    loop {
        let began = Instant::now();
        for work in &mut works {
            let name = work.audited.log.name;
            if let Err(error) = seal(work, &key, &trusted, &mut heads).await {
                let error: &dyn std::error::Error = &error;
                tracing::error!(audit = name, error, "the audit could not be sealed; tried again later");
            }
            if let Some(url) = &push
                && let Err(error) = push_newest(work, url).await
            {
                tracing::warn!(audit = name, %error, "the head of the audit was not posted; tried again later");
            }
        }
        let pause = every.max(began.elapsed() * (SHARE - 1));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
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
    heads.catch_up(&conn, work.audited.log, trusted).await?;
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
