//! `portal_audit_logs`: who did what to what the portal owns. An entry is written in the transaction of its change,
//! and never has a secret in it.

use std::net::IpAddr;

use platform::pg::{PgError, Transaction};
use platform::statement;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::accounts::grant::Grant;
use crate::accounts::users::User;
use crate::error::Error;

statement! {
    /// A new entry.
    INSERT: "portal" = "
        insert into portal_audit_logs (actor_user_id, actor, action, entity_type, entity_id, ip, request_id, details)
        values ($1, $2, $3, split_part($3, '.', 1), $4, $5::text::inet, $6, $7)";
}

/// Who makes a change, from where, in which request.
#[derive(Debug, Clone)]
pub struct By {
    /// The id of the user or program; `None` for the operator's command line and for who is not signed in.
    pub user_id: Option<String>,
    /// The name shown to people.
    pub name: String,
    /// The address it came from.
    pub ip: Option<IpAddr>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// The id that the server made for a request whose id the client chose. It stands in each entry's details.
    pub server_request_id: Option<String>,
    /// What they have, and may give of; `None` for the operator, who may give everything.
    pub(crate) has: Option<Grant>,
    /// Of the operator: who they are to the operating system. It stands in each entry's details.
    pub os_user: Option<String>,
}

impl By {
    /// The operator at the command line.
    pub fn operator(name: &str) -> By {
        By {
            user_id: None,
            name: name.to_owned(),
            ip: None,
            request_id: None,
            server_request_id: None,
            os_user: None,
            has: None,
        }
    }

    /// The same, as the operating system knows them.
    #[must_use]
    pub fn with_os_user(self, os_user: String) -> By {
        By { os_user: Some(os_user), ..self }
    }

    /// The same request, now that it is known who makes it.
    pub(crate) fn user(self, user: &User) -> By {
        let has = Some(Grant::of(user));
        By { user_id: Some(user.id.to_string()), name: user.username.clone(), has, ..self }
    }

    /// Refuses them more than they have: to give it, or to touch an account that has it. Every change of accounts and
    /// clients asks here.
    ///
    /// # Errors
    /// [`Error::NotTheirs`].
    pub(crate) fn require(&self, grant: &Grant) -> Result<(), Error> {
        match &self.has {
            Some(has) if !grant.within(has) => Err(Error::NotTheirs),
            _ => Ok(()),
        }
    }
}

/// What an entry keeps of a stored hash, so that a hash that was put in its place by SQL is found: SHA-256 of it. The
/// hash is salted or that of a random secret, so its own hash helps nobody to guess.
pub(crate) fn fingerprint(stored: impl AsRef<[u8]>) -> String {
    Sha256::digest(stored).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes one entry: `action` is the kind of entity, a dot and what was done, as in `user.added`.
pub(crate) async fn record(
    transaction: &Transaction,
    by: &By,
    action: &'static str,
    entity_id: &str,
    details: &Value,
) -> Result<(), PgError> {
    let ip = by.ip.map(|ip| ip.to_string());
    let mut details = details.clone();
    for (name, said) in [("os_user", &by.os_user), ("server_request_id", &by.server_request_id)] {
        if let (Some(said), Some(fields)) = (said, details.as_object_mut()) {
            fields.insert(name.to_owned(), Value::from(said.as_str()));
        }
    }
    transaction
        .execute(&INSERT, &[&by.user_id, &by.name, &action, &entity_id, &ip, &by.request_id, &details])
        .await?;
    Ok(())
}
