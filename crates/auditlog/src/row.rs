//! Rows of the tables, read so that nothing a column may hold keeps a verification from naming it.

use std::borrow::Cow;
use std::error::Error;
use std::net::IpAddr;

use bytes::BytesMut;
use platform::pg::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use platform::pg::{PgError, Row};
use seal::{Archive, Entry, Hash, Seal, Signature, Signed, Time};

type Wrong = Box<dyn Error + Sync + Send>;

/// A time with every value that PostgreSQL has, infinity too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instant(pub Time);

impl<'a> FromSql<'a> for Instant {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Instant, Wrong> {
        Ok(Instant(Time(i64::from_be_bytes(raw.try_into()?))))
    }
    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }
}

impl ToSql for Instant {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Wrong> {
        out.extend_from_slice(&self.0.0.to_be_bytes());
        Ok(IsNull::No)
    }
    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }
    to_sql_checked!();
}

/// Text, also where the database's encoding lets it be no UTF-8.
struct Text<'a>(Cow<'a, str>);

impl<'a> FromSql<'a> for Text<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Text<'a>, Wrong> {
        // A `jsonb` comes as its text behind the number of the format.
        let raw = if *kind == Type::JSONB { raw.get(1..).unwrap_or_default() } else { raw };
        Ok(Text(String::from_utf8_lossy(raw)))
    }
    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::TEXT | Type::JSONB)
    }
}

/// An address and the bits of its network.
struct Network(IpAddr, u8);

impl<'a> FromSql<'a> for Network {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Network, Wrong> {
        // Family, bits, whether a network is meant, length, address.
        let (bits, address) = match raw {
            [_, bits, _, _, address @ ..] => (*bits, address),
            _ => return Err("no address".into()),
        };
        let ip = match (<[u8; 4]>::try_from(address), <[u8; 16]>::try_from(address)) {
            (Ok(four), _) => IpAddr::from(four),
            (_, Ok(sixteen)) => IpAddr::from(sixteen),
            _ => return Err("no address".into()),
        };
        Ok(Network(ip, bits))
    }
    fn accepts(kind: &Type) -> bool {
        *kind == Type::INET
    }
}

/// Reads an entry from a row of `entries` or `matching`.
///
/// # Errors
/// When the table no longer has the columns of an audit.
pub(crate) fn entry<T>(row: &Row, then: impl FnOnce(&Entry<'_>) -> T) -> Result<T, PgError> {
    let text = |column: usize| -> Result<Option<Cow<'_, str>>, PgError> {
        Ok(row.try_get::<_, Option<Text<'_>>>(column)?.map(|Text(text)| text))
    };
    let (user, actor, action) = (text(2)?, text(3)?, text(4)?);
    let (entity_type, entity_id) = (text(5)?, text(6)?);
    let (request, details) = (text(9)?, text(10)?);
    Ok(then(&Entry {
        id: row.try_get(0)?,
        at: instant(row, 1)?,
        actor_user_id: user.as_deref(),
        actor: actor.as_deref(),
        action: action.as_deref(),
        entity_type: entity_type.as_deref(),
        entity_id: entity_id.as_deref(),
        branch_id: row.try_get(7)?,
        ip: row.try_get::<_, Option<Network>>(8)?.map(|Network(ip, bits)| (ip, bits)),
        request_id: request.as_deref(),
        details: details.as_deref(),
    }))
}

/// The time in a column.
pub(crate) fn instant(row: &Row, column: usize) -> Result<Option<Time>, PgError> {
    Ok(row.try_get::<_, Option<Instant>>(column)?.map(|Instant(time)| time))
}

/// Reads a seal; `None` where it has not the form of one.
pub(crate) fn seal(log: &str, row: &Row) -> Result<Option<Signed<Seal>>, PgError> {
    let number: i64 = row.try_get(0)?;
    let (after, through, entries): (Option<i64>, Option<i64>, Option<i64>) =
        (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    let (root, previous, at) = (hash(row, 4)?, hash(row, 5)?, instant(row, 6)?);
    let (key, signature): (Option<String>, _) = (row.try_get(7)?, signature(row, 8)?);
    let read = || {
        let statement = Seal {
            log: log.to_owned(),
            number,
            after: after?,
            through: through?,
            entries: entries?,
            root: root?,
            previous: previous?,
            at: at?,
            key: key?,
        };
        Some(Signed { statement, signature: signature? })
    };
    Ok(read())
}

/// Reads the note of an archive; `None` where it has not the form of one.
pub(crate) fn archive(log: &str, row: &Row) -> Result<Option<Signed<Archive>>, PgError> {
    let last: i64 = row.try_get(1)?;
    let (first, through, entries): (Option<i64>, Option<i64>, Option<i64>) =
        (row.try_get(0)?, row.try_get(2)?, row.try_get(3)?);
    let (seal, digest, at) = (hash(row, 4)?, hash(row, 6)?, instant(row, 7)?);
    let (file, key): (Option<String>, Option<String>) = (row.try_get(5)?, row.try_get(8)?);
    let signature = signature(row, 9)?;
    let read = || {
        let statement = Archive {
            log: log.to_owned(),
            first: first?,
            last,
            through: through?,
            entries: entries?,
            seal: seal?,
            file: file?,
            digest: digest?,
            at: at?,
            key: key?,
        };
        Some(Signed { statement, signature: signature? })
    };
    Ok(read())
}

fn hash(row: &Row, column: usize) -> Result<Option<Hash>, PgError> {
    Ok(row.try_get::<_, Option<&[u8]>>(column)?.and_then(Hash::from_bytes))
}

fn signature(row: &Row, column: usize) -> Result<Option<Signature>, PgError> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(Signature))
}
