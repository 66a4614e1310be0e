//! Second factors: time-based one-time codes (RFC 6238: SHA-1, 6 digits, 30 s, one step early or late), and recovery
//! codes for when the device that makes them is lost.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use platform::pg::{Database, Transaction};
use platform::statement;
use serde_json::json;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use super::access;
use super::random_id::digest;
use super::sessions::{self, Session};
use crate::audit::{self, By};
use crate::error::Error;
use crate::secrets::Sealer;
use crate::{resealing, revocations};

statement! {
    /// A user's second factor, no other request using it meanwhile.
    LOCK: "portal" = "
        select secret, last_step, wrong_codes from portal_second_factors where user_id = $1 for update";
    /// Takes a code: it and those before it are refused from now on.
    TAKE: "portal" = "
        update portal_second_factors set last_step = greatest(last_step, $2), wrong_codes = 0 where user_id = $1";
    /// Counts a wrong code.
    COUNT_WRONG: "portal" = "
        update portal_second_factors set wrong_codes = wrong_codes + 1 where user_id = $1";
    /// Takes a recovery code.
    TAKE_RECOVERY: "portal" = "delete from portal_recovery_codes where user_id = $1 and code_hash = $2";
    /// How many recovery codes are left.
    COUNT_RECOVERY: "portal" = "select count(*) from portal_recovery_codes where user_id = $1";
    /// A new second factor; nothing when there is one already.
    INSERT: "portal" = "
        insert into portal_second_factors (user_id, secret, last_step) values ($1, $2, $3)
        on conflict (user_id) do nothing";
    /// Its recovery codes.
    INSERT_RECOVERY: "portal" = "
        insert into portal_recovery_codes (user_id, code_hash) select $1, unnest($2::bytea[])";
    /// Removes a second factor with its recovery codes.
    DELETE: "portal" = "delete from portal_second_factors where user_id = $1";
    /// Since when a user has a second factor, and how many recovery codes are left.
    SINCE: "portal" = "
        select f.created_at, (select count(*) from portal_recovery_codes r where r.user_id = f.user_id)
        from portal_second_factors f where f.user_id = $1";
}

/// How many wrong codes in a row are taken before only a recovery code is: with three codes of a million right at a time,
/// guessing on at the pace that the throttle leaves would succeed within years. NIST SP 800-63B has 100 too.
const MOST_WRONG: i32 = 100;
/// How many digits of a recovery code's fingerprint the audit keeps.
const SHORT_FINGERPRINT: usize = 16;
/// How many recovery codes a user gets.
const RECOVERY_CODES: usize = 10;
/// The letters of recovery codes, without those that look like others. 24 of them are 120 bits.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A code that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// One of the device's.
    Timed,
    /// A recovery code, and how many there still are.
    Recovery { left: i64 },
}

/// A secret that is offered to a user and not yet confirmed by a code.
pub(crate) struct Offer {
    secret: [u8; 20],
}

impl Offer {
    /// A new secret.
    pub(crate) fn new() -> Offer {
        Offer { secret: rand::random() }
    }

    /// The offer that a user's form brings back.
    pub(crate) fn open(sealer: &Sealer, user_id: i64, form: &str) -> Result<Offer, Error> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(form).map_err(|_| Error::Seal)?;
        let secret = sealer.open(&offered_to(user_id), &sealed)?;
        Ok(Offer { secret: secret.try_into().map_err(|_| Error::Seal)? })
    }

    /// The offer for the user's form alone: so that nothing is kept until it is confirmed.
    pub(crate) fn seal(&self, sealer: &Sealer, user_id: i64) -> Result<String, Error> {
        let sealed = sealer.seal_for_all(&offered_to(user_id), &self.secret)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The secret as people type it.
    pub(crate) fn text(&self) -> String {
        Secret::from(self.secret).to_base32()
    }

    /// What the QR code says. The names that users can have need no escaping.
    pub(crate) fn url(&self, username: &str) -> String {
        format!(
            "otpauth://totp/Quartermaster:{username}?secret={}&issuer=Quartermaster&algorithm=SHA1&digits=6&period=30",
            self.text()
        )
    }
}

fn offered_to(user_id: i64) -> String {
    format!("second factor offered to user {user_id}")
}

pub(crate) fn kept_for(user_id: i64) -> String {
    format!("second factor of user {user_id}")
}

/// Takes a code or a recovery code of a user's, once; nothing when it is wrong, which is counted. The caller commits
/// either way.
pub(crate) async fn take(
    transaction: &Transaction,
    sealer: &Sealer,
    user_id: i64,
    code: &str,
) -> Result<Option<Code>, Error> {
    let Some(row) = transaction.query_opt(&LOCK, &[&user_id]).await? else { return Ok(None) };
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    if code.len() > 6 {
        if transaction.execute(&TAKE_RECOVERY, &[&user_id, &digest(&code)]).await? == 1 {
            transaction.execute(&TAKE, &[&user_id, &0_i64]).await?;
            let left = transaction.query_one(&COUNT_RECOVERY, &[&user_id]).await?.get(0);
            return Ok(Some(Code::Recovery { left }));
        }
    } else {
        let (last_step, wrong_codes): (i64, i32) = (row.get(1), row.get(2));
        let secret = sealer.open(&kept_for(user_id), row.get(0))?;
        let step = step_of(&secret, &code).filter(|step| *step > last_step && wrong_codes < MOST_WRONG);
        if let Some(step) = step {
            transaction.execute(&TAKE, &[&user_id, &step]).await?;
            return Ok(Some(Code::Timed));
        }
    }
    transaction.execute(&COUNT_WRONG, &[&user_id]).await?;
    Ok(None)
}

/// Gives a user the offered second factor, if `code` is one of its codes. The user's other sessions end, and this one
/// gets another id. Nothing when the code is wrong, or there is a second factor already.
pub(crate) async fn enrol(
    database: &Database,
    sealer: &Sealer,
    by: &By,
    session: &Session,
    (offer, code): (&Offer, &str),
) -> Result<Option<Enrolled>, Error> {
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    let Some(step) = step_of(&offer.secret, &code) else { return Ok(None) };
    let user_id = session.user.id;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| digest(&code.replace('-', ""))).collect();
    let transaction = database.begin().await?;
    let under = resealing::in_use(&transaction, sealer).await?;
    let sealed = sealer.seal_under(under, &kept_for(user_id), &offer.secret)?;
    if transaction.execute(&INSERT, &[&user_id, &sealed, &step]).await? == 0 {
        return Ok(None);
    }
    transaction.execute(&INSERT_RECOVERY, &[&user_id, &hashes]).await?;
    let ended = sessions::end_others(&transaction, user_id, Some(session.id)).await?;
    let id = sessions::renew(&transaction, session.id).await?;
    let fingerprints: Vec<String> = hashes
        .iter()
        .map(|hash| audit::fingerprint(hash).chars().take(SHORT_FINGERPRINT).collect())
        .collect();
    let details = json!({ "sessions_ended": ended, "recovery_code_fingerprints": fingerprints });
    audit::record(&transaction, by, "user.second_factor_added", &user_id.to_string(), &details).await?;
    revocations::revoke(&transaction, &user_id.to_string()).await?;
    transaction.commit().await?;
    Ok(Some(Enrolled { session: id, recovery_codes: codes }))
}

/// What came of an enrolment.
pub(crate) struct Enrolled {
    /// The session's new id, for the cookie.
    pub session: String,
    /// To be shown once.
    pub recovery_codes: Vec<String>,
}

/// Removes the second factor of a session's user. Their other sessions end, every token is revoked, and this session
/// gets another id, which is the answer; nothing when there is no second factor.
pub(crate) async fn remove(database: &Database, by: &By, session: &Session) -> Result<Option<String>, Error> {
    let user_id = session.user.id;
    let transaction = database.begin().await?;
    if transaction.execute(&DELETE, &[&user_id]).await? == 0 {
        return Ok(None);
    }
    let ended = sessions::end_others(&transaction, user_id, Some(session.id)).await?;
    let id = sessions::renew(&transaction, session.id).await?;
    let details = json!({ "sessions_ended": ended });
    audit::record(&transaction, by, "user.second_factor_removed", &user_id.to_string(), &details).await?;
    revocations::revoke(&transaction, &user_id.to_string()).await?;
    transaction.commit().await?;
    Ok(Some(id))
}

/// Removes the second factor of a user who has lost it, and ends their sessions.
///
/// # Errors
/// [`Error::Invalid`] when there is no such user, or no second factor.
pub async fn reset(database: &Database, by: &By, username: &str) -> Result<(), Error> {
    let (transaction, id) = access::hold(database, by, username, None).await?;
    if transaction.execute(&DELETE, &[&id]).await? == 0 {
        return Err(Error::Invalid(format!("{username} has no second factor")));
    }
    let ended = sessions::end_others(&transaction, id, None).await?;
    let details = json!({ "sessions_ended": ended });
    audit::record(&transaction, by, "user.second_factor_reset", &id.to_string(), &details).await?;
    revocations::revoke(&transaction, &id.to_string()).await?;
    Ok(transaction.commit().await?)
}

/// Since when a user has a second factor, and how many recovery codes are left.
pub(crate) async fn since(database: &Database, user_id: i64) -> Result<Option<(Timestamp, i64)>, Error> {
    let row = database.get().await?.query_opt(&SINCE, &[&user_id]).await?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// The step whose code it is, of those that count now.
fn step_of(secret: &[u8], code: &str) -> Option<i64> {
    let now = u64::try_from(Timestamp::now().as_second()).ok()?;
    totp(secret)?.check(code, now).and_then(|step| step.try_into().ok())
}

fn totp(secret: &[u8]) -> Option<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(secret)
        .build()
        .ok()
}

fn recovery_code() -> String {
    let random: [u8; 24] = rand::random();
    let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1, the last 6 of its 8 digits.
        let totp = totp(b"12345678901234567890").unwrap();
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp.generate(time).to_string(), code);
            assert_eq!(totp.check(code, time), Some(time / 30));
            assert_eq!(totp.check(code, time + 30), Some(time / 30));
            assert_eq!(totp.check(code, time + 60), None);
        }
    }

    #[test]
    fn recovery_codes_are_long_and_differ() {
        let (one, other) = (recovery_code(), recovery_code());
        assert_eq!(one.len(), 29);
        assert_ne!(one, other);
    }

    #[test]
    fn an_offer_comes_back_from_its_users_form_alone() {
        let sealer = Sealer::new(&crate::KeyEncryptionKey::new([7; 32])).unwrap();
        let offer = Offer::new();
        let form = offer.seal(&sealer, 1).unwrap();
        assert_eq!(Offer::open(&sealer, 1, &form).unwrap().text(), offer.text());
        assert!(Offer::open(&sealer, 2, &form).is_err());
        assert!(Offer::open(&sealer, 1, "nonsense").is_err());
    }
}
