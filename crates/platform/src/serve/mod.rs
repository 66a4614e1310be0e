//! Serving a router until the program is told to stop: connections, their limits, and TLS.

mod connection;
mod descriptors;
mod guests;
mod paced;
mod rarely;
mod repoll;
mod room;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::cors::CorsLayer;

use crate::http::TrustedProxies;
use crate::http::ready::Stopping;

use connection::Around;
pub use descriptors::raise_descriptors;
use rarely::Rarely;
use room::Room;
pub use tls::{Tls, TlsError};

/// How long requests that run may take to finish once the program is told to stop.
pub const DRAIN: Duration = Duration::from_secs(8);
/// After a connection could not be taken for want of something, such as file descriptors. Others make room meanwhile.
const REST: Duration = Duration::from_millis(100);
/// After a guest had to go for one of another network: a crowd waits in the system's queue meanwhile, which costs less
/// than to turn it away.
const PACE: Duration = Duration::from_millis(1);

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
    /// Connections at once. Further ones wait as guests until one ends: those that nobody uses do so then, the others
    /// after the answer that they are at.
    pub connections: usize,
    /// Connections at once of one IPv4 address or IPv6 /64 that is no trusted proxy. Further ones are guests, and stay so.
    pub of_one_address: usize,
    /// Guests at once, half as many of one network. The oldest is told to come back when there are more. A guest is
    /// answered what asks how the process does, and what the services follow; for the rest it waits.
    pub guests: usize,
    /// Requests at work at once. Further ones are told to come back, before anything is done for them.
    pub requests: usize,
    /// How long a request's head may take to arrive, how long a connection may be idle between requests, and how
    /// long the TLS handshake may take.
    pub head_time: Duration,
    /// For how long nothing of a request's body may arrive.
    pub body_pause: Duration,
    /// The largest head, in bytes: request line and headers. A larger one answers 431.
    pub head_size: usize,
    /// The most headers. More answer 431.
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 8_192,
            of_one_address: 2_048,
            guests: 256,
            requests: usize::MAX,
            head_time: Duration::from_secs(10),
            body_pause: Duration::from_secs(10),
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
            let (stream, peer) = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = accept(&listener, &room) => accepted,
            };
            let peer = peer.ip();
            let (admission, others_go) = room.admit(peer, transport.trusted_proxies.trusts(peer));
            let (transport, room) = (Arc::clone(&transport), Arc::clone(&room));
            let (router, stop) = (router.clone(), stop.child_token());
            connections.spawn(async move {
                let (transport, room, admission) = (transport.as_ref(), room.as_ref(), &admission);
                Around { transport, room, admission, peer, router }.serve(stream, stop).await;
            });
            if others_go {
                tokio::time::sleep(PACE).await;
            }
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
async fn accept(listener: &TcpListener, room: &Room) -> (tokio::net::TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    static WANTS: LazyLock<Rarely> = LazyLock::new(Rarely::default);
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {
            }
            Err(error) => {
                if let Some(since) = WANTS.count() {
                    tracing::error!(%error, since, "connections cannot be taken; others are asked to make room");
                }
                room.give_way();
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
