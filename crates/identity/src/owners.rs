//! Which user answers for which API client.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What the subject of a client's token begins with. The subject of a user's token is a number.
pub const CLIENT_PREFIX: &str = "client-";

/// The owners of API clients as far as they are known. Clones share what they know.
#[derive(Debug, Clone, Default)]
pub struct Owners(Arc<RwLock<HashMap<String, String>>>);

impl Owners {
    /// By the subject of a client's tokens, that of its owner's.
    pub fn of(owners: HashMap<String, String>) -> Owners {
        Owners(Arc::new(RwLock::new(owners)))
    }

    /// Forgets what was known for what is known now.
    pub fn replace(&self, owners: &HashMap<String, String>) {
        // Almost always they are the same, and readers need not wait.
        if *self.0.read().unwrap_or_else(PoisonError::into_inner) != *owners {
            self.0.write().unwrap_or_else(PoisonError::into_inner).clone_from(owners);
        }
    }

    /// The owner of a client, where it has one.
    pub fn owner(&self, client: &str) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(client).cloned()
    }

    /// The person behind the subject of a token: the user, or the owner of the client. `None` for a client that nobody
    /// answers for.
    pub fn eyes(&self, subject: &str) -> Option<String> {
        if subject.starts_with(CLIENT_PREFIX) { self.owner(subject) } else { Some(subject.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_eyes_of_their_own_and_a_client_those_of_its_owner() {
        let owners = Owners::of(HashMap::from([("client-3".to_owned(), "7".to_owned())]));
        let eyes = |subject| owners.eyes(subject);
        assert_eq!((eyes("7").as_deref(), eyes("client-3").as_deref()), (Some("7"), Some("7")));
        assert_eq!(eyes("client-4"), None);
        owners.clone().replace(&HashMap::new());
        assert_eq!(owners.eyes("client-3"), None);
    }
}
