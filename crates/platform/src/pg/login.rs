//! The login that the running program needs: one that owns nothing, and may take on the running roles alone.

use super::{Database, DatabaseConfig, PgError, Queries};

/// "permission denied".
const REFUSED: &str = "42501";

/// What the login of a connection may do beyond reading and writing by the grants of its role. `session_user` is the
/// login itself, whatever role the connection has taken on.
const RIGHTS: &str = "
    select session_user::text, rolsuper, rolcreaterole, rolbypassrls, rolreplication,
           pg_has_role(session_user, (select datdba from pg_database where datname = current_database()), 'member'),
           array(select distinct o.rolname::text
                 from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles o on o.oid = c.relowner
                 where n.nspname <> 'information_schema' and not starts_with(n.nspname, 'pg_')
                   and pg_has_role(session_user, c.relowner, 'member') order by 1),
           array(select p.rolname::text from pg_roles p
                 where p.rolname in ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files',
                                     'pg_write_server_files', 'pg_execute_server_program')
                   and pg_has_role(session_user, p.oid, 'member') order by 1)
    from pg_roles where rolname = session_user";

/// A login, and what it may do that a running program does not need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Its name.
    pub name: String,
    /// What it may do too much, in words; empty for one that fits.
    pub excess: Vec<String>,
}

/// Creates a login that inherits nothing and may take on these roles alone, or gives it those that it lacks. It has no
/// password.
///
/// # Errors
/// [`PgError`]; [`PgError::is_refused`] when the connecting user may not create roles.
pub async fn bootstrap_login(config: &DatabaseConfig, login: &str, roles: &[&str]) -> Result<(), PgError> {
    let mut script = format!(
        "begin; select pg_advisory_xact_lock(hashtext('quartermaster.roles'));
         do $$ begin
            if not exists (select from pg_roles where rolname = '{login}') then
                create role {login} login noinherit;
            end if;\n"
    );
    for role in roles {
        script.push_str(&format!(
            "if not pg_has_role('{login}', '{role}', 'member') then grant {role} to {login}; end if;\n"
        ));
    }
    script.push_str("end $$; commit;");
    Queries::connect_alone(config, &[]).await?.run(&script).await
}

/// Sets the password of a login. The server, and so its log, gets the SCRAM verifier alone.
///
/// # Errors
/// [`PgError`]; [`PgError::is_refused`] when the connecting user may not.
pub async fn set_login_password(config: &DatabaseConfig, login: &str, password: &str) -> Result<(), PgError> {
    let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
    let set = format!("alter role {login} password '{verifier}'");
    Queries::connect_alone(config, &[]).await?.run(&set).await
}

impl Database {
    /// The login of this database's connections, and what it may do too much.
    ///
    /// # Errors
    /// As [`Database::get`].
    pub async fn login(&self) -> Result<Login, PgError> {
        let rows = self.get().await?.query_text(RIGHTS).await?;
        let row = rows.first().ok_or(PgError::Unavailable(None))?;
        let name: String = row.get(0);
        let mut excess = Vec::new();
        if row.get(1) {
            excess.push("it is a superuser".to_owned());
            return Ok(Login { name, excess });
        }
        let flags = [
            (2, "it may create roles"),
            (3, "row security does not hold for it"),
            (4, "it may copy the whole server by replication"),
            (5, "it owns the database, or may become the role that does"),
        ];
        excess
            .extend(flags.iter().filter(|(column, _)| row.get(*column)).map(|(_, what)| (*what).to_owned()));
        for owner in row.get::<_, Vec<String>>(6) {
            excess.push(match owner == name {
                true => "it owns tables".to_owned(),
                false => format!("it may become {owner}, which owns tables"),
            });
        }
        for role in row.get::<_, Vec<String>>(7) {
            excess.push(format!("it is a member of {role}"));
        }
        Ok(Login { name, excess })
    }

    /// The login of this database's connections where it may not take on `role`; `None` where it may.
    ///
    /// # Errors
    /// As [`Database::get`].
    pub async fn login_without(&self, role: &str) -> Result<Option<String>, PgError> {
        let ask = format!(
            "select session_user::text
             where not coalesce(pg_has_role(session_user, to_regrole('{role}')::oid, 'member'), false)"
        );
        let rows = self.get().await?.query_text(&ask).await?;
        Ok(rows.first().map(|row| row.get(0)))
    }
}

impl PgError {
    /// Whether the connecting user lacks the right to what was asked.
    pub fn is_refused(&self) -> bool {
        self.sqlstate() == Some(REFUSED)
    }
}
