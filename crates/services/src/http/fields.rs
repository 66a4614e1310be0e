//! `?fields=`: of each row of a list only the fields that the client names.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::PartialSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::answer::as_json;
use crate::error::Error;
use crate::valid::invalid;

/// The fields that a client names, and the id of rows that have one.
pub(super) struct Fields(BTreeSet<String>);

impl Fields {
    /// Those of `text`, for rows of this type.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what there is to name, where a row has no such field.
    pub(super) fn asked<T: PartialSchema>(text: &str) -> Result<Fields, Error> {
        let known = known::<T>();
        let all = || known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let mut named = BTreeSet::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if !known.contains(name) {
                return Err(invalid("?fields", format!("must be some of: {}", all())));
            }
            named.insert(name.to_owned());
        }
        if named.is_empty() {
            return Err(invalid("?fields", format!("must name at least one field; there are: {}", all())));
        }
        named.extend(known.contains("id").then(|| "id".to_owned()));
        Ok(Fields(named))
    }

    /// The row with these fields alone.
    pub(super) fn of(&self, row: &impl Serialize) -> BTreeMap<String, Box<RawValue>> {
        // A row is an object that this program wrote: it can be read again.
        let all: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&as_json(row)).unwrap_or_default();
        all.into_iter().filter(|(name, _)| self.0.contains(name)).collect()
    }
}

/// The fields that rows of this type have, as the OpenAPI document says.
fn known<T: PartialSchema>() -> BTreeSet<String> {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        _ => BTreeSet::new(),
    }
}
