//! What services follow: the published keys, the revocations and who answers for clients. Each portal process looks at one
//! number in the database several times a second, and wakes the requests that wait when it has changed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use identity::{JwkSet, Owners, SigningKey, TokenFeed};
use platform::http::{Network, PerNetwork};
use platform::pg::Database;
use platform::statement;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::clients;
use crate::error::Error;
use crate::keys::{self, OpenedKey};
use crate::revocations;
use crate::secrets::KeyEncryptionKey;

/// How often the database is asked for the version. With the time that the answer takes to those who wait, a change is
/// known everywhere well within a second.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long a request waits for a change; less than proxies give up after.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// How many requests wait at once, one for each services process. Those beyond are answered at once and ask again.
const MOST_WAITING: usize = 1_024;
/// How many of them from one network, so that nobody takes the places of all.
const MOST_OF_ONE: usize = 64;

statement! {
    /// The version of keys and revocations.
    VERSION: "portal" = "select version from portal_token_feed";
}

/// What is published, as one version has it.
#[derive(Debug)]
pub(crate) struct Published {
    version: i64,
    keys: Vec<OpenedKey>,
    revoked: HashMap<String, i64>,
    owners: HashMap<String, String>,
}

impl Published {
    pub(crate) async fn load(database: &Database, encryption: &KeyEncryptionKey) -> Result<Published, Error> {
        let transaction = database.begin_snapshot().await?;
        let version = transaction.query_one(&VERSION, &[]).await?.get(0);
        let keys = keys::open(&transaction, encryption).await?;
        let revoked = revocations::live(&transaction).await?;
        let owners = clients::owners_in(&transaction).await?;
        transaction.commit().await?;
        Ok(Published { version, keys, revoked, owners })
    }

    /// The public keys.
    pub(crate) fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.keys.iter().map(|opened| opened.key.public().clone()).collect() }
    }

    /// The key that signs in that second (since 1970): the one whose time came last.
    pub(crate) fn signing(&self, second: i64) -> Option<&SigningKey> {
        let begun = self.keys.iter().rev().find(|opened| opened.signs_from <= second);
        begun.or(self.keys.first()).map(|opened| &opened.key)
    }
}

type Sender = watch::Sender<Arc<Published>>;

/// The newest version that this process knows.
#[derive(Debug)]
pub(crate) struct Feed {
    published: watch::Receiver<Arc<Published>>,
    owners: Owners,
    /// Until [`Feed::follow`] takes it. Once that has ended, nobody waits any longer.
    sender: Mutex<Option<Sender>>,
    waiting: Semaphore,
    of_networks: Arc<PerNetwork>,
}

impl Feed {
    pub(crate) fn of(published: Published) -> Feed {
        let owners = Owners::of(published.owners.clone());
        let (sender, published) = watch::channel(Arc::new(published));
        Feed {
            published,
            owners,
            sender: Mutex::new(Some(sender)),
            waiting: Semaphore::new(MOST_WAITING),
            of_networks: Arc::new(PerNetwork::new(MOST_OF_ONE)),
        }
    }

    /// Who answers for which client, as this process knows it at any time.
    pub(crate) fn owners(&self) -> &Owners {
        &self.owners
    }

    pub(crate) fn now(&self) -> Arc<Published> {
        Arc::clone(&self.published.borrow())
    }

    /// What is published, once that is another version than `after` or the time to wait is over, for who asks from `ip`.
    pub(crate) async fn after(&self, after: i64, ip: IpAddr) -> TokenFeed {
        let counted = self.of_networks.enter(Network::of(ip));
        if let (Some(_counted), Ok(_waiting)) = (counted, self.waiting.try_acquire()) {
            let mut published = self.published.clone();
            let changed = published.wait_for(|published| published.version != after);
            // Late, or at the end of this process: what is known is the answer.
            let _ = tokio::time::timeout(LONGEST_WAIT, changed).await;
        }
        let now = self.now();
        let (revoked, owners) = (now.revoked.clone(), now.owners.clone());
        TokenFeed { keys: now.jwks(), version: now.version, revoked, owners }
    }

    /// Looks for changes until `stop`.
    pub(crate) async fn follow(
        &self,
        database: &Database,
        encryption: &KeyEncryptionKey,
        stop: CancellationToken,
    ) {
        let Some(sender) = self.sender.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            match self.look(database, encryption, &sender).await {
                Ok(()) => failing = false,
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        let error: &dyn std::error::Error = &error;
                        tracing::warn!(error, "changes of keys and revocations cannot be seen; trying on");
                    }
                }
            }
        }
    }

    async fn look(
        &self,
        database: &Database,
        encryption: &KeyEncryptionKey,
        sender: &Sender,
    ) -> Result<(), Error> {
        let version: i64 = database.get().await?.query_one(&VERSION, &[]).await?.get(0);
        if version != self.now().version {
            let published = Published::load(database, encryption).await?;
            self.owners.replace(&published.owners);
            sender.send_replace(Arc::new(published));
        }
        Ok(())
    }
}
