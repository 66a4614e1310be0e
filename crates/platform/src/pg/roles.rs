//! The database roles of the program: owners that hold the tables, and running roles that may only use them.
//!
//! What is legitimate in a database of ours: the owners own every table, view, sequence and function; a running role has
//! the grants of the migrations and is a member of nothing; the login of the whole program
//! ([`bootstrap_login`](super::bootstrap_login)) is a member of the two running roles, inherits nothing, owns nothing and
//! has no grant of its own. Either running role may have a password, as the login of its half. Members of an owner are
//! the logins that migrate.

use super::{DatabaseConfig, PgError, Queries};

/// One half of the program's two roles.
#[derive(Debug, Clone, Copy)]
pub struct RolePair {
    /// Owns the tables and runs the migrations.
    pub owner: &'static str,
    /// What the running program takes on, or connects as where it runs one half alone; has grants only.
    pub running: &'static str,
}

/// Creates the roles that are missing, and lets the owners create tables. Safe to run again, and at once by several.
///
/// The connecting user must be allowed to create roles, unless all exist. New roles may log in but have no password.
///
/// # Errors
/// [`PgError`] when the user is not allowed to do it.
pub async fn bootstrap_roles(config: &DatabaseConfig, pairs: &[RolePair]) -> Result<(), PgError> {
    let admin = Queries::connect_alone(config, &[]).await?;
    let mut script = String::from("begin; select pg_advisory_xact_lock(hashtext('quartermaster.roles'));\n");
    for RolePair { owner, running } in pairs {
        for role in [owner, running] {
            script.push_str(&format!(
                "do $$ begin
                    if not exists (select from pg_roles where rolname = '{role}') then
                        create role {role} login;
                    end if;
                    if not pg_has_role(current_user, '{role}', 'member') then
                        grant {role} to current_user;
                    end if;
                end $$;
                grant usage on schema public to {role};\n"
            ));
        }
        script.push_str(&format!("grant create on schema public to {owner};\n"));
    }
    script.push_str("commit;");
    admin.run(&script).await
}
