//! Signing keys and the tokens they sign.

use identity::{Claims, JwkSet, SigningKey};
use platform::pg::Database;
use platform::statement;

use crate::accounts::users::User;
use crate::error::Error;

statement! {
    /// Every key, the newest first.
    KEYS: "portal" = "select pkcs8 from portal_signing_keys order by created_at desc, kid";
    /// Lets one process at a time make the first key.
    LOCK_KEYS: "portal" = "select pg_advisory_xact_lock(hashtext('portal_signing_keys'))";
    /// A new key.
    INSERT_KEY: "portal" = "insert into portal_signing_keys (kid, pkcs8) values ($1, $2)";
}

/// The portal's signing keys: the first signs, all are published.
#[derive(Debug)]
pub struct Keys(Vec<SigningKey>);

impl Keys {
    /// Loads the keys, making the first one where there is none.
    ///
    /// # Errors
    /// When the database is away or a key cannot be used.
    pub async fn load(database: &Database) -> Result<Keys, Error> {
        let transaction = database.begin().await?;
        transaction.query(&LOCK_KEYS, &[]).await?;
        let rows = transaction.query(&KEYS, &[]).await?;
        let mut keys =
            rows.iter().map(|row| SigningKey::from_pkcs8(row.get(0))).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            let key = SigningKey::generate()?;
            transaction.execute(&INSERT_KEY, &[&key.public().kid, &key.to_pkcs8()]).await?;
            keys.push(key);
        }
        transaction.commit().await?;
        Ok(Keys(keys))
    }

    /// The public keys.
    pub fn public(&self) -> JwkSet {
        JwkSet { keys: self.0.iter().map(|key| key.public().clone()).collect() }
    }

    /// A token for a user, valid from now for [`identity::TOKEN_LIFETIME`].
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(crate) fn mint(&self, issuer: &str, user: &User) -> Result<String, Error> {
        let now = jiff::Timestamp::now().as_second();
        let claims = Claims::new(issuer, crate::AUDIENCE, &user.id.to_string(), &user.username, now)
            .with_access(user.roles.iter().copied(), &user.scope);
        let key = self.0.first().ok_or(identity::KeyError)?;
        Ok(key.mint(&claims)?)
    }
}

/// A token for the user of that name, for scripts on the portal's own machine.
///
/// # Errors
/// When there is no such active user, or the database is away.
pub async fn mint_for(database: &Database, issuer: &str, username: &str) -> Result<String, Error> {
    let user = crate::accounts::users::active(database, username).await?;
    let user = user.ok_or_else(|| Error::Invalid(format!("there is no active user {username:?}")))?;
    Keys::load(database).await?.mint(issuer, &user)
}
