//! The database of the program: a server of the company's, or a private one.

use platform::pg::{Database, DatabaseConfig, Pending, PrivateServer, RolePair, bootstrap_roles};

use crate::Result;
use crate::settings::Settings;

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

    /// Has the server look at what the tables hold now, so that its plans fit after a bulk load.
    ///
    /// # Errors
    /// When the database refuses or is away.
    pub async fn analyse(&self) -> Result<()> {
        Ok(platform::pg::analyse(&self.owner.clone().with_role(services::ROLES.owner)).await?)
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
    bootstrap_roles(config, &[services::ROLES, portal::ROLES]).await?;
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
