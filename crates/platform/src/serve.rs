//! Serving a router until the program is told to stop.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long requests that run may take to finish once the program is told to stop.
pub const DRAIN: Duration = Duration::from_secs(8);

/// Serves `router` until `stop`, then lets running requests finish for at most [`DRAIN`].
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    let listener = listener.tap_io(|stream| {
        // Answers are written whole; waiting to fill packets only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let drained = {
        let stop = stop.clone();
        async move {
            stop.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        }
    };
    let serving =
        axum::serve(listener, service).with_graceful_shutdown(async move { stop.cancelled().await });
    tokio::select! {
        served = serving => served,
        () = drained => Ok(()),
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
