//! Every route of the services, on one page.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use contract::ProblemKind;
use platform::http::{ProblemResponse, RequestId, complete_problem, request_id, uncancellable};
use policy::Denied;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Document;
use super::{App, HttpSettings, audit, branches, docs, health, items, orders, stock};

/// How long a refusal waits for its audit entry.
const PATIENCE: Duration = Duration::from_secs(2);

/// The documented routes.
pub(super) fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(branches::list_branches, branches::create_branch))
        .routes(routes!(branches::get_branch, branches::update_branch, branches::delete_branch))
        .routes(routes!(items::list_items, items::create_item))
        .routes(routes!(items::get_item, items::update_item, items::delete_item))
        .routes(routes!(stock::list_stock, stock::set_stock))
        .routes(routes!(stock::stock_summary))
        .routes(routes!(stock::list_movements))
        .routes(routes!(orders::list_orders, orders::create_order))
        .routes(routes!(orders::recent_orders))
        .routes(routes!(orders::get_order, orders::update_order, orders::delete_order))
        .routes(routes!(orders::submit_order))
        .routes(routes!(orders::fulfill_order))
        .routes(routes!(orders::cancel_order))
        .routes(routes!(audit::list_audit))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
}

/// The whole surface.
pub fn router(app: Arc<App>, settings: &HttpSettings) -> Router {
    let (routes, _) = documented().split_for_parts();
    let timeout = settings.request_timeout;
    let mut router = routes
        .route("/openapi.json", get(docs::document))
        .route("/docs", get(docs::to_docs))
        .route("/docs/", get(docs::page))
        .route("/docs/{*path}", get(docs::asset))
        .route("/problems", get(docs::problems))
        .route("/problems/{slug}", get(docs::problem))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(settings.body_limit))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), audited_if_refused))
        .layer(middleware::from_fn(uncancellable))
        .layer(middleware::from_fn(move |request: Request, next: Next| in_time(timeout, request, next)))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(about_the_request))
        .layer(middleware::from_fn(request_id))
        .with_state(app);
    if settings.compression {
        router = router.layer(CompressionLayer::new());
    }
    if !settings.cors_origins.is_empty() {
        router = router.layer(cors(&settings.cors_origins));
    }
    router
}

async fn not_found() -> ProblemResponse {
    ProblemResponse::new(ProblemKind::NotFound, "There is nothing at this path. /docs lists what there is.")
}

async fn method_not_allowed() -> ProblemResponse {
    let detail = "This path does not take this method; the Allow header says which it takes.";
    ProblemResponse::new(ProblemKind::MethodNotAllowed, detail)
}

/// Gives up waiting, not the work: what changes something runs on to its end in its own task.
async fn in_time(timeout: std::time::Duration, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) if reads => {
            ProblemResponse::new(ProblemKind::Unavailable, "The answer took too long.").into_response()
        }
        Err(_) => ProblemResponse::new(
            ProblemKind::OutcomeUnknown,
            "The answer took too long. Repeat with the same Idempotency-Key: it happens once.",
        )
        .into_response(),
    }
}

/// Has a refusal of authorization written to the audit before it is answered. It is written whether or not the client
/// still listens.
async fn audited_if_refused(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let ip = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let response = next.run(request).await;
    let Some(denied) = response.extensions().get::<Denied>().cloned() else { return response };
    let written = tokio::spawn(async move {
        let services = &app.services;
        services.refusals.record(&services.database, &denied, id, ip).await
    });
    match tokio::time::timeout(PATIENCE, written).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => tracing::warn!(%error, "a refusal could not be written to the audit"),
        Ok(Err(error)) => tracing::error!(%error, "a refusal could not be written to the audit"),
        Err(_) => tracing::warn!("a refusal was answered before it was written to the audit"),
    }
    response
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked");
    let detail = "A defect in the server. The log has the details under this request's id.";
    ProblemResponse::new(ProblemKind::Internal, detail).into_response()
}

/// Problems that were made without knowing their request get its path and id here.
async fn about_the_request(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    complete_problem(next.run(request).await, &path, id.as_deref())
}

fn cors(origins: &[String]) -> CorsLayer {
    let origins = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let [idempotency_key, request_id, replayed] =
        ["idempotency-key", "x-request-id", "idempotent-replayed"].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            idempotency_key,
            request_id.clone(),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::LINK,
            header::RETRY_AFTER,
            request_id,
            replayed,
        ])
}
