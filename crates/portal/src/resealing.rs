//! Changing the key-encryption key while portals run.
//!
//! Every portal gets the new key first, and the one before beside it. It opens what either has sealed, and goes on sealing
//! under the old one: as the newest signing key is sealed. So a portal that has not got the new key yet misses nothing.
//! [`reseal`] then seals every secret under the new key in one transaction, after which the old one may go.

use platform::pg::{Database, Transaction};
use platform::statement;
use serde_json::json;

use crate::accounts::second_factor;
use crate::audit::{self, By};
use crate::error::Error;
use crate::keys;
use crate::secrets::{KeyEncryptionKey, SealedUnder, Sealer};

statement! {
    /// The newest signing key that is not retired, held as it is until the transaction's end.
    NEWEST: "portal" = "
        select kid, private_key from portal_signing_keys where retired_at is null
        order by signs_from desc, kid desc limit 1 for share";
    /// Every signing key that is not retired, locked.
    SIGNING_KEYS: "portal" = "
        select kid, private_key from portal_signing_keys where retired_at is null order by kid for update";
    /// Seals a signing key anew.
    RESEAL_SIGNING_KEY: "portal" = "update portal_signing_keys set private_key = $2 where kid = $1";
    /// Every second factor, locked.
    SECOND_FACTORS: "portal" = "select user_id, secret from portal_second_factors order by user_id for update";
    /// Seals a second factor anew.
    RESEAL_SECOND_FACTOR: "portal" = "update portal_second_factors set secret = $2 where user_id = $1";
}

/// How many secrets were sealed anew, and how many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Signing keys.
    pub signing_keys: usize,
    /// Second factors.
    pub second_factors: usize,
    /// Both, with those that were sealed under the new key already.
    pub all: usize,
}

/// Which key secrets are sealed under just now. It stays so until the transaction's end.
pub(crate) async fn in_use(transaction: &Transaction, sealer: &Sealer) -> Result<SealedUnder, Error> {
    let Some(row) = transaction.query_opt(&NEWEST, &[]).await? else { return Ok(SealedUnder::Key) };
    let (kid, sealed): (&str, &[u8]) = (row.get(0), row.get(1));
    Ok(sealer.open_and_tell(&keys::purpose(kid), sealed)?.1)
}

/// Seals every secret of the tables under the key in force, all or none.
///
/// # Errors
/// [`Error::Invalid`] when there is no key before to open them with; [`Error::Seal`] when neither key opens one.
pub async fn reseal(database: &Database, by: &By, encryption: &KeyEncryptionKey) -> Result<Resealed, Error> {
    let previous = encryption.previous_name().ok_or_else(|| {
        Error::Invalid(
            "setting key_encryption_key_previous is missing: it has the key that the secrets are sealed under, and \
             key_encryption_key the new one"
                .to_owned(),
        )
    })?;
    let sealer = Sealer::new(encryption)?;
    let mut resealed = Resealed::default();
    let transaction = database.begin().await?;
    transaction.query(&keys::LOCK, &[]).await?;
    for row in transaction.query(&SIGNING_KEYS, &[]).await? {
        let (kid, sealed): (&str, &[u8]) = (row.get(0), row.get(1));
        resealed.all += 1;
        if let Some(sealed) = anew(&sealer, &keys::purpose(kid), sealed)? {
            transaction.execute(&RESEAL_SIGNING_KEY, &[&kid, &sealed]).await?;
            resealed.signing_keys += 1;
        }
    }
    // Those that were added until now are there to be seen; each to come waits for this transaction.
    for row in transaction.query(&SECOND_FACTORS, &[]).await? {
        let (user_id, sealed): (i64, &[u8]) = (row.get(0), row.get(1));
        resealed.all += 1;
        if let Some(sealed) = anew(&sealer, &second_factor::kept_for(user_id), sealed)? {
            transaction.execute(&RESEAL_SECOND_FACTOR, &[&user_id, &sealed]).await?;
            resealed.second_factors += 1;
        }
    }
    let details = json!({
        "from": previous,
        "signing_keys": resealed.signing_keys,
        "second_factors": resealed.second_factors,
    });
    audit::record(&transaction, by, "keys.resealed", &encryption.name(), &details).await?;
    transaction.commit().await?;
    Ok(resealed)
}

/// What the secret is sealed anew as; `None` when it is sealed under the key in force already.
fn anew(sealer: &Sealer, purpose: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    match sealer.open_and_tell(purpose, sealed)? {
        (_, SealedUnder::Key) => Ok(None),
        (secret, SealedUnder::Previous) => sealer.seal(purpose, &secret).map(Some),
    }
}
