//! The documents that ship inside the program: the OpenAPI document, a browser for it, and the problems' pages.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use bytes::Bytes;
use contract::ProblemKind;
use platform::http::{ProblemResponse, assets};
use rust_embed::RustEmbed;

use super::openapi::openapi;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi().to_string().into());

pub(super) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone()).into_response()
}

pub(super) async fn to_docs() -> Redirect {
    Redirect::permanent("/docs/")
}

pub(super) async fn page(headers: HeaderMap) -> Response {
    assets::serve::<Files>("docs.html", None, &headers)
}

pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    assets::serve::<Files>(&path, None, &headers)
}

/// The whole catalogue.
pub(super) async fn problems() -> Html<String> {
    let rows: String = ProblemKind::ALL.iter().map(|kind| section(*kind)).collect();
    Html(page_of("Problems", &rows))
}

/// One kind of problem: what its `type` leads to.
pub(super) async fn problem(Path(slug): Path<String>) -> Response {
    match ProblemKind::ALL.iter().find(|kind| kind.slug() == slug) {
        Some(kind) => Html(page_of(kind.title(), &section(*kind))).into_response(),
        None => {
            ProblemResponse::new(ProblemKind::NotFound, "There is no such kind of problem.").into_response()
        }
    }
}

/// Titles, slugs and explanations are our own constants without markup.
fn section(kind: ProblemKind) -> String {
    let (slug, status, title) = (kind.slug(), kind.status(), kind.title());
    format!(
        "<h2 id=\"{slug}\">{title}</h2>\n<p><code>{slug}</code>, status {status}.{}</p>\n",
        kind.explanation()
    )
}

fn page_of(title: &str, content: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><main>\n{content}</main></body></html>\n"
    )
}
