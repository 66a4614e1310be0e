//! `/admin/api/audit`: the audit of the portal for programs, in the shapes of the services' `/v1/audit`.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use contract::{AuditFilter, Cursor, Problem, ProblemKind};
use identity::{BadToken, TokenError, TokenFeed, Verifier};
use jiff::Timestamp;
use platform::http::keyset::{Page, next_link};
use platform::http::{Id, ProblemResponse, Query};
use policy::{Action, Resource};
use serde::Deserialize;

use crate::audit_entries;
use crate::error::Error;
use crate::pages::problem::tell_log;
use crate::{AUDIENCE, Shared, revocations};

/// A caller who may see the audit of the portal. A handler that takes it cannot be reached without a token of such a one.
#[derive(Debug)]
pub(super) struct Auditor;

impl FromRequestParts<Arc<Shared>> for Auditor {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Auditor, ProblemResponse> {
        let unauthorized = || {
            let detail = "Send a valid token: Authorization: Bearer … (the portal gives tokens).";
            ProblemResponse::new(ProblemKind::Unauthorized, detail)
        };
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        let value = values.next().and_then(|value| value.to_str().ok()).ok_or_else(unauthorized)?;
        let (scheme, token) = value.split_once(' ').ok_or_else(unauthorized)?;
        if values.next().is_some() || !scheme.eq_ignore_ascii_case("bearer") {
            return Err(unauthorized());
        }
        let feed = feed(shared).await.map_err(|error| failed(&error))?;
        let verifier = Verifier::with_feed(&feed, &shared.config.issuer, AUDIENCE);
        let caller = verifier.verify(token.trim()).await.map_err(|error| {
            let reason = match error {
                TokenError::Bad(reason) => reason,
                // The keys are at hand.
                TokenError::NoKeys => BadToken::UnknownKey,
            };
            tracing::info!(%reason, "a token was refused");
            unauthorized()
        })?;
        if shared.authorizer.authorize(&caller, Action::ViewPortalAudit, Resource::Company).is_err() {
            let detail = "The audit of the portal is for Auditors and Admins of every branch.";
            return Err(ProblemResponse::new(ProblemKind::Forbidden, detail));
        }
        Ok(Auditor)
    }
}

/// The keys as they are published, and the revocations as they are this moment.
async fn feed(shared: &Shared) -> Result<TokenFeed, Error> {
    let transaction = shared.database.begin().await?;
    let revoked = revocations::live(&transaction).await?;
    transaction.commit().await?;
    Ok(TokenFeed { keys: shared.feed.now().jwks(), revoked, ..TokenFeed::default() })
}

fn failed(error: &Error) -> ProblemResponse {
    tell_log(error, "the audit could not be read");
    match error {
        Error::Database(_) => ProblemResponse::new(ProblemKind::Unavailable, "Try again in a moment."),
        _ => ProblemResponse::new(ProblemKind::Internal, "The log has the details under this request's id."),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    limit: Option<u16>,
    cursor: Option<String>,
    actor_user_id: Option<String>,
    actor: Option<String>,
    action: Option<String>,
    entity_type: Option<String>,
    entity_id: Option<String>,
    ip: Option<String>,
    request_id: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// Entries, newest first.
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    _: Auditor,
    uri: Uri,
    Query(query): Query<ListQuery>,
) -> Result<Response, ProblemResponse> {
    let page = Page::asked(query.limit, query.cursor.as_deref()).map_err(Problem::invalid)?;
    let filter = AuditFilter {
        actor_user_id: query.actor_user_id,
        actor: query.actor,
        action: query.action,
        entity_type: query.entity_type,
        entity_id: query.entity_id,
        ip: query.ip,
        request_id: query.request_id,
        branch_id: None,
        from: query.from,
        to: query.to,
    };
    let listed = audit_entries::list(&shared.database, &filter, page).await;
    let mut rows = listed.map_err(|error| failed(&error))?;
    let next = page.cut(&mut rows).map(|last| next_link(&uri, Cursor::at(last.at, last.id)));
    let mut response = axum::Json(rows).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(link) = next.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// How an entry stands to the seals.
pub(super) async fn seal(
    State(shared): State<Arc<Shared>>,
    _: Auditor,
    Id(id): Id,
) -> Result<Response, ProblemResponse> {
    match audit_entries::seal(&shared.database, id).await {
        Ok(Some(seal)) => Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(seal)).into_response()),
        Ok(None) => Err(ProblemResponse::new(ProblemKind::NotFound, "There is no such audit entry.")),
        Err(error) => Err(failed(&error)),
    }
}
