//! One connection, from the handshake to its end.

use std::future::poll_fn;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::pin::pin;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::Transport;
use super::repoll::Repoll;
use super::room::{Room, Use};
use crate::http::{is_exempt, refuse};

/// Serves the requests of one connection. When `stop` is cancelled it ends after the request that runs; when others have
/// no room, as [`Use::makes_room`] says.
pub(super) async fn serve(
    transport: &Transport,
    room: &Room,
    stream: TcpStream,
    peer: IpAddr,
    router: Router,
    stop: CancellationToken,
) {
    // Answers are written whole; waiting to fill packets only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let Some(tls) = &transport.tls else {
        return requests(transport, room, stream, peer, router, stop).await;
    };
    let handshake = tokio::time::timeout(transport.limits.head_time, tls.accept(stream));
    let shaken = tokio::select! { shaken = handshake => shaken, () = stop.cancelled() => return };
    match shaken {
        Ok(Ok(stream)) => requests(transport, room, stream, peer, router, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, %peer, "a TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
    }
}

async fn requests<S>(
    transport: &Transport,
    room: &Room,
    stream: S,
    peer: IpAddr,
    router: Router,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + AsRawFd + Unpin + Send + 'static,
{
    let (limits, tls, socket) = (transport.limits, transport.tls.is_some(), stream.as_raw_fd());
    let used = &Use::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        let client = transport.trusted_proxies.client(peer, tls, request.headers());
        let place = room.request();
        let answer = if place.is_some() || is_exempt(&request) {
            request.extensions_mut().insert(client);
            request.extensions_mut().insert(transport.stopping.clone());
            Either::Left(router.clone().oneshot(request.map(Body::new)))
        } else {
            Either::Right(refuse(request, client.https, transport.cors.as_ref()))
        };
        async move {
            used.turn();
            let answer = answer.await;
            used.turn();
            drop(place);
            answer
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_headers(limits.headers)
        .max_header_size(limits.head_size);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let repoll = Repoll::new();
    let mut wanted = pin!(room.wanted());
    let (mut asked, mut stopping) = (None, false);
    let ended = loop {
        tokio::select! {
            biased;
            ended = poll_fn(|context| repoll.poll(connection.as_mut(), context)) => break ended,
            () = stop.cancelled(), if !stopping => stopping = true,
            () = wanted.as_mut(), if !stopping => {
                wanted.set(room.wanted());
                stopping = used.makes_room(&mut asked, socket);
            }
        }
        if stopping {
            connection.as_mut().graceful_shutdown();
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}
