//! The services as the portal's pages need them: asked with the user's own token, and when they do not answer, what they
//! last said, so that a page is never empty because of a bad line.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use client::{ClientError, Services};
use identity::{BranchScope, Role, Roles};
use jiff::{SignedDuration, Timestamp};
use policy::Policies;
use quick_cache::sync::Cache;

use crate::Config;

/// How many answers are kept, over all users. A page of a list is some tens of kilobytes.
const REMEMBERED: usize = 2_000;

/// For how long an answer is shown: as long as a token that was made with it could have lived.
const SHOWN_FOR: SignedDuration = SignedDuration::from_mins(15);

/// Who was answered, with what rights: what is known to somebody is not shown to them once they may less.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asker {
    pub user_id: i64,
    /// Roles, branches and the company's policies, as [`rights`] writes them.
    pub rights: Arc<str>,
}

/// What the services' answers depend on besides their data.
pub(crate) fn rights(roles: &[Role], scope: &BranchScope, policies: &Policies) -> Arc<str> {
    let roles: Roles = roles.iter().copied().collect();
    let roles = roles.iter().map(Role::name).collect::<Vec<_>>().join(" ");
    let branches = match scope {
        BranchScope::All => "*".to_owned(),
        BranchScope::Only(branches) => branches.iter().map(|id| format!("{id} ")).collect(),
    };
    format!("{roles}/{branches}/{}", policies.sha256()).into()
}

/// An answer, and when it came.
type Answer = (Timestamp, Arc<dyn Any + Send + Sync>);

/// The services, with what they last said to each user. Two sessions of a user share it: both may see it.
pub(crate) struct Upstream {
    services: Services,
    patience: Duration,
    last: Cache<(Asker, String), Answer>,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("services", &self.services).finish_non_exhaustive()
    }
}

impl Upstream {
    pub(crate) fn new(config: &Config) -> Result<Upstream, ClientError> {
        let services = Services::at(&config.services_url, config.patience, config.services_ca.as_deref())?;
        Ok(Upstream { services, patience: config.patience.in_all, last: Cache::new(REMEMBERED) })
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// The answer, if it comes before a page has waited long enough, however many calls it takes.
    pub(crate) async fn in_time<T>(
        &self,
        asked: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        tokio::time::timeout(self.patience, asked).await.unwrap_or(Err(ClientError::NoAnswer(None)))
    }

    /// Keeps what the services said to somebody under that name.
    pub(crate) fn remember<T: Any + Send + Sync>(
        &self,
        asker: Asker,
        name: String,
        value: T,
        now: Timestamp,
    ) -> Arc<T> {
        let value = Arc::new(value);
        let kept: Arc<dyn Any + Send + Sync> = Arc::clone(&value) as _;
        self.last.insert((asker, name), (now, kept));
        value
    }

    /// What they last said to somebody with these rights under that name, and when, if that is not too long ago.
    pub(crate) fn recall<T: Any + Send + Sync>(
        &self,
        asker: Asker,
        name: String,
        now: Timestamp,
    ) -> Option<(Timestamp, Arc<T>)> {
        let key = (asker, name);
        let (at, value) = self.last.get(&key)?;
        if now.duration_since(at) > SHOWN_FOR {
            self.last.remove(&key);
            return None;
        }
        Some((at, value.downcast().ok()?))
    }

    /// Forgets one thing: the services say that it is not there, or not for this asker.
    pub(crate) fn forget(&self, asker: &Asker, name: &str) {
        self.last.remove(&(asker.clone(), name.to_owned()));
    }

    /// Forgets all that the user was told, with whatever rights: the services refuse them.
    pub(crate) fn forget_all(&self, user_id: i64) {
        self.last.retain(|(asker, _), _| asker.user_id != user_id);
    }

    /// Forgets what is shown no longer, so that it does not lie in memory either.
    pub(crate) fn purge(&self, now: Timestamp) {
        self.last.retain(|_, (at, _)| now.duration_since(*at) <= SHOWN_FOR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn upstream() -> Upstream {
        let patience = Duration::from_secs(1);
        let patience = client::Patience { per_try: patience, in_all: patience };
        let services = Services::at("http://127.0.0.1:1", patience, None).unwrap();
        Upstream { services, patience: patience.in_all, last: Cache::new(10) }
    }

    fn asker(user_id: i64, roles: &[Role], branches: &[i64]) -> Asker {
        let scope = BranchScope::only(branches.iter().copied().map(domain::BranchId));
        Asker { user_id, rights: rights(roles, &scope, &Policies::new(Vec::new()).unwrap()) }
    }

    #[test]
    fn what_was_last_known_is_for_who_asked_with_the_rights_they_had_then() {
        let upstream = upstream();
        let mia = asker(1, &[Role::Auditor], &[1, 2]);
        upstream.remember(mia.clone(), "/stock/".to_owned(), 7, NOW);
        let known = |asker: &Asker| upstream.recall::<i32>(asker.clone(), "/stock/".to_owned(), NOW);
        assert_eq!(known(&mia).map(|(_, value)| *value), Some(7));
        for other in [
            asker(2, &[Role::Auditor], &[1, 2]),
            asker(1, &[Role::Worker], &[1, 2]),
            asker(1, &[Role::Auditor], &[1]),
            asker(1, &[Role::Auditor], &[12]),
        ] {
            assert!(known(&other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn what_is_known_is_forgotten_after_a_quarter_of_an_hour_and_on_a_refusal() {
        let upstream = upstream();
        let mia = asker(1, &[Role::Auditor], &[1]);
        let remember = |name: &str| upstream.remember(mia.clone(), name.to_owned(), 7, NOW);
        let knows = |name: &str, minutes| {
            let at = NOW + SignedDuration::from_mins(minutes);
            upstream.recall::<i32>(mia.clone(), name.to_owned(), at).is_some()
        };
        remember("/stock/");
        assert!(knows("/stock/", 15));
        assert!(!knows("/stock/", 16) && !knows("/stock/", 0), "once too old, it is gone");
        remember("/stock/");
        remember("/orders/7/");
        upstream.forget(&mia, "/orders/7/");
        assert!(knows("/stock/", 0) && !knows("/orders/7/", 0));
        upstream.forget_all(2);
        assert!(knows("/stock/", 0));
        upstream.forget_all(1);
        assert!(!knows("/stock/", 0));
        remember("/stock/");
        upstream.purge(NOW + SignedDuration::from_mins(16));
        assert!(!knows("/stock/", 0));
    }
}
