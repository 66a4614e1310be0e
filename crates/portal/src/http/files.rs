//! The files of `static/`, which ship inside the program.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::{Path, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;
use platform::http::assets;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// Where pages find each file: the address changes with the content, so that browsers may keep what they have.
static ADDRESSES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let address = |path: &str| Some(format!("/static/{path}?v={}", assets::version::<Files>(path)?));
    Files::iter().filter_map(|path| Some((path.to_string(), address(&path)?))).collect()
});

/// The address of the file at `path` in `static/`.
pub(crate) fn address(path: &str) -> String {
    ADDRESSES.get(path).cloned().unwrap_or_else(|| format!("/static/{path}"))
}

pub(crate) async fn get(Path(path): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let asked = query.as_deref().and_then(|query| query.strip_prefix("v="));
    assets::serve::<Files>(&path, asked, &headers)
}
