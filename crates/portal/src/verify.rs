//! `verify` for what the portal owns: users, clients, sessions and keys are what the portal's audit adds up to. Whoever
//! gives a role or a password by SQL writes no entry, or one that is found to be forged.
//!
//! Statements ask for the newest entry that tells of a thing, whatever its action is called. Of what is archived, and of
//! what older versions did not write, nothing is compared; what is left out so is said.

use platform::pg::{Database, Finding, Invariant, PgError, check_all};
use platform::statement;

use crate::migrations::SCHEMA;

/// The newest entry of each user or client that has a member in its details, or within `to`.
macro_rules! newest {
    ($kind:literal, $member:literal) => {
        concat!(
            "(select distinct on (entity_id) entity_id, id,
                     case when details ? '",
            $member,
            "' then details -> '",
            $member,
            "'
                          else details -> 'to' -> '",
            $member,
            "' end as said
              from portal_audit_logs
              where entity_type = '",
            $kind,
            "' and (details ? '",
            $member,
            "' or details -> 'to' ? '",
            $member,
            "')
              order by entity_id, id desc)"
        )
    };
}

/// Roles as a sorted list, from an entry and from the tables.
macro_rules! sorted {
    ($said:literal) => {
        concat!(
            "(select array_agg(t.x order by t.x) from jsonb_array_elements_text(
                case jsonb_typeof(",
            $said,
            ") when 'array' then ",
            $said,
            " end) t(x))"
        )
    };
}

/// Whether nothing was moved out of the audit.
macro_rules! whole {
    () => {
        "not exists (select from portal_audit_archives)"
    };
}

/// The newest entry that tells of a secret, and whether a later one changed it without saying to what, as older versions
/// do.
macro_rules! fingerprints {
    ($kind:literal, $member:literal, $changes:literal) => {
        concat!(
            "(select n.entity_id, n.id, n.said,
                     exists (select from portal_audit_logs l
                             where l.entity_type = '",
            $kind,
            "' and l.entity_id = n.entity_id and l.id > n.id
                               and ",
            $changes,
            ") as is_old
              from ",
            newest!($kind, $member),
            " n)"
        )
    };
}

statement! {
    /// Users that nobody added, or that are gone.
    USERS: "portal" = concat!("
        select case when u.id is null then format('user %s was removed without an entry', e.entity_id)
                    when e.entity_id is null then format('user %s (%s) was never added', u.id, u.username)
                    else format('user %s is called %s, entry %s tells %s', u.id, u.username, e.id, e.said) end
        from portal_users u
        full join (
            select entity_id, id, details -> 'username' as said
            from portal_audit_logs
            where action in ('user.added', 'user.imported')) e
          on e.entity_id = u.id::text
        where u.id is null
           or e.entity_id is null and ", whole!(), "
           or e.said <> to_jsonb(u.username)");
    /// Who is kept out.
    ACTIVE: "portal" = "
        select format('user %s (%s) is %s, entry %s tells otherwise', u.id, u.username,
                      case when u.active then 'active' else 'disabled' end, e.id)
        from (
            select distinct on (entity_id) entity_id, id,
                   case action when 'user.disabled' then false when 'user.enabled' then true
                               else coalesce((details ->> 'active') <> 'false', true) end as active
            from portal_audit_logs
            where action in ('user.added', 'user.imported', 'user.disabled', 'user.enabled')
            order by entity_id, id desc) e
        join portal_users u on u.id::text = e.entity_id
        where u.active <> e.active";
    /// What users may do.
    ROLES: "portal" = concat!("
        select format('user %s (%s) has the roles %s, entry %s tells %s', u.id, u.username, r.names, e.id, e.said)
        from portal_users u
        left join (
            select m.user_id, array_agg(g.name order by g.name) as names
            from portal_memberships m
            join portal_groups g on g.id = m.group_id
            group by m.user_id) r
          on r.user_id = u.id
        join ", newest!("user", "roles"), " e on e.entity_id = u.id::text
        where r.names is distinct from ", sorted!("e.said"));
    /// Where users may do it.
    BRANCHES: "portal" = concat!("
        select format('user %s (%s) acts at %s, entry %s tells %s', u.id, u.username,
                      case when u.all_branches then 'all branches' else b.ids::text end, e.id, e.said)
        from portal_users u
        left join (
            select user_id, array_agg(branch_id::text order by branch_id::text) as ids
            from portal_user_branches
            group by user_id) b
          on b.user_id = u.id
        join ", newest!("user", "branches"), " e on e.entity_id = u.id::text
        where u.all_branches <> (e.said = '\"*\"') or b.ids is distinct from ", sorted!("e.said"));
    /// Passwords, by the fingerprints of their hashes.
    PASSWORDS: "portal" = concat!("
        select format('user %s (%s) has another password than entry %s tells', u.id, u.username, e.id)
        from portal_users u
        join ", fingerprints!("user", "password_fingerprint",
            "(l.action in ('user.password_set', 'user.password_changed') or l.details -> 'password_hashed_anew' = 'true')"), " e
          on e.entity_id = u.id::text
        where not e.is_old and e.said <> to_jsonb(encode(sha256(convert_to(u.password_hash, 'UTF8')), 'hex'))");
    /// Passwords that no entry has a fingerprint of.
    OLD_PASSWORDS: "portal" = concat!("
        select format('user %s (%s)', u.id, u.username)
        from portal_users u
        left join ", fingerprints!("user", "password_fingerprint",
            "(l.action in ('user.password_set', 'user.password_changed') or l.details -> 'password_hashed_anew' = 'true')"), " e
          on e.entity_id = u.id::text
        where coalesce(e.is_old, true)
        order by u.id");
    /// Second factors that nobody added, or removed.
    FACTORS: "portal" = concat!("
        select format('user %s (%s) has %s second factor, %s', u.id, u.username, case when f.user_id is null then 'no' else 'a' end,
                      case when e.id is null then 'and no entry tells of one' else format('entry %s tells otherwise', e.id) end)
        from portal_users u
        left join portal_second_factors f on f.user_id = u.id
        left join (
            select distinct on (entity_id) entity_id, id, action = 'user.second_factor_added' as there
            from portal_audit_logs
            where action in ('user.second_factor_added', 'user.second_factor_removed', 'user.second_factor_reset')
            order by entity_id, id desc) e
          on e.entity_id = u.id::text
        where (f.user_id is not null) <> coalesce(e.there, false) and (e.id is not null or ", whole!(), ")");
    /// Recovery codes that were not handed out.
    RECOVERY_CODES: "portal" = concat!("
        select format('user %s has a recovery code that entry %s does not tell of', r.user_id, e.id)
        from portal_recovery_codes r
        join ", newest!("user", "recovery_code_fingerprints"), " e on e.entity_id = r.user_id::text
        where not e.said ? left(encode(sha256(r.code_hash), 'hex'), 16)");
    /// Sessions that no sign-in began. The entry is written in the transaction that begins the session.
    SESSIONS: "portal" = "
        select format('user %s: %s sessions begun at %s, entries of %s sign-ins', s.user_id, s.n, s.created_at, coalesce(e.n, 0))
        from (select user_id, created_at, count(*) as n from portal_sessions group by user_id, created_at) s
        left join (
            select l.entity_id, l.at, count(*) as n
            from portal_audit_logs l
            where l.action in ('user.signed_in', 'user.password_accepted')
              and l.at >= (select min(created_at) from portal_sessions)
            group by l.entity_id, l.at) e
          on e.entity_id = s.user_id::text and e.at = s.created_at
        where s.n > coalesce(e.n, 0) and not exists (select from portal_audit_archives a where a.at > s.created_at)";
    /// Sessions that seem to have had the password again. The entry is written in the transaction that notes it.
    CONFIRMED: "portal" = "
        select format('user %s: the password of session %s was not given at %s', s.user_id, s.id, s.confirmed_at)
        from portal_sessions s
        left join portal_audit_logs l
          on l.entity_type = 'user' and l.entity_id = s.user_id::text and l.at = s.confirmed_at
             and l.action <> 'user.sign_in_failed'
        where s.confirmed_at is not null and l.id is null
          and not exists (select from portal_audit_archives a where a.at > s.confirmed_at)";
    /// Clients that nobody added, that are gone, or that may do or are kept from something else.
    CLIENTS: "portal" = concat!("
        select case when c.id is null then format('%s was removed without an entry', e.entity_id)
                    when e.entity_id is null then format('client-%s (%s) was never added', c.id, c.name)
                    else format('client-%s (%s): its %s is not that of entry %s', c.id, c.name, f.what, e.id) end
        from portal_clients c
        left join (
            select m.client_id, array_agg(g.name order by g.name) as names
            from portal_client_groups m
            join portal_groups g on g.id = m.group_id
            group by m.client_id) r
          on r.client_id = c.id
        left join (
            select client_id, array_agg(branch_id::text order by branch_id::text) as ids
            from portal_client_branches
            group by client_id) b
          on b.client_id = c.id
        full join (
            select entity_id, id, details as d from portal_audit_logs where action = 'client.added') e
          on e.entity_id = 'client-' || c.id
        left join ", newest!("client", "roles"), " n on n.entity_id = e.entity_id
        left join ", newest!("client", "branches"), " w on w.entity_id = e.entity_id
        left join (
            select distinct on (entity_id) entity_id,
                   case action when 'client.added' then details -> 'owner_user_id' else details -> 'to' end as said
            from portal_audit_logs
            where action in ('client.added', 'client.owner_set')
            order by entity_id, id desc) q
          on q.entity_id = e.entity_id
        cross join lateral (select case
            when c.id is null then 'row'
            when e.entity_id is null then case when ", whole!(), " then 'entry' end
            when to_jsonb(c.name) is distinct from e.d -> 'name' then 'name'
            when r.names is distinct from ", sorted!("n.said"), " then 'list of roles'
            when c.all_branches <> (w.said = '\"*\"') or b.ids is distinct from ", sorted!("w.said"), " then 'list of branches'
            when coalesce(to_jsonb(c.owner_user_id), 'null') <> q.said then 'owner'
            when (c.expires_at is null) <> (e.d ->> 'expires_at' is null)
              or c.expires_at <> (e.d ->> 'expires_at')::timestamptz then 'expiry'
            when (c.disabled_at is not null) <> exists (
                select from portal_audit_logs l where l.action = 'client.disabled' and l.entity_id = e.entity_id)
            then 'being disabled or not'
            end) f(what)
        where f.what is not null");
    /// Secrets of clients, by the fingerprints of their digests.
    SECRETS: "portal" = concat!("
        select format('client-%s (%s) has another secret than entry %s tells', c.id, c.name, e.id)
        from portal_clients c
        join ", fingerprints!("client", "secret_fingerprint", "l.action = 'client.secret_rotated'"), " e
          on e.entity_id = 'client-' || c.id
        where not e.is_old and (
            e.said <> to_jsonb(encode(sha256(c.secret_hash), 'hex'))
            -- The one before is good for a while yet: it was told of before.
            or c.former_secret_until > now() and not exists (
                select from portal_audit_logs l
                where l.entity_type = 'client' and l.entity_id = e.entity_id and l.id < e.id
                  and coalesce(l.details ->> 'secret_fingerprint', encode(sha256(c.former_secret_hash), 'hex'))
                      = encode(sha256(c.former_secret_hash), 'hex')))");
    /// Signing keys that nobody made or retired.
    KEYS: "portal" = concat!("
        select format('signing key %s: %s', k.kid, f.what)
        from portal_signing_keys k
        left join portal_audit_logs a on a.action = 'signing_key.added' and a.entity_id = k.kid
        cross join lateral (select case
            when a.id is null then case when ", whole!(), " then 'no entry tells that it was made' end
            when k.signs_from <> (a.details ->> 'signs_from')::timestamptz then format('entry %s tells another time to sign', a.id)
            when (k.retired_at is not null) <> exists (
                select from portal_audit_logs r where r.action = 'signing_key.retired' and r.entity_id = k.kid)
            then 'it is retired without an entry, or not in spite of one'
            end) f(what)
        where f.what is not null");
    /// Revocations of the last minutes that are gone: tokens live on that should have ended.
    REVOCATIONS: "portal" = "
        select format('the tokens of %s were revoked by entry %s at %s, and that is forgotten', e.entity_id, e.id, e.at)
        from portal_audit_logs e
        left join portal_revocations r on r.subject = e.entity_id
        where e.at > now() - interval '10 minutes'
          and e.action in ('user.disabled', 'user.access_set', 'user.signed_out_everywhere', 'user.password_set',
                           'user.password_changed', 'user.second_factor_added', 'user.second_factor_reset',
                           'client.disabled')
          and (r.subject is null or r.revoked_at < date_trunc('second', e.at))";
    /// Which groups need a second factor.
    GROUPS: "portal" = concat!("
        select format('members of %s %s second factor, entry %s tells otherwise', g.name,
                      case when g.second_factor_required then 'need a' else 'need no' end, e.id)
        from portal_groups g
        join ", newest!("group", "required"), " e on e.entity_id = g.id::text
        where e.said <> to_jsonb(g.second_factor_required)");
}

/// What must hold.
const INVARIANTS: &[Invariant] = &[
    Invariant::new("every user was added and is called as the audit tells", &USERS),
    Invariant::new("users are let in or kept out as the audit tells", &ACTIVE),
    Invariant::new("users have the roles that the audit tells", &ROLES),
    Invariant::new("users act at the branches that the audit tells", &BRANCHES),
    Invariant::new("users have the passwords that the audit tells", &PASSWORDS),
    Invariant::note(
        "passwords that the audit cannot tell, set by an older version or archived",
        &OLD_PASSWORDS,
    ),
    Invariant::new("users have the second factors that the audit tells", &FACTORS),
    Invariant::new("recovery codes are those that were handed out", &RECOVERY_CODES),
    Invariant::new("every session was begun by a sign-in", &SESSIONS),
    Invariant::new("whoever seems to have given the password again has", &CONFIRMED),
    Invariant::new("clients are as the audit tells", &CLIENTS),
    Invariant::new("clients have the secrets that the audit tells", &SECRETS),
    Invariant::new("signing keys are those that the audit tells", &KEYS),
    Invariant::new("revoked tokens stay revoked", &REVOCATIONS),
    Invariant::new("groups ask for what the audit tells", &GROUPS),
];

/// Checks every invariant of the portal in one snapshot of the database, and that the schema is the one that the
/// migrations make.
///
/// # Errors
/// When the database cannot be read.
pub async fn verify(database: &Database) -> Result<Vec<Finding>, PgError> {
    let mut findings = SCHEMA.check(database).await?;
    let all: Vec<&Invariant> = INVARIANTS.iter().collect();
    findings.extend(check_all(database, &all).await?);
    Ok(findings)
}
