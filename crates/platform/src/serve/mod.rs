//! Serving a router until the program is told to stop: connections, their limits, and TLS.

mod connection;
mod repoll;
mod room;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::cors::CorsLayer;

use crate::http::TrustedProxies;
use crate::http::ready::Stopping;

use room::Room;
pub use tls::{Tls, TlsError};

/// How long requests that run may take to finish once the program is told to stop.
pub const DRAIN: Duration = Duration::from_secs(8);
/// After a connection could not be taken for want of something, such as file descriptors.
const REST: Duration = Duration::from_millis(500);

/// How clients are connected.
#[derive(Debug, Clone, Default)]
pub struct Transport {
    /// The certificate to speak TLS with; `None` for plain HTTP.
    pub tls: Option<Tls>,
    /// Whose word about clients is believed.
    pub trusted_proxies: TrustedProxies,
    /// What one client, and all of them, may take.
    pub limits: Limits,
    /// Whose pages may hear in a browser that there is no room. What the router answers says so itself.
    pub cors: Option<CorsLayer>,
    /// Whether the program was told to stop, which it may be some time before it does.
    pub stopping: Stopping,
}

/// What clients may take of the server before they send a request that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once. Further ones wait in the system's queue until one ends: those that nobody uses do so then,
    /// the others after the answer that they are at.
    pub connections: usize,
    /// Requests at work at once. Further ones are told to come back, before anything is done for them.
    pub requests: usize,
    /// How long a request's head may take to arrive, how long a connection may be idle between requests, and how
    /// long the TLS handshake may take.
    pub head_time: Duration,
    /// The largest head, in bytes: request line and headers. A larger one answers 431.
    pub head_size: usize,
    /// The most headers. More answer 431.
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 8_192,
            requests: usize::MAX,
            head_time: Duration::from_secs(30),
            head_size: 32 * 1024,
            headers: 64,
        }
    }
}

/// How many connections the system keeps for the program to take, where it allows as many. A crowd that comes at once
/// overflows less, and what overflows is reset.
const BACKLOG: u32 = 4_096;

/// Listens on an address.
///
/// # Errors
/// When that is not possible.
pub fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A program that was stopped a moment ago has left connections that the system still remembers.
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// Serves `router` over plain HTTP until `stop`, then lets running requests finish for at most [`DRAIN`].
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    Transport::default().serve(listener, router, stop).await
}

impl Transport {
    /// Serves `router` until `stop`, then lets running requests finish for at most [`DRAIN`].
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        router: Router,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let room = Arc::new(Room::new(self.limits));
        let connections = TaskTracker::new();
        let transport = Arc::new(self);
        loop {
            let next = async { (accept(&listener).await, room.place().await) };
            let ((stream, peer), place) = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                next = next => next,
            };
            let (transport, room) = (Arc::clone(&transport), Arc::clone(&room));
            let (router, stop) = (router.clone(), stop.child_token());
            connections.spawn(async move {
                connection::serve(&transport, &room, stream, peer.ip(), router, stop).await;
                drop(place);
            });
        }
        drop(listener);
        connections.close();
        if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
            tracing::warn!(
                running = connections.len(),
                "requests were still running when their time was over"
            );
        }
        Ok(())
    }
}

/// The next connection. What is wrong with one connection is not the listener's fault.
async fn accept(listener: &TcpListener) -> (tokio::net::TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {
            }
            Err(error) => {
                tracing::error!(%error, "a connection could not be taken; trying again in a moment");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// A token that is cancelled by the first SIGINT or SIGTERM; a second one ends the program at once.
///
/// # Errors
/// When the signals cannot be listened for.
pub fn stop_on_signal() -> io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        tracing::info!("stopping");
        token.cancel();
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        std::process::exit(130);
    });
    Ok(stop)
}
