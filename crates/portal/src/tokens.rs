//! Making tokens: what they say is read in one go with the lock that keeps them from being revoked meanwhile.

use identity::{BranchScope, Claims, Role};
use platform::pg::{Database, Row, Transaction};
use platform::statement;
use serde_json::json;

use crate::accounts::users;
use crate::audit::{self, By};
use crate::error::Error;
use crate::feed::Published;
use crate::secrets::KeyEncryptionKey;
use crate::{keys, revocations};

statement! {
    /// What a token of an active user says, and the second it is made in: later than the user's last revocation. With
    /// `$2`, only if that session still holds.
    USER: "portal" = "
        select u.username, u.all_branches,
               array(select g.name from portal_memberships m join portal_groups g on g.id = m.group_id
                     where m.user_id = u.id order by g.id),
               array(select b.branch_id from portal_user_branches b where b.user_id = u.id order by b.branch_id),
               greatest(floor(extract(epoch from clock_timestamp())), extract(epoch from r.revoked_at) + 1)::bigint
        from portal_users u
        left join portal_revocations r on r.subject = u.id::text
        where u.id = $1 and u.active
          and ($2::bigint is null
               or exists (select from portal_sessions s where s.id = $2 and s.user_id = u.id and s.complete))";
}

/// A token, and how many seconds it is valid.
#[derive(Debug)]
pub(crate) struct Token {
    /// Its id, the claim `jti`.
    pub id: String,
    pub access_token: String,
    pub expires_in: u64,
}

/// What a token is to say.
#[derive(Debug)]
pub(crate) struct Holder {
    /// The claim `sub`.
    pub subject: String,
    pub name: String,
    pub roles: Vec<Role>,
    pub scope: BranchScope,
    /// In seconds since 1970.
    pub issued_at: i64,
    /// When it ends, where that may come before a token's usual end; in seconds since 1970.
    pub ends_at: Option<i64>,
}

/// Who signs tokens, and with what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Minter<'a> {
    pub issuer: &'a str,
    pub published: &'a Published,
}

impl Minter<'_> {
    /// A token for its holder.
    pub(crate) fn mint(self, holder: &Holder) -> Result<Token, Error> {
        let made = holder.issued_at;
        let claims = Claims::new(self.issuer, crate::AUDIENCE, &holder.subject, &holder.name, made)
            .with_access(holder.roles.iter().copied(), &holder.scope)
            .until(holder.ends_at);
        let key = self.published.signing(made).ok_or(identity::KeyError)?;
        let expires_in = claims.exp.saturating_sub(made).unsigned_abs();
        Ok(Token { access_token: key.mint(&claims)?, id: claims.jti, expires_in })
    }

    /// A token for a user; `None` when the user was disabled meanwhile, or `session` has ended.
    pub(crate) async fn for_user(
        self,
        database: &Database,
        id: i64,
        session: Option<i64>,
    ) -> Result<Option<Token>, Error> {
        let transaction = database.begin().await?;
        let token = self.in_transaction(&transaction, id, session).await?;
        transaction.commit().await?;
        Ok(token)
    }

    async fn in_transaction(
        self,
        transaction: &Transaction,
        id: i64,
        session: Option<i64>,
    ) -> Result<Option<Token>, Error> {
        let subject = id.to_string();
        revocations::hold_off(transaction, &subject).await?;
        let row = transaction.query_opt(&USER, &[&id, &session]).await?;
        let Some(row) = row else { return Ok(None) };
        let (roles, scope) = access(&row, 1);
        let holder = Holder { subject, name: row.get(0), roles, scope, issued_at: row.get(4), ends_at: None };
        self.mint(&holder).map(Some)
    }
}

/// Roles and branches, from the columns `all_branches`, groups and branches that begin at `first`.
pub(crate) fn access(row: &Row, first: usize) -> (Vec<Role>, BranchScope) {
    let (all, groups): (bool, Vec<String>) = (row.get(first), row.get(first + 1));
    let branches: Vec<i64> = row.get(first + 2);
    let scope =
        if all { BranchScope::All } else { BranchScope::only(branches.into_iter().map(domain::BranchId)) };
    (groups.iter().filter_map(|name| Role::parse(name)).collect(), scope)
}

/// A token for the user of that name, for scripts on the portal's own machine. It is a way in without a password, so the
/// audit has who took it.
///
/// # Errors
/// When there is no such active user, the database is away, or the keys are sealed under another key.
pub async fn mint_for(
    database: &Database,
    issuer: &str,
    encryption: &KeyEncryptionKey,
    (by, username): (&By, &str),
) -> Result<String, Error> {
    let nobody = || Error::Invalid(format!("there is no active user {username:?}"));
    let user = users::active(database, username).await?.ok_or_else(nobody)?;
    keys::ensure_one(database, encryption).await?;
    let published = Published::load(database, encryption).await?;
    let minter = Minter { issuer, published: &published };
    let transaction = database.begin().await?;
    let token = minter.in_transaction(&transaction, user.id, None).await?.ok_or_else(nobody)?;
    let details = json!({ "username": user.username, "token": token.id });
    audit::record(&transaction, by, "user.token_printed", &user.id.to_string(), &details).await?;
    transaction.commit().await?;
    Ok(token.access_token)
}
