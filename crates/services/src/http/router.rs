//! Every route of the services, on one page.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use contract::ProblemKind;
use platform::http::{Client, LargeBody, ProblemResponse, RequestId, ServerRequestId, Surface};
use policy::Denied;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::openapi::Document;
use super::{App, HttpSettings, audit, branches, docs, health, items, orders, reports, stock};
use crate::rate_limit::Limiter;
use crate::request::RequestContext;

/// How long a refusal waits for its audit entry.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a browser may remember that a page may call, instead of asking before each call. Chromium remembers it no
/// longer.
const REMEMBER: Duration = Duration::from_secs(7_200);

/// The largest body of anything but an order or a batch, in bytes: the longest texts of an item, each letter written as an escape,
/// are half of it.
const BODY_LIMIT: usize = 64 * 1024;

/// The documented routes. Orders and batches are as large as `body_limit`.
pub(super) fn documented(body_limit: usize) -> OpenApiRouter<Arc<App>> {
    let large = || (DefaultBodyLimit::max(body_limit), Extension(LargeBody));
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(branches::list_branches, branches::create_branch))
        .routes(routes!(branches::get_branch, branches::update_branch, branches::delete_branch))
        .routes(routes!(items::list_items, items::create_item))
        .routes(routes!(items::put_item_batch).layer(large()))
        .routes(routes!(items::get_item, items::update_item, items::delete_item))
        .routes(routes!(stock::list_stock, stock::set_stock))
        .routes(routes!(stock::set_stock_batch).layer(large()))
        .routes(routes!(stock::stock_summary))
        .routes(routes!(stock::list_movements))
        .routes(routes!(stock::stock_changes))
        .routes(routes!(orders::list_orders, orders::create_order).layer(large()))
        .routes(routes!(orders::recent_orders))
        .routes(routes!(orders::get_order, orders::update_order, orders::delete_order).layer(large()))
        .routes(routes!(orders::put_order_by_reference).layer(large()))
        .routes(routes!(orders::order_elsewhere))
        .routes(routes!(orders::submit_order))
        .routes(routes!(orders::fulfill_order))
        .routes(routes!(orders::cancel_order))
        .routes(routes!(audit::list_audit))
        .routes(routes!(audit::audit_seal))
        .routes(routes!(reports::report_overview))
        .routes(routes!(reports::report_daily))
        .routes(routes!(reports::report_movers))
        .routes(routes!(reports::report_heat_map))
        .routes(routes!(reports::report_history))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
}

/// The whole surface.
pub fn router(app: Arc<App>, settings: &HttpSettings) -> Router {
    // What the portal says of clients' owners reaches policies by the way that its keys come.
    app.services.authorizer().know_owners(app.verifier.owners().clone());
    let (routes, _) = documented(settings.body_limit).split_for_parts();
    let mut routes = routes
        .route("/openapi.json", get(docs::document))
        .route("/docs", get(docs::to_docs))
        .route("/docs/", get(docs::page))
        .route("/docs/{*path}", get(docs::asset))
        .route("/problems", get(docs::problems))
        .route("/problems/{slug}", get(docs::problem))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), audited_if_refused));
    if let Some(limiter) = Limiter::new(app.services.database(), &settings.rate_limits) {
        routes = routes.layer(Extension(limiter));
    }
    let surface = Surface {
        body_limit: settings.body_limit.min(BODY_LIMIT),
        request_timeout: settings.request_timeout,
        compression: settings.compression,
        cors: cors(&settings.cors_origins),
        tells_hangups: false,
    };
    surface.around(routes).with_state(app)
}

async fn not_found() -> ProblemResponse {
    ProblemResponse::new(ProblemKind::NotFound, "There is nothing at this path. /docs lists what there is.")
}

async fn method_not_allowed() -> ProblemResponse {
    let detail = "This path does not take this method; the Allow header says which it takes.";
    ProblemResponse::new(ProblemKind::MethodNotAllowed, detail)
}

/// Has a refusal of authorization written to the audit before it is answered. It is written whether or not the client
/// still listens.
async fn audited_if_refused(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    let context = RequestContext {
        request_id: extensions.get::<RequestId>().map(|id| id.0.clone()),
        server_request_id: extensions.get::<ServerRequestId>().map(|id| id.0.clone()),
        ip: extensions.get::<Client>().map(|client| client.ip),
        ..RequestContext::default()
    };
    let response = next.run(request).await;
    let Some(denied) = response.extensions().get::<Denied>().cloned() else { return response };
    let written = tokio::spawn(async move {
        let services = &app.services;
        services.refusals.record(&services.database, &denied, &context).await
    });
    match tokio::time::timeout(PATIENCE, written).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => tracing::warn!(%error, "a refusal could not be written to the audit"),
        Ok(Err(error)) => tracing::error!(%error, "a refusal could not be written to the audit"),
        Err(_) => tracing::warn!("a refusal was answered before it was written to the audit"),
    }
    response
}

/// What pages of those origins may ask in a browser and read; `None` where there is no such origin. `*` is any.
pub fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origins = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let [idempotency_key, request_id, replayed] =
        ["idempotency-key", "x-request-id", "idempotent-replayed"].map(HeaderName::from_static);
    let layer = CorsLayer::new()
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
        .max_age(REMEMBER);
    Some(layer)
}
