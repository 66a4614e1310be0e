//! One connection, from the handshake to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::Transport;
use super::paced::Paced;
use super::repoll::Repoll;
use super::room::{Admission, Room, Use};
use crate::http::{Refusal, fault, is_exempt, refuse};

/// How long a connection that has to go may take to write that it does.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the requests of a connection have in common.
pub(super) struct Around<'a> {
    pub(super) transport: &'a Transport,
    pub(super) room: &'a Room,
    pub(super) admission: &'a Admission,
    pub(super) peer: IpAddr,
    pub(super) router: Router,
}

impl Around<'_> {
    /// Serves the requests of the connection. When `stop` is cancelled it ends after the request that runs; when others
    /// have no room, as [`Use::makes_room`] says; a guest when it is told to.
    pub(super) async fn serve(self, stream: TcpStream, stop: CancellationToken) {
        // Answers are written whole; waiting to fill packets only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let peer = self.peer;
        let Some(tls) = &self.transport.tls else { return self.requests(stream, stop).await };
        let handshake = tokio::time::timeout(self.transport.limits.head_time, tls.accept(stream));
        let shaken = tokio::select! {
            shaken = handshake => shaken,
            () = stop.cancelled() => return,
            () = self.admission.told_to_go() => return,
        };
        match shaken {
            Ok(Ok(stream)) => self.requests(stream, stop).await,
            Ok(Err(error)) => tracing::debug!(%error, %peer, "a TLS handshake failed"),
            Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
        }
    }

    async fn requests<S>(self, stream: S, stop: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + AsRawFd + Unpin + Send + 'static,
    {
        let (limits, socket) = (self.transport.limits, stream.as_raw_fd());
        let (around, used) = (&self, &Use::default());
        let service = service_fn(|request: Request<Incoming>| {
            used.begin(is_exempt(&request));
            async move {
                let answer = around.answer(request).await;
                used.end();
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
        let mut wanted = pin!(self.room.wanted());
        let mut to_go = pin!(self.admission.told_to_go());
        let (mut asked, mut stopping, mut farewell) = (None, false, None);
        let ended = loop {
            tokio::select! {
                biased;
                ended = poll_fn(|context| repoll.poll(connection.as_mut(), context)) => break ended,
                () = stop.cancelled(), if !stopping => stopping = true,
                () = wanted.as_mut(), if !stopping => {
                    wanted.set(self.room.wanted());
                    stopping = used.makes_room(&mut asked, socket);
                }
                () = to_go.as_mut(), if farewell.is_none() && self.admission.as_guest().is_some() => {
                    if !used.waits_for_place() {
                        return;
                    }
                    stopping = true;
                    farewell = Some(Box::pin(tokio::time::sleep(FAREWELL)));
                }
                () = async { if let Some(farewell) = &mut farewell { farewell.await } }, if farewell.is_some() => return,
            }
            if stopping {
                connection.as_mut().graceful_shutdown();
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, peer = %self.peer, "a connection ended early");
        }
    }

    async fn answer(&self, mut request: Request<Incoming>) -> Result<Response, Infallible> {
        let Around { transport, room, admission, peer, router } = self;
        let client = transport.trusted_proxies.client(*peer, transport.tls.is_some(), request.headers());
        let refused = |request, why| refuse(request, why, client.https, transport.cors.as_ref());
        if let Some(fix) = fault(&request) {
            return refused(request, Refusal::Head(fix)).await;
        }
        let is_exempt = is_exempt(&request);
        if admission.as_guest().is_some() && !is_exempt && !Box::pin(room.settle(admission)).await {
            return refused(request, Refusal::NoConnection).await;
        }
        let (mut place, has_body) = (room.work.enter(), !request.body().is_end_stream());
        if place.is_none() && !is_exempt {
            return refused(request, Refusal::NoPlace).await;
        }
        if has_body && let Some(place) = place.take() {
            request.extensions_mut().insert(room.work.with_body(place));
        }
        request.extensions_mut().insert(client);
        request.extensions_mut().insert(transport.stopping.clone());
        let pause = transport.limits.body_pause;
        let body = |body| if has_body { Body::new(Paced::new(body, pause)) } else { Body::empty() };
        let answer = router.clone().oneshot(request.map(body)).await;
        drop(place);
        answer
    }
}
