//! What is printed: pick lists, packing slips and labels, as PDF.

pub(crate) mod barcode;
mod bidi;
mod fonts;
pub(crate) mod labels;
pub(crate) mod order;
mod sheet;
pub(crate) mod stock;
mod text;

use std::collections::BTreeSet;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::pages::Trouble;
use crate::words::Words;

/// Why there is nothing to print: a defect of what is to be printed, such as a font.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the document could not be made")]
pub(crate) struct NotPrinted;

/// A document as an answer, shown by the browser under that name.
pub(crate) fn answer(name: &str, document: Result<Vec<u8>, NotPrinted>) -> Result<Response, Trouble> {
    let bytes = document.map_err(|error| {
        tracing::error!(%error, name, "nothing to print");
        Trouble::Internal
    })?;
    let disposition = HeaderValue::from_str(&format!("inline; filename=\"{name}.pdf\""));
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_DISPOSITION, disposition.map_err(|_| Trouble::Internal)?),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

/// What to say of letters that no font has: by their numbers, since they cannot be printed here either.
fn missing_letters(missing: &BTreeSet<char>, words: &Words) -> String {
    let numbers: Vec<String> = missing.iter().map(|c| format!("U+{:04X}", u32::from(*c))).collect();
    words.about("letters-missing", "letters", numbers.join(", "))
}
