//! HAProxy in front of portals and services, asking each whether it is ready.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;
use tokio::process::{Child, Command};

use crate::Result;
use crate::http::Connection;
use crate::program::free_address;

/// How often it asks. One answer is enough for it, either way.
const EVERY: &str = "100ms";
/// How long it may take to be there.
const PATIENCE: Duration = Duration::from_secs(10);

/// Debian has it where only root looks.
fn program() -> &'static str {
    const FOR_ROOT: &str = "/usr/sbin/haproxy";
    if Path::new(FOR_ROOT).exists() { FOR_ROOT } else { "haproxy" }
}

/// A running proxy; gone when dropped.
pub struct Haproxy {
    _child: Child,
    _config: NamedTempFile,
    /// Where it takes requests for the services.
    pub services: SocketAddr,
    /// Where it takes requests for the portals.
    pub portals: SocketAddr,
}

/// Where a proxy is to listen, so that those behind it can be told before it runs.
///
/// # Errors
/// When there is no free address.
pub fn addresses() -> Result<(SocketAddr, SocketAddr)> {
    Ok((free_address()?, free_address()?))
}

impl Haproxy {
    /// Starts one at these addresses (services, portals), before those processes.
    ///
    /// # Errors
    /// When there is no HAProxy, or it does not start.
    pub async fn start(
        (services, portals): (SocketAddr, SocketAddr),
        of_services: &[SocketAddr],
        of_portals: &[SocketAddr],
    ) -> Result<Haproxy> {
        let mut config = String::from(
            "defaults\n  mode http\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n  timeout check 2s\n  option redispatch\n",
        );
        for (name, front, servers) in [("services", services, of_services), ("portals", portals, of_portals)]
        {
            writeln!(config, "listen {name}\n  bind {front}\n  option httpchk GET /ready")?;
            writeln!(config, "  default-server check inter {EVERY} fall 1 rise 1")?;
            for (n, server) in servers.iter().enumerate() {
                writeln!(config, "  server {name}{n} {server}")?;
            }
        }
        let file = NamedTempFile::new()?;
        std::fs::write(file.path(), config)?;
        let child = Command::new(program())
            .args(["-db", "-q", "-f"])
            .arg(file.path())
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("haproxy: {error}; install it (Debian, Ubuntu: apt install haproxy)"))?;
        let haproxy = Haproxy { _child: child, _config: file, services, portals };
        haproxy.wait().await?;
        Ok(haproxy)
    }

    /// Waits until it has found somebody ready behind each address.
    async fn wait(&self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        for addr in [self.services, self.portals] {
            loop {
                let asked = async { Connection::open(addr).await?.get("/ready", None).await };
                if asked.await.is_ok_and(|reply| reply.status == 200) {
                    break;
                }
                if Instant::now() > end {
                    return Err("haproxy was not ready in time".into());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }
}
