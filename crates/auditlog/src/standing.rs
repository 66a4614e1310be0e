//! How one entry stands to the seals, for who looks at it.

use contract::AuditSealOut;
use jiff::Timestamp;
use platform::pg::{PgError, Queries};
use seal::{LeafRecord, Seal, Signed};

use crate::error::AuditError;
use crate::log::Log;
use crate::row;

/// How an entry stands to the seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No seal covers it yet.
    Unsealed,
    /// A seal covers it.
    Sealed {
        /// The seal's number.
        number: i64,
        /// When it was made.
        at: Option<Timestamp>,
        /// The id of the key that signs it.
        key: String,
        /// Whether the entry is as it was sealed, and its seal holds what its root says. Whether the seal itself is
        /// signed and in its chain, a verification of the whole tells.
        intact: bool,
    },
}

impl From<Standing> for AuditSealOut {
    fn from(standing: Standing) -> AuditSealOut {
        match standing {
            Standing::Unsealed => {
                AuditSealOut { sealed: false, seal_number: None, sealed_at: None, key_id: None, intact: None }
            }
            Standing::Sealed { number, at, key, intact } => AuditSealOut {
                sealed: true,
                seal_number: Some(number),
                sealed_at: at,
                key_id: Some(key),
                intact: Some(intact),
            },
        }
    }
}

/// An entry of an audit: the branch that it belongs to, and how it stands. `None` where there is none of that id.
///
/// # Errors
/// When the database is away.
pub async fn standing(
    conn: &Queries,
    log: &'static Log,
    id: i64,
) -> Result<Option<(Option<i64>, Standing)>, AuditError> {
    let rows = conn.query(log.statements.entries, &[&(id.saturating_sub(1)), &id]).await?;
    let Some(entry) = rows.first() else { return Ok(None) };
    let (branch, leaf) = row::entry(entry, |entry| (entry.branch_id, entry.leaf(&mut Vec::new())))?;
    let Some(row) = conn.query_opt(log.statements.seal_of, &[&id]).await? else {
        return Ok(Some((branch, Standing::Unsealed)));
    };
    let number: i64 = row.try_get(0).map_err(PgError::from)?;
    let sealed: Option<Signed<Seal>> = row::seal(log.name, &row)?;
    let records = row.try_get::<_, Option<&[u8]>>(9).map_err(PgError::from)?.and_then(LeafRecord::decode);
    let (at, key) = match &sealed {
        Some(Signed { statement, .. }) => (statement.at.timestamp(), statement.key.clone()),
        None => (None, String::new()),
    };
    let intact = sealed.zip(records).is_some_and(|(seal, records)| {
        let is_there = records.iter().any(|record| record.id == id && record.leaf == leaf);
        is_there && rows.len() == 1 && LeafRecord::root(&records) == seal.statement.root
    });
    Ok(Some((branch, Standing::Sealed { number, at, key, intact })))
}
