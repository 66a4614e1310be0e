//! Every route of the portal, on one page.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use contract::ProblemKind;
use contract::health::{HealthOut, ReadyOut};
use platform::http::ready::{self, DATABASE_CHECKS, NotReady, Stopping};
use platform::http::{LargeBody, ProblemResponse, SMALL_BODY, Surface};
use tower_http::csrf::CsrfLayer;

use super::{audit_api, files, kept_form, token};
use crate::pages::{
    Trouble, admin, audit, audit_file, audit_seal, branches, dashboard, events, items, login, orders,
    password, preferences, problem, scan, search, second_factor, second_step, sessions, stock,
};
use crate::sealed::AUDIT;
use crate::{Shared, migrations};

/// The largest form of a route for large ones, in bytes: an order of many lines, a catalogue, a set of policies. Only who
/// is signed in gets as far as having it read. All other forms have a few fields.
const LARGE_FORM: usize = 1024 * 1024;
/// Hashing passwords may queue for some seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The whole surface.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let large = || (DefaultBodyLimit::max(LARGE_FORM), Extension(LargeBody));
    let routes = files_of_lists()
        .route("/", get(dashboard::get))
        .route("/dashboard/events/", get(events::get))
        .route("/stock/", get(stock::list::get))
        .route("/stock/views/", post(stock::views::keep))
        .route("/stock/views/{id}/forget/", post(stock::views::forget))
        .route("/stock/as-of/", get(stock::as_of::get))
        .route("/stock/{branch}/{item}/adjust/", get(stock::adjust::get).post(stock::adjust::post))
        .route("/stock/{branch}/{item}/undo/{movement}/", post(stock::adjust::undo))
        .route("/orders/", get(orders::list::get))
        .route("/orders/new/", get(orders::draft::new).post(orders::draft::create).layer(large()))
        .route("/orders/bulk/", post(orders::bulk::post).layer(large()))
        .route("/orders/suggest/", get(orders::suggest::get))
        .route("/orders/{id}/", get(orders::order::get))
        .route("/orders/{id}/edit/", get(orders::draft::edit).post(orders::draft::save).layer(large()))
        .route("/orders/{id}/delete/", post(orders::draft::delete))
        .route("/orders/{id}/print/{paper}/", get(orders::paper::get))
        .route("/orders/{id}/{verb}/", get(orders::verb::get).post(orders::verb::post))
        .route("/items/", get(items::list::get))
        .route("/items/new/", get(items::edit::new).post(items::edit::create))
        .route("/items/import/", get(items::import::get).post(items::import::post).layer(large()))
        .route("/items/labels/", get(items::labels::of_list))
        .route("/items/{id}/labels/", get(items::labels::of_item))
        .route("/items/{id}/", get(items::item::get))
        .route("/items/{id}/edit/", get(items::edit::edit).post(items::edit::save))
        .route("/items/{id}/delete/", post(items::edit::delete))
        .route("/branches/", get(branches::list::get))
        .route("/branches/new/", get(branches::edit::new).post(branches::edit::create))
        .route("/branches/{id}/edit/", get(branches::edit::edit).post(branches::edit::save))
        .route("/branches/{id}/delete/", post(branches::edit::delete))
        .route("/audit/", get(audit::get))
        .route("/audit/{id}/seal/", get(audit_seal::get))
        .route("/admin/users/", get(admin::users::get))
        .route("/admin/users/new/", get(admin::users::new).post(admin::users::create))
        .route("/admin/users/{id}/", get(admin::user::get))
        .route("/admin/users/{id}/{verb}/", post(admin::user::post))
        .route("/admin/groups/", post(admin::users::set_group))
        .route("/admin/clients/", get(admin::clients::get).post(admin::clients::create))
        .route("/admin/clients/{name}/rotate/", post(admin::clients::rotate))
        .route("/admin/clients/{name}/owner/", post(admin::clients::set_owner))
        .route("/admin/clients/{name}/disable/", post(admin::clients::disable))
        .route("/admin/keys/", get(admin::keys::get))
        .route("/admin/keys/rotate/", post(admin::keys::rotate))
        .route("/admin/keys/{kid}/retire/", post(admin::keys::retire))
        .route("/admin/health/", get(admin::health::get))
        .route("/admin/audit/", get(admin::audit::get))
        .route("/admin/audit/{id}/seal/", get(admin::audit::seal))
        .route("/admin/api/audit", get(audit_api::list))
        .route("/admin/api/audit/{id}/seal", get(audit_api::seal))
        .route("/admin/policies/", get(admin::policies::get).post(admin::policies::check).layer(large()))
        .route("/search/", get(search::get))
        .route("/scan/", get(scan::get).post(scan::post))
        .route("/accounts/login/", get(login::get).post(login::post))
        .route("/accounts/second-step/", get(second_step::get).post(second_step::post))
        .route("/accounts/logout/", post(login::logout))
        .route("/accounts/password/", get(password::get).post(password::post))
        .route("/accounts/second-factor/", get(second_factor::get).post(second_factor::post))
        .route("/accounts/second-factor/remove/", post(second_factor::remove))
        .route("/preferences/", post(preferences::choose))
        .route("/accounts/sessions/", get(sessions::get))
        .route("/accounts/sessions/end/", post(sessions::end))
        .route("/accounts/sessions/end-others/", post(sessions::end_others))
        .route("/accounts/api/token/", get(token::of_session))
        .route("/oauth/token", post(token::of_client))
        .route("/.well-known/jwks.json", get(token::jwks))
        .route("/health/", get(health))
        .route("/health", get(health))
        .route("/ready", get(is_ready))
        .route("/static/{*path}", get(files::get))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        // Requests that change something and come from another site's page are refused.
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), kept_form::keep))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), problem::tell));
    let surface = Surface {
        body_limit: SMALL_BODY,
        request_timeout: REQUEST_TIMEOUT,
        compression: true,
        cors: None,
        tells_hangups: true,
    };
    surface.around(routes).with_state(shared)
}

/// Lists as files for spreadsheets.
fn files_of_lists() -> Router<Arc<Shared>> {
    Router::new()
        .route("/stock/csv", get(stock::file::get))
        .route("/stock/xlsx", get(stock::file::get))
        .route("/orders/csv", get(orders::file::get))
        .route("/orders/xlsx", get(orders::file::get))
        .route("/items/csv", get(items::file::of_list))
        .route("/items/xlsx", get(items::file::of_list))
        .route("/items/{id}/ledger/csv", get(items::file::of_ledger))
        .route("/items/{id}/ledger/xlsx", get(items::file::of_ledger))
        .route("/audit/csv", get(audit_file::get))
        .route("/audit/xlsx", get(audit_file::get))
        .route("/admin/audit/csv", get(admin::audit::file))
        .route("/admin/audit/xlsx", get(admin::audit::file))
}

async fn health() -> Response {
    axum::Json(HealthOut { status: "ok".to_owned() }).into_response()
}

async fn is_ready(State(shared): State<Arc<Shared>>, stopping: Stopping) -> Response {
    let checked = async {
        stopping.check()?;
        let latest = migrations::migrations().latest();
        ready::database(&shared.database, latest, migrations::standing).await
    };
    match checked.await {
        Ok(()) => {
            let checks = DATABASE_CHECKS.map(str::to_owned).to_vec();
            let login = shared.database.warning().map(str::to_owned);
            let warnings = login.into_iter().chain(late_seals(&shared).await).collect();
            axum::Json(ReadyOut { status: "ready".to_owned(), checks, warnings }).into_response()
        }
        Err::<_, NotReady>(not_ready) => not_ready.into_response(),
    }
}

/// Whether entries of the portal's audit wait too long for their seal.
async fn late_seals(shared: &Shared) -> Option<String> {
    let warning = async {
        let connection = shared.database.get().await?;
        auditlog::warning(&connection, &AUDIT).await
    };
    warning.await.unwrap_or_else(|error: auditlog::AuditError| {
        tracing::warn!(%error, "how far the portal's audit is sealed cannot be told");
        None
    })
}

async fn not_found() -> Trouble {
    Trouble::NoSuchPage
}

async fn method_not_allowed() -> ProblemResponse {
    let detail = "This path does not take this method; the Allow header says which it takes.";
    ProblemResponse::new(ProblemKind::MethodNotAllowed, detail)
}
