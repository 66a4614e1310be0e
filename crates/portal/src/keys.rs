//! Signing keys and their lives: each is published first, signs from its time on until the next one's time has come,
//! stays published while tokens it signed may live, and is then retired.
//!
//! Which key signs follows from the table and the database's clock alone, so all portal processes agree without a word.

use std::time::Duration;

use identity::{SigningKey, TOKEN_REACH};
use jiff::{SignedDuration, Timestamp};
use platform::pg::{Database, Transaction};
use platform::statement;
use serde_json::json;

use crate::audit::{self, By};
use crate::error::Error;
use crate::secrets::{KeyEncryptionKey, SealedUnder, Sealer};

/// How long a new key is published before it signs: services hear of it within a second, and others who keep the JWK
/// Set for as long as its `max-age` (60 s) allows know it too by then.
pub const PUBLISH_AHEAD: Duration = Duration::from_secs(120);
/// A key about to sign may already be the one that some process signs with.
const ABOUT_TO_SIGN: SignedDuration = SignedDuration::from_secs(10);

statement! {
    /// Lets one at a time change the keys.
    pub(crate) LOCK: "portal" = "select pg_advisory_xact_lock(hashtext('portal_signing_keys'))";
    /// Every key's life, in the order of their times to sign.
    LIVES: "portal" = "
        select kid, created_at, signs_from, retired_at, now() from portal_signing_keys order by signs_from, kid";
    /// The keys that are not retired, in the same order.
    SEALED: "portal" = "
        select kid, private_key, ceil(extract(epoch from signs_from))::bigint
        from portal_signing_keys where retired_at is null order by signs_from, kid";
    /// A new key.
    INSERT: "portal" = "
        insert into portal_signing_keys (kid, private_key, signs_from)
        values ($1, $2, clock_timestamp() + make_interval(secs => $3))
        returning signs_from";
    /// Ends a key; what could sign is gone for good.
    RETIRE: "portal" = "
        update portal_signing_keys set private_key = null, retired_at = clock_timestamp() where kid = $1";
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, and to sign once its time has come.
    Next,
    /// The one that signs.
    Signing,
    /// Signs no more, but is published for the tokens it signed.
    Retiring,
    /// Published no more; nothing that it signed is valid.
    Retired,
}

impl std::fmt::Display for KeyState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            KeyState::Next => "next",
            KeyState::Signing => "signing",
            KeyState::Retiring => "retiring",
            KeyState::Retired => "retired",
        })
    }
}

/// One key's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLife {
    /// Its name: the RFC 7638 thumbprint of the public key.
    pub kid: String,
    /// Where it is in its life.
    pub state: KeyState,
    /// Since when it is published.
    pub published_at: Timestamp,
    /// From when on it signs, or signed.
    pub signs_from: Timestamp,
    /// When the next key took over; `None` while it signs or is to sign.
    pub signed_until: Option<Timestamp>,
    /// Since when it is retired.
    pub retired_at: Option<Timestamp>,
}

/// A key that is not retired, opened.
#[derive(Debug)]
pub(crate) struct OpenedKey {
    pub key: SigningKey,
    /// In seconds since 1970.
    pub signs_from: i64,
    /// Which encryption key it was sealed under.
    pub under: SealedUnder,
}

/// Every key's life, in the order of their times to sign.
///
/// # Errors
/// When the database is away.
pub async fn list(database: &Database) -> Result<Vec<KeyLife>, Error> {
    let transaction = database.begin().await?;
    let (lives, _) = lives(&transaction).await?;
    transaction.commit().await?;
    Ok(lives)
}

/// Makes a new key, which signs once it was published for `publish_ahead`; gives its name and that time.
///
/// # Errors
/// [`Error::SigningKey`] when `encryption` is not what the present keys are sealed under.
pub async fn rotate(
    database: &Database,
    by: &By,
    encryption: &KeyEncryptionKey,
    publish_ahead: Duration,
) -> Result<(String, Timestamp), Error> {
    let transaction = database.begin().await?;
    transaction.query(&LOCK, &[]).await?;
    // Whoever holds another encryption key would leave a key that no portal can sign with.
    let under = open(&transaction, encryption).await?.last().map(|opened| opened.under);
    let made = make(&transaction, by, encryption, under, publish_ahead).await?;
    transaction.commit().await?;
    Ok(made)
}

/// Retires a key: it is published no more, and its private half is destroyed.
///
/// # Errors
/// [`Error::Invalid`] for the key that signs, and unless `now` is set for one whose tokens may still live.
pub async fn retire(database: &Database, by: &By, kid: &str, now: bool) -> Result<(), Error> {
    let transaction = database.begin().await?;
    transaction.query(&LOCK, &[]).await?;
    let (lives, time) = lives(&transaction).await?;
    let life = lives.iter().find(|life| life.kid == kid);
    let life = life.ok_or_else(|| Error::Invalid(format!("there is no signing key {kid:?}")))?;
    may_retire(life, time, now).map_err(Error::Invalid)?;
    transaction.execute(&RETIRE, &[&kid]).await?;
    let details = json!({ "state": life.state.to_string(), "tokens_ended": now });
    audit::record(&transaction, by, "signing_key.retired", kid, &details).await?;
    transaction.commit().await?;
    Ok(())
}

/// Retires the keys whose last token has ended by itself.
pub(crate) async fn retire_ended(database: &Database) -> Result<(), Error> {
    let transaction = database.begin().await?;
    let (lives, time) = lives(&transaction).await?;
    transaction.commit().await?;
    let ended = |life: &&KeyLife| life.state == KeyState::Retiring && may_retire(life, time, false).is_ok();
    for life in lives.iter().filter(ended) {
        retire(database, &By::operator("quartermaster portal"), &life.kid, false).await?;
    }
    Ok(())
}

/// Makes the first key where there is none.
pub(crate) async fn ensure_one(database: &Database, encryption: &KeyEncryptionKey) -> Result<(), Error> {
    let transaction = database.begin().await?;
    transaction.query(&LOCK, &[]).await?;
    if open(&transaction, encryption).await?.is_empty() {
        make(&transaction, &By::operator("quartermaster portal"), encryption, None, Duration::ZERO).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The keys that are not retired, in the order of their times to sign.
pub(crate) async fn open(
    transaction: &Transaction,
    encryption: &KeyEncryptionKey,
) -> Result<Vec<OpenedKey>, Error> {
    let rows = transaction.query(&SEALED, &[]).await?;
    let sealer = Sealer::new(encryption)?;
    let opened = rows.iter().map(|row| {
        let (kid, sealed): (&str, &[u8]) = (row.get(0), row.get(1));
        let (pkcs8, under) = sealer
            .open_and_tell(&purpose(kid), sealed)
            .map_err(|source| Error::SigningKey { kid: kid.to_owned(), source: Box::new(source) })?;
        Ok(OpenedKey { key: SigningKey::from_pkcs8(&pkcs8)?, signs_from: row.get(2), under })
    });
    opened.collect()
}

/// Seals the new key like those that are there, so that every portal which opens them opens it too.
async fn make(
    transaction: &Transaction,
    by: &By,
    encryption: &KeyEncryptionKey,
    under: Option<SealedUnder>,
    publish_ahead: Duration,
) -> Result<(String, Timestamp), Error> {
    let key = SigningKey::generate()?;
    let kid = key.kid();
    let under = under.unwrap_or(SealedUnder::Key);
    let sealed = Sealer::new(encryption)?.seal_under(under, &purpose(kid), key.to_pkcs8())?;
    let row = transaction.query_one(&INSERT, &[&kid, &sealed, &publish_ahead.as_secs_f64()]).await?;
    let signs_from: Timestamp = row.get(0);
    let details = json!({ "signs_from": signs_from });
    audit::record(transaction, by, "signing_key.added", kid, &details).await?;
    Ok((kid.to_owned(), signs_from))
}

/// What a key is sealed for: it opens under its own name alone.
pub(crate) fn purpose(kid: &str) -> String {
    format!("signing key {kid}")
}

/// Every key's life, and the database's time.
async fn lives(transaction: &Transaction) -> Result<(Vec<KeyLife>, Timestamp), Error> {
    let rows = transaction.query(&LIVES, &[]).await?;
    let now = rows.first().map_or_else(Timestamp::now, |row| row.get(4));
    let mut lives: Vec<KeyLife> = rows
        .iter()
        .map(|row| KeyLife {
            kid: row.get(0),
            state: KeyState::Next,
            published_at: row.get(1),
            signs_from: row.get(2),
            signed_until: None,
            retired_at: row.get(3),
        })
        .collect();
    set_states(&mut lives, now);
    Ok((lives, now))
}

/// Says of each key, given in the order of their times to sign, where it is in its life.
fn set_states(lives: &mut [KeyLife], now: Timestamp) {
    let mut successor = None;
    for life in lives.iter_mut().rev() {
        life.signed_until = successor;
        let has_signed =
            life.signs_from <= now && life.retired_at.is_none_or(|retired| retired > life.signs_from);
        life.state = match (life.retired_at, successor) {
            (Some(_), _) => KeyState::Retired,
            (None, _) if life.signs_from > now => KeyState::Next,
            (None, None) => KeyState::Signing,
            (None, Some(_)) => KeyState::Retiring,
        };
        if has_signed {
            successor = Some(life.signs_from);
        }
    }
}

/// Why a key may not be retired, if so.
fn may_retire(life: &KeyLife, time: Timestamp, now: bool) -> Result<(), String> {
    let kid = &life.kid;
    match life.state {
        KeyState::Retired => Err(format!("signing key {kid} is retired already")),
        KeyState::Signing => Err(format!("{kid} is the key that signs; rotate first, then retire it")),
        KeyState::Next if !now && life.signs_from < time + ABOUT_TO_SIGN => {
            Err(format!("{kid} is about to sign; wait until another key signs, or give --now"))
        }
        KeyState::Retiring if !now => {
            let ends = life.signed_until.map(|until| until + SignedDuration::from_secs(TOKEN_REACH));
            match ends.filter(|ends| time < *ends) {
                Some(ends) => Err(format!(
                    "tokens that {kid} signed may be valid until {ends:.0}; wait until then, or end them with --now"
                )),
                None => Ok(()),
            }
        }
        KeyState::Next | KeyState::Retiring => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn life(kid: &str, signs_from: i64, retired_at: Option<i64>) -> KeyLife {
        KeyLife {
            kid: kid.to_owned(),
            state: KeyState::Next,
            published_at: at(signs_from - 120),
            signs_from: at(signs_from),
            signed_until: None,
            retired_at: retired_at.map(at),
        }
    }

    fn states(now: i64) -> (Vec<KeyLife>, String) {
        let mut lives = vec![
            life("a", 0, Some(2_000)),
            life("b", 1_000, None),
            // Retired before its time came: it never signed, and took over from nobody.
            life("c", 1_500, Some(1_400)),
            life("d", 3_000, None),
            life("e", 9_000, None),
        ];
        set_states(&mut lives, at(now));
        let words: Vec<String> = lives.iter().map(|life| life.state.to_string()).collect();
        (lives, words.join(" "))
    }

    #[test]
    fn a_key_signs_from_its_time_until_the_next_ones_time() {
        assert_eq!(states(2_999).1, "retired signing retired next next");
        assert_eq!(states(3_000).1, "retired retiring retired signing next");
        assert_eq!(states(9_000).1, "retired retiring retired retiring signing");
        let (lives, _) = states(3_000);
        assert_eq!(lives[0].signed_until, Some(at(1_000)));
        assert_eq!(lives[1].signed_until, Some(at(3_000)));
    }

    #[test]
    fn a_key_is_retired_when_nothing_that_it_signed_can_live_or_at_once_in_need() {
        let may = |now: i64, index: usize, need: bool| {
            let (lives, _) = states(now);
            may_retire(&lives[index], at(now), need).is_ok()
        };
        assert!(!may(3_000 + TOKEN_REACH - 1, 1, false));
        assert!(may(3_000 + TOKEN_REACH, 1, false));
        assert!(may(3_001, 1, true));
        for need in [false, true] {
            assert!(!may(3_000, 3, need), "the key that signs");
            assert!(!may(3_000, 0, need), "a key that is retired");
        }
        assert!(may(3_000, 4, false) && !may(8_995, 4, false) && may(8_995, 4, true), "a key to come");
    }
}
