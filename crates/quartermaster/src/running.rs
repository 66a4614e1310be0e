//! The parts of the program while they run: portal, services and worker, together or alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use identity::Verifier;
use platform::pg::Database;
use platform::serve;
use policy::Authorizer;
use portal::Portal;
use services::Services;
use services::engine::EngineConfig;
use services::http::{App, HttpSettings};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use worker::{Audited, Sealing};

use crate::Result;
use crate::databases::Databases;
use crate::sealing::SealFiles;
use crate::secrets;
use crate::settings::Settings;

/// A part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// For people: sign-in, tokens, dashboard.
    Portal,
    /// For programs: the HTTP API.
    Services,
    /// What runs beside the requests.
    Worker,
}

/// How long postings that wait may take once the requests have drained; with the drain, less than 10 s.
const FINISH: Duration = Duration::from_millis(1_500);

/// The parts that run.
#[derive(Debug)]
pub struct Running {
    /// Where the portal listens.
    pub portal_addr: Option<SocketAddr>,
    /// Where the services listen.
    pub services_addr: Option<SocketAddr>,
    tasks: JoinSet<Result<()>>,
    stop: CancellationToken,
}

impl Running {
    /// Starts the parts. They stop when `stop` is cancelled.
    ///
    /// # Errors
    /// When an address cannot be listened on, or the database is away or was not migrated.
    pub async fn start(
        settings: &Settings,
        parts: &[Part],
        databases: &Databases,
        stop: CancellationToken,
    ) -> Result<Running> {
        let listener = |part, addr, name| async move {
            if parts.contains(&part) { bind(addr, name).await.map(Some) } else { Ok(None) }
        };
        // All addresses are taken before anything runs, so that a taken one leaves nothing half-started.
        let for_portal = listener(Part::Portal, settings.portal_addr, "portal_addr").await?;
        let for_services = listener(Part::Services, settings.services_addr, "services_addr").await?;
        let mut running = Running {
            portal_addr: for_portal.as_ref().map(TcpListener::local_addr).transpose()?,
            services_addr: for_services.as_ref().map(TcpListener::local_addr).transpose()?,
            tasks: JoinSet::new(),
            stop,
        };
        if let Some(listener) = for_services {
            let authorizer = running.authorizer(settings)?;
            running.services(settings, &databases.services, listener, authorizer)?;
        }
        if let Some(listener) = for_portal {
            running.portal(settings, &databases.portal, listener).await?;
        }
        if parts.contains(&Part::Worker) {
            let config = worker::Config {
                idempotency_retention: settings.idempotency_retention,
                sealing: sealing(settings, databases)?,
            };
            let worker = worker::run(databases.services.clone(), config, running.stop.clone());
            running.tasks.spawn(async move {
                worker.await;
                Ok(())
            });
        }
        Ok(running)
    }

    /// Waits until the program is told to stop or a part fails, and then until every part has stopped.
    ///
    /// # Errors
    /// Of the part that failed.
    pub async fn until_stopped(mut self) -> Result<()> {
        let mut result = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            let ended = ended.map_err(Into::into).and_then(|ended| ended);
            if result.is_ok() {
                result = ended;
            }
            // One part alone would look alive and not work: when one ends, all end.
            self.stop.cancel();
        }
        result
    }

    /// With the company's policies, which are followed from now on.
    fn authorizer(&mut self, settings: &Settings) -> Result<Arc<Authorizer>> {
        let authorizer = Arc::new(Authorizer::open(settings.policies.as_deref())?);
        if let Some(folder) = settings.policies.clone() {
            let (authorizer, stop) = (Arc::clone(&authorizer), self.stop.clone());
            self.tasks.spawn(async move {
                policy::follow(&authorizer, folder, stop).await;
                Ok(())
            });
        }
        Ok(authorizer)
    }

    fn services(
        &mut self,
        settings: &Settings,
        database: &Database,
        listener: TcpListener,
        authorizer: Arc<Authorizer>,
    ) -> Result<()> {
        let engine = EngineConfig {
            lanes: settings.posting_lanes.get(),
            queue: settings.posting_queue.get(),
            batch: settings.posting_batch.get(),
        };
        let http = HttpSettings {
            body_limit: settings.body_limit.get(),
            request_timeout: settings.request_timeout,
            cors_origins: settings.cors_origins.0.clone(),
            compression: settings.compression,
        };
        let portal_url = url(settings.portal_url.as_ref(), self.portal_addr.unwrap_or(settings.portal_addr));
        let jwks_url = format!("{portal_url}/.well-known/jwks.json");
        let verifier = Verifier::new(&jwks_url, &settings.issuer, portal::AUDIENCE)?;
        let services = Services::start(database.clone(), &engine, authorizer);
        let app = Arc::new(App { services, verifier });
        let router = services::http::router(Arc::clone(&app), &http);
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let served = serve::serve(listener, router, stop).await;
            if tokio::time::timeout(FINISH, app.services.finish()).await.is_err() {
                tracing::warn!("postings were still waiting when the time to stop was over");
            }
            Ok(served?)
        });
        Ok(())
    }

    async fn portal(
        &mut self,
        settings: &Settings,
        database: &Database,
        listener: TcpListener,
    ) -> Result<()> {
        let addr = self.services_addr.unwrap_or(settings.services_addr);
        // Cookies travel over TLS alone, but to a browser on this machine that asks by plain http.
        let plain = match &settings.portal_url {
            Some(url) => url.is_plain_loopback(),
            None => settings.portal_addr.ip().is_loopback(),
        };
        if !plain && !settings.portal_url.as_ref().is_some_and(|url| url.0.starts_with("https://")) {
            tracing::warn!("people can sign in over https alone: put a proxy in front and set portal_url");
        }
        let config = portal::Config {
            services_url: url(settings.services_url.as_ref(), addr),
            issuer: settings.issuer.clone(),
            key_encryption_key: secrets::key_encryption_key(settings)?,
            cookie_secure: !plain,
            trusted_proxies: settings.trusted_proxies.0.clone(),
            sessions: portal::accounts::sessions::Limits {
                idle: settings.session_idle,
                lifetime: settings.session_lifetime,
            },
            patience: client::Patience {
                per_try: Duration::from_millis(700),
                in_all: Duration::from_millis(1_500),
            },
        };
        let portal = Portal::build(config, database.clone()).await?;
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let (served, ()) =
                tokio::join!(serve::serve(listener, portal.router(), stop.clone()), portal.keep_house(stop));
            Ok(served?)
        });
        Ok(())
    }
}

/// How the audits are sealed; `None` where no key is set.
fn sealing(settings: &Settings, databases: &Databases) -> Result<Option<Sealing>> {
    let Some(files) = SealFiles::of(settings) else {
        tracing::warn!("the audit is not sealed: set seal_key");
        return Ok(None);
    };
    let audits = vec![
        Audited { log: &services::AUDIT, database: databases.services.clone() },
        Audited { log: &portal::AUDIT, database: databases.portal.clone() },
    ];
    Ok(Some(Sealing {
        audits,
        key: files.load()?,
        trusted: SealFiles::trusted(Some(&files), &[])?,
        heads: files.heads,
        push: settings.seal_push.as_ref().map(|url| url.0.clone()),
        every: settings.seal_interval,
    }))
}

async fn bind(addr: SocketAddr, setting: &str) -> Result<TcpListener> {
    TcpListener::bind(addr).await.map_err(|error| {
        let flag = setting.replace('_', "-");
        format!("setting {setting}: cannot listen on {addr} ({error}); choose another with --{flag}").into()
    })
}

/// The URL that is set, or that of the address itself.
fn url(set: Option<&crate::settings::BaseUrl>, addr: SocketAddr) -> String {
    match set {
        Some(url) => url.0.clone(),
        None if addr.ip().is_unspecified() => format!("http://127.0.0.1:{}", addr.port()),
        None => format!("http://{addr}"),
    }
}
