//! The database of the program: a server of the company's, or a private one.

use platform::pg::{
    Database, DatabaseConfig, Pending, PgError, PrivateServer, RolePair, bootstrap_login, bootstrap_roles,
};

use crate::Result;
use crate::settings::{DatabaseUrl, Settings};

/// The login that owns nothing and may take on both running roles: what `serve` connects as.
pub const RUN_LOGIN: &str = "qm_run";

/// Each owner's pool, and the private server if there is one.
#[derive(Debug)]
pub struct Databases {
    /// The pool of the services' running role.
    pub services: Database,
    /// The pool of the portal's running role.
    pub portal: Database,
    private: Option<PrivateServer>,
    /// The user that may take on the owners' roles.
    owner: DatabaseConfig,
}

impl Databases {
    /// Opens the database that the settings name. A private server is started, and brought up to date.
    ///
    /// # Errors
    /// When there is no server, or a private one cannot be migrated.
    pub async fn open(settings: &Settings) -> Result<Databases> {
        let private = start_private(settings).await?;
        if let Some(server) = &private {
            migrate_with(&superuser(server, settings)).await?;
        }
        let pool = |roles: RolePair, name: &str| -> Result<Database> {
            let config = match (&private, &settings.database_url) {
                // Whoever reaches the private server's socket may log in as any role.
                (Some(server), _) => DatabaseConfig::new(server.config(roles.running), name),
                (None, Some(url)) => DatabaseConfig::from_url(&url.0, name)?.with_role(roles.running),
                (None, None) => return Err("there is no database".into()),
            };
            Ok(Database::open(with_limits(config, settings))?)
        };
        let owner = match (&private, &settings.database_url) {
            (Some(server), _) => superuser(server, settings),
            (None, Some(url)) => DatabaseConfig::from_url(&url.0, "quartermaster analyse")?,
            (None, None) => return Err("there is no database".into()),
        };
        Ok(Databases {
            owner,
            services: pool(services::ROLES, "quartermaster services")?,
            portal: pool(portal::ROLES, "quartermaster portal")?,
            private,
        })
    }

    /// Has the server look at what the tables hold now, so that its plans fit after a bulk load. Only their owner may;
    /// for another login the server does so by itself within minutes.
    ///
    /// # Errors
    /// When the database refuses or is away.
    pub async fn analyse(&self) -> Result<()> {
        if self.require_owner(services::ROLES, "").await.is_err() {
            tracing::warn!(
                "the server has not looked at the loaded tables yet; until it does, lists may be slow"
            );
            return Ok(());
        }
        Ok(platform::pg::analyse(&self.owner.clone().with_role(services::ROLES.owner)).await?)
    }

    /// Checks that the login may take on the role that owns one half's tables.
    ///
    /// # Errors
    /// Says which login `what` needs, when this one may not.
    pub async fn require_owner(&self, roles: RolePair, what: &str) -> Result<()> {
        // The private server lets its owner log in as anybody.
        let pool = if roles.running == services::ROLES.running { &self.services } else { &self.portal };
        if self.private.is_some() {
            return Ok(());
        }
        match pool.login_without(roles.owner).await? {
            None => Ok(()),
            Some(login) => Err(format!(
                "{what} needs a login that may become {}, such as the one that migrates; {login} of database_url may not",
                roles.owner
            )
            .into()),
        }
    }

    /// A pool of the role that owns one half's tables, for what may take long and no running part may do.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of_owner(&self, roles: RolePair) -> Result<Database> {
        let config = DatabaseConfig { statement_timeout: None, ..self.owner.clone().with_role(roles.owner) };
        Ok(Database::open(config)?)
    }

    /// Whether nothing is to be filled: there are branches, and no fill was cut off.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn is_filled(&self, marker: &std::path::Path) -> Result<bool> {
        Ok(!marker.exists() && !services::bulk::is_empty(&self.services).await?)
    }

    /// Closes the pools and stops the private server, if this program runs it.
    ///
    /// # Errors
    /// When the server does not stop.
    pub async fn close(self) -> Result<()> {
        self.services.close();
        self.portal.close();
        if let Some(server) = self.private {
            server.stop().await?;
        }
        Ok(())
    }
}

/// The URL of the settings' database for another login.
///
/// # Errors
/// When the private server is used, or the URL has its user where another cannot take its place.
pub fn url_for_login(settings: &Settings, login: &str, password: &str) -> Result<DatabaseUrl> {
    match &settings.database_url {
        Some(url) => Ok(url.with_login(login, password)?),
        None => Err("the private PostgreSQL needs no login: only its owner can reach its socket".into()),
    }
}

/// Sets the password of a login of the running program.
///
/// # Errors
/// When the private server is used, or the login of `database_url` may not.
pub async fn set_login_password(settings: &Settings, login: &str, password: &str) -> Result<()> {
    let DatabaseUrl(url) = settings.database_url.as_ref().ok_or("there is no database")?;
    let config = DatabaseConfig::from_url(url, "quartermaster login")?;
    let done = async {
        bootstrap_login(&config, RUN_LOGIN, &RUNNING).await?;
        platform::pg::set_login_password(&config, login, password).await
    };
    done.await.map_err(|error| lacking(error, &config, "setting a login's password"))
}

/// What [`RUN_LOGIN`] may take on.
const RUNNING: [&str; 2] = [services::ROLES.running, portal::ROLES.running];

/// Says which login is needed, where it is the login that lacks a right.
fn lacking(error: PgError, config: &DatabaseConfig, what: &str) -> Box<dyn std::error::Error + Send + Sync> {
    if !error.is_refused() {
        return error.into();
    }
    let login = config.server.get_user().unwrap_or("the login");
    format!("{what} needs a login that may create roles, such as the database's owner with CREATEROLE; {login} of database_url may not")
        .into()
}

/// Creates the roles and applies the migrations of both owners; gives the names of what was applied.
///
/// # Errors
/// When the user may not create roles, or a migration fails.
pub async fn migrate(settings: &Settings) -> Result<Vec<String>> {
    let private = start_private(settings).await?;
    let applied = match (&private, &settings.database_url) {
        (Some(server), _) => migrate_with(&superuser(server, settings)).await,
        (None, Some(url)) => migrate_with(&DatabaseConfig::from_url(&url.0, "quartermaster migrate")?).await,
        (None, None) => Err("there is no database".into()),
    };
    if let Some(server) = private {
        server.stop().await?;
    }
    applied
}

/// What [`migrate`] would apply, by owner: changes nothing but that a private server is started.
///
/// # Errors
/// When the database is away, or was migrated by a newer program.
pub async fn pending(settings: &Settings) -> Result<[(&'static str, Vec<Pending>); 2]> {
    let private = start_private(settings).await?;
    let config = match (&private, &settings.database_url) {
        (Some(server), _) => superuser(server, settings),
        (None, Some(url)) => DatabaseConfig::from_url(&url.0, "quartermaster migrate")?,
        (None, None) => return Err("there is no database".into()),
    };
    let services = services::migrations().pending(&config).await;
    let portal = portal::migrations().pending(&config).await;
    if let Some(server) = private {
        server.stop().await?;
    }
    Ok([("services", services?), ("portal", portal?)])
}

async fn migrate_with(config: &DatabaseConfig) -> Result<Vec<String>> {
    let roles = bootstrap_roles(config, &[services::ROLES, portal::ROLES]).await;
    roles.map_err(|error| lacking(error, config, "migrate"))?;
    match bootstrap_login(config, RUN_LOGIN, &RUNNING).await {
        // Roles that somebody else made are theirs to hand on.
        Err(error) if error.is_refused() => tracing::warn!(
            "the login {RUN_LOGIN} could not be made; have somebody who may create roles run: create role {RUN_LOGIN} \
             login noinherit; grant {} to {RUN_LOGIN}",
            RUNNING.join(", ")
        ),
        made => made?,
    }
    let mut applied = services::migrations().run(config).await?;
    applied.extend(portal::migrations().run(config).await?);
    Ok(applied)
}

async fn start_private(settings: &Settings) -> Result<Option<PrivateServer>> {
    if settings.database_url.is_some() {
        return Ok(None);
    }
    Ok(Some(PrivateServer::open(&settings.data_dir, &[]).await?))
}

fn superuser(server: &PrivateServer, settings: &Settings) -> DatabaseConfig {
    with_limits(DatabaseConfig::new(server.superuser(), "quartermaster migrate"), settings)
}

fn with_limits(config: DatabaseConfig, settings: &Settings) -> DatabaseConfig {
    DatabaseConfig {
        pool_size: settings.pool_size.get(),
        statement_timeout: Some(settings.statement_timeout),
        ..config
    }
}
