//! Extractors whose refusals name the field and the fix.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use contract::{FieldError, Problem, ProblemKind};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path as FieldPath, Segment};

use super::ProblemResponse;
use super::place::receive;

/// A JSON body, and its bytes as they came.
#[derive(Debug)]
pub struct Json<T>(pub T, pub Bytes);

/// A JSON body that may be left out.
#[derive(Debug)]
pub struct OptionalJson<T>(pub T, pub Bytes);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, state: &S) -> Result<Json<T>, ProblemResponse> {
        let is_json = is_json(request.headers());
        let bytes = read(request, state).await?;
        if !is_json {
            return Err(unsupported());
        }
        Ok(Json(parse(&bytes)?, bytes))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalJson<T> {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, state: &S) -> Result<OptionalJson<T>, ProblemResponse> {
        let is_json = is_json(request.headers());
        let bytes = read(request, state).await?;
        if bytes.is_empty() {
            return Ok(OptionalJson(T::default(), bytes));
        }
        if !is_json {
            return Err(unsupported());
        }
        Ok(OptionalJson(parse(&bytes)?, bytes))
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ProblemResponse> {
    let received = receive::<S, Bytes>(request, state).await;
    received.map_err(|not_received| not_received.problem(not_whole))
}

fn not_whole(rejection: BytesRejection) -> ProblemResponse {
    match rejection {
        BytesRejection::FailedToBufferBody(error)
            if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE =>
        {
            ProblemResponse::new(ProblemKind::TooLarge, "Send less in one request.")
        }
        _ => ProblemResponse::new(ProblemKind::Malformed, "The body did not arrive whole. Send it again."),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn unsupported() -> ProblemResponse {
    ProblemResponse::new(
        ProblemKind::UnsupportedMediaType,
        "Send the body as JSON with the header Content-Type: application/json.",
    )
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProblemResponse> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let source = error.inner();
        match source.classify() {
            Category::Data => invalid(error.path(), source),
            Category::Io | Category::Syntax | Category::Eof => malformed(source),
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> ProblemResponse {
    ProblemResponse::new(ProblemKind::Malformed, format!("The body is not valid JSON: {error}."))
}

/// serde's message, without the place that the pointer tells better.
fn invalid(path: &FieldPath, error: &serde_json::Error) -> ProblemResponse {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    Problem::invalid(vec![fault(path, text)]).into()
}

/// What serde found wrong at that path; what is missing is named itself, instead of what it is missing from.
pub(super) fn fault(path: &FieldPath, message: &str) -> FieldError {
    let (pointer, text) = (pointer(path), without_value(message));
    match missing_field(&text) {
        Some(field) => FieldError::new(format!("{pointer}/{field}"), text.as_str()),
        None => FieldError::new(pointer, text),
    }
}

/// serde's message without the text that was sent: a secret in the wrong place is not repeated, nor kept with the
/// answer by whoever gets it.
fn without_value(text: &str) -> String {
    let of_text = ["invalid type: string", "invalid value: string", "unknown variant"];
    let kind = of_text.into_iter().find(|kind| text.starts_with(kind));
    match (kind, text.rsplit_once(", expected ")) {
        (Some(kind), Some((_, expected))) => format!("{kind}, expected {expected}"),
        _ => text.to_owned(),
    }
}

fn missing_field(text: &str) -> Option<&str> {
    text.strip_prefix("missing field `")?.strip_suffix('`')
}

/// A JSON pointer (RFC 6901) to where the deserializer was.
fn pointer(path: &FieldPath) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// An id in the path.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id, ProblemResponse> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| not_an_id())?;
        id.parse().map(Id).map_err(|_| not_an_id())
    }
}

/// An id in the path, and a text after it.
#[derive(Debug, Clone)]
pub struct IdAndText(pub i64, pub String);

impl<S: Send + Sync> FromRequestParts<S> for IdAndText {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<IdAndText, ProblemResponse> {
        let found = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((id, text)) = found.map_err(|_| {
            ProblemResponse::new(
                ProblemKind::Malformed,
                "The text in the path must be UTF-8, percent-encoded.",
            )
        })?;
        Ok(IdAndText(id.parse().map_err(|_| not_an_id())?, text))
    }
}

fn not_an_id() -> ProblemResponse {
    ProblemResponse::new(ProblemKind::Malformed, "The id in the path must be a whole number.")
}
