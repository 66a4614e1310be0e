//! Files that ship inside the program.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

/// A short name of what is in the file at `path`: another content has another.
pub fn version<Files: RustEmbed>(path: &str) -> Option<String> {
    Files::get(path).map(|file| version_of(&file))
}

fn version_of(file: &EmbeddedFile) -> String {
    hex::encode(&file.metadata.sha256_hash()[..12])
}

/// The file at `path` among the embedded `Files`, with an ETag of its content; 304 when the client has it. Who `asked`
/// for this very [`version`] may keep it for good.
pub fn serve<Files: RustEmbed>(path: &str, asked: Option<&str>, headers: &HeaderMap) -> Response {
    let Some(file) = Files::get(path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let version = version_of(&file);
    let etag = format!("\"{version}\"");
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = mime_guess::from_path(path).first_or_octet_stream();
        let mut response = Response::new(Body::from(file.data.into_owned()));
        if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        response
    };
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    let keep = if asked == Some(version.as_str()) {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=3600"
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}
