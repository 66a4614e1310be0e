//! The parts of the program while they run: portal, services and worker, together or alone.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use identity::Verifier;
use platform::http::TrustedProxies;
use platform::http::ready::Stopping;
use platform::pg::{Database, Login};
use platform::serve::{Limits, Tls, Transport, raise_descriptors};
use policy::Authorizer;
use portal::Portal;
use services::Services;
use services::engine::EngineConfig;
use services::http::{App, HttpSettings};
use services::rate_limit::{Clock, Limit, RateLimits};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use worker::{Audited, Sealing};

use crate::Result;
use crate::databases::{Databases, RUN_LOGIN};
use crate::sealing::SealFiles;
use crate::secrets;
use crate::settings::{BaseUrl, Settings};

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

/// Files that are open besides clients' connections: those of the database and of upstream, logs, keys, libraries.
const OTHER_FILES: usize = 256;

/// The parts that run.
#[derive(Debug)]
pub struct Running {
    /// Where the portal listens.
    pub portal_addr: Option<SocketAddr>,
    /// Where the services listen.
    pub services_addr: Option<SocketAddr>,
    transport: Transport,
    tasks: JoinSet<Result<()>>,
    stop: CancellationToken,
}

impl Running {
    /// Starts the parts. They stop `shutdown_delay` after `told` is cancelled.
    ///
    /// # Errors
    /// When an address cannot be listened on, a certificate cannot be used, or the database is away or was not
    /// migrated.
    pub async fn start(
        settings: &Settings,
        parts: &[Part],
        databases: &Databases,
        told: CancellationToken,
    ) -> Result<Running> {
        let listener = |part, addr, name| async move {
            if parts.contains(&part) { bind(addr, name).map(Some) } else { Ok(None) }
        };
        let listeners = [Part::Portal, Part::Services].iter().filter(|part| parts.contains(part)).count();
        let limits = limits(settings, listeners)?;
        let transport = transport(settings, limits, Stopping(told.clone()))?;
        // All addresses are taken before anything runs, so that a taken one leaves nothing half-started.
        let for_portal = listener(Part::Portal, settings.portal_addr, "portal_addr").await?;
        let for_services = listener(Part::Services, settings.services_addr, "services_addr").await?;
        let mut running = Running {
            portal_addr: for_portal.as_ref().map(TcpListener::local_addr).transpose()?,
            services_addr: for_services.as_ref().map(TcpListener::local_addr).transpose()?,
            transport,
            tasks: JoinSet::new(),
            stop: settings.shutdown_delay.map_or_else(|| told.clone(), |delay| later(told.clone(), delay)),
        };
        if let Some(tls) = &running.transport.tls {
            let following = tls.clone().follow_files(running.stop.clone());
            running.tasks.spawn(async move {
                following.await;
                Ok(())
            });
        }
        let both = parts.contains(&Part::Worker);
        for (database, used) in [
            (&databases.services, for_services.is_some() || both),
            (&databases.portal, for_portal.is_some() || both),
        ] {
            if used {
                let (database, stop) = (database.clone(), running.stop.clone());
                running.tasks.spawn(async move {
                    watch_login(&database, stop).await;
                    Ok(())
                });
            }
        }
        if for_services.is_some() || for_portal.is_some() {
            let authorizer = running.authorizer(settings)?;
            if let Some(listener) = for_services {
                running.services(settings, &databases.services, listener, Arc::clone(&authorizer))?;
            }
            if let Some(listener) = for_portal {
                running.portal(settings, &databases.portal, listener, authorizer).await?;
            }
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
            rate_limits: rate_limits(settings),
        };
        let portal_addr = self.portal_addr.unwrap_or(settings.portal_addr);
        let jwks_url =
            format!("{}/.well-known/jwks.json", self.url(settings.portal_url.as_ref(), portal_addr));
        let (issuer, audience) = (settings.issuer.as_str(), portal::AUDIENCE);
        let verifier = match ca("portal_ca", settings.portal_ca.as_deref())? {
            Some(ca) => Verifier::with_ca(&jwks_url, &ca, issuer, audience)?,
            None => Verifier::new(&jwks_url, issuer, audience)?,
        };
        let services = Services::start(database.clone(), &engine, authorizer)
            .with_unique_references(settings.unique_references);
        let app = Arc::new(App { services, verifier });
        let router = services::http::router(Arc::clone(&app), &http);
        let (mut transport, stop) = (self.transport.clone(), self.stop.clone());
        transport.cors = services::http::cors(&settings.cors_origins.0);
        self.tasks.spawn(async move {
            let served = transport.serve(listener, router, stop).await;
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
        authorizer: Arc<Authorizer>,
    ) -> Result<()> {
        let addr = self.services_addr.unwrap_or(settings.services_addr);
        // Cookies travel over TLS alone, but to a browser on this machine that asks by plain http.
        let tls = self.transport.tls.is_some();
        let plain = match &settings.portal_url {
            Some(url) => url.is_plain_loopback(),
            None => !tls && settings.portal_addr.ip().is_loopback(),
        };
        if !plain && !tls && !settings.portal_url.as_ref().is_some_and(|url| url.0.starts_with("https://")) {
            tracing::warn!(
                "people can sign in over https alone: set tls_cert and tls_key, or put a proxy in front and set portal_url"
            );
        }
        let config = portal::Config {
            services_url: self.url(settings.services_url.as_ref(), addr),
            services_ca: ca("services_ca", settings.services_ca.as_deref())?,
            issuer: settings.issuer.clone(),
            key_encryption_key: secrets::key_encryption_key(settings)?,
            cookie_secure: !plain,
            admin_second_factor: settings.admin_second_factor,
            sessions: portal::accounts::sessions::Limits {
                idle: settings.session_idle,
                lifetime: settings.session_lifetime,
            },
            patience: client::Patience {
                per_try: Duration::from_millis(700),
                in_all: Duration::from_millis(1_500),
            },
        };
        let portal = Portal::build(config, database.clone(), authorizer).await?;
        let (transport, stop) = (self.transport.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let serving = transport.serve(listener, portal.router(), stop.clone());
            let (served, ()) = tokio::join!(serving, portal.keep_house(stop));
            Ok(served?)
        });
        Ok(())
    }

    /// The URL that is set, or that of the address itself.
    fn url(&self, set: Option<&BaseUrl>, addr: SocketAddr) -> String {
        let scheme = self.scheme();
        match set {
            Some(url) => url.0.clone(),
            None if addr.ip().is_unspecified() => format!("{scheme}://127.0.0.1:{}", addr.port()),
            None => format!("{scheme}://{addr}"),
        }
    }

    /// `https` where this program speaks TLS itself.
    pub fn scheme(&self) -> &'static str {
        if self.transport.tls.is_some() { "https" } else { "http" }
    }
}

/// What `/ready` says of a login that may do too much. What that is is for the log, since anybody may ask there.
const TOO_MUCH: &str = "login: the program's login at the database may do more than serving needs; the log says what, and what mends it";
/// How often the login's rights are looked at: they may be given and taken while the program runs.
const LOGIN_EVERY: Duration = Duration::from_secs(60);

/// Says in the log and in `/ready` when the database's login may do more than serving needs, until `stop`.
async fn watch_login(database: &Database, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(LOGIN_EVERY);
    let mut known = Vec::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        // A database that is away is told of elsewhere.
        let Ok(Login { name, excess }) = database.login().await else { continue };
        database.set_warning((!excess.is_empty()).then_some(TOO_MUCH));
        if excess != known && !excess.is_empty() {
            let mend = if name == RUN_LOGIN {
                "revoke that from it"
            } else {
                "serve with a login that owns nothing: run `quartermaster login --to FILE` with this one, then set \
                 database_url_file to FILE in its place"
            };
            tracing::warn!(
                login = name,
                "the login of database_url may do more than serving needs: {}; {mend}",
                excess.join(", ")
            );
        }
        known = excess;
    }
}

/// How the audits are sealed; `None` where no key is set.
fn sealing(settings: &Settings, databases: &Databases) -> Result<Option<Sealing>> {
    let Some(files) = SealFiles::of(settings) else { return Ok(None) };
    let audits = vec![
        Audited { log: &services::AUDIT, database: databases.services.clone() },
        Audited { log: &portal::AUDIT, database: databases.portal.clone() },
    ];
    if files.heads.exists() {
        files::trusted(&files.heads).map_err(|fault| format!("setting seal_heads: {fault}"))?;
    }
    Ok(Some(Sealing {
        audits,
        key: files.load()?,
        trusted: SealFiles::trusted(Some(&files), &[])?,
        heads: files.heads,
        push: settings.seal_push.as_ref().map(|url| url.0.clone()),
        every: settings.seal_interval,
    }))
}

/// A token that is cancelled so much later than `told`.
fn later(told: CancellationToken, delay: Duration) -> CancellationToken {
    let stop = CancellationToken::new();
    let later = stop.clone();
    tokio::spawn(async move {
        told.cancelled().await;
        tokio::time::sleep(delay).await;
        later.cancel();
    });
    stop
}

fn bind(addr: SocketAddr, setting: &str) -> Result<TcpListener> {
    platform::serve::listen(addr).map_err(|error| {
        let flag = setting.replace('_', "-");
        format!("setting {setting}: cannot listen on {addr} ({error}); choose another with --{flag}").into()
    })
}

/// What clients may take of the portal, and of the services: what is set, as far as the system allows so many open files.
fn limits(settings: &Settings, listeners: usize) -> Result<Limits> {
    let files = raise_descriptors()
        .map_err(|error| format!("the number of files that may be open cannot be raised ({error})"))?;
    let (wanted, defaults) = (settings.max_connections.get(), Limits::default());
    let for_each = files.saturating_sub(OTHER_FILES) / listeners.max(1);
    let guests = defaults.guests.min(for_each / 4);
    let connections = wanted.min(for_each - guests).max(1);
    if connections < wanted && listeners > 0 {
        tracing::warn!(
            files,
            connections,
            "setting max_connections: {wanted} are more than the system allows files to be open; raise that with \
             LimitNOFILE= of systemd or ulimit -n"
        );
    }
    let of_one_address = settings.connections_per_address.map_or(connections / 4, NonZeroUsize::get).max(1);
    let requests = settings.max_requests.get();
    Ok(Limits { connections, of_one_address, guests, requests, ..defaults })
}

/// How the portal and the services are connected to.
fn transport(settings: &Settings, limits: Limits, stopping: Stopping) -> Result<Transport> {
    let tls = match (&settings.tls_cert, &settings.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::load(certificate, key)?),
        (None, None) => None,
        (Some(_), None) => return Err("setting tls_key: must name the private key of tls_cert".into()),
        (None, Some(_)) => return Err("setting tls_cert: must name the certificate of tls_key".into()),
    };
    Ok(Transport {
        tls,
        trusted_proxies: TrustedProxies::new(settings.trusted_proxies.0.clone()),
        limits,
        cors: None,
        stopping,
    })
}

fn rate_limits(settings: &Settings) -> RateLimits {
    let limit =
        |rate| NonZeroU32::new(rate).map(|per_minute| Limit { per_minute, burst: settings.rate_burst });
    RateLimits {
        caller: limit(settings.caller_rate),
        address: limit(settings.address_rate),
        clock: Clock::Real,
    }
}

/// The text of an authority's file.
fn ca(setting: &str, path: Option<&Path>) -> Result<Option<Vec<u8>>> {
    let read = |path: &Path| {
        let text = files::read_trusted(path).map_err(|fault| format!("setting {setting}: {fault}"))?;
        Result::Ok(text.into_bytes())
    };
    path.map(read).transpose()
}
