//! Batches: requests with many entries.

use std::borrow::Cow;

use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BatchQuery {
    /// All entries or none: where one is refused, nothing is changed (409 `not-applied`).
    #[serde(default)]
    pub(super) atomic: bool,
}

/// All that tells one batch from another under an Idempotency-Key: its bytes, and whether it is all or none.
pub(super) fn asked(body: &[u8], atomic: bool) -> Cow<'_, [u8]> {
    if atomic { Cow::Owned([body, b"\natomic"].concat()) } else { Cow::Borrowed(body) }
}
