//! Quantities as JSON numbers, read and written digit by digit: no binary float in between.

use domain::Quantity;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Writes a quantity as a JSON number.
///
/// # Errors
/// Only when the serializer is not `serde_json`'s.
pub fn serialize<S: Serializer>(quantity: &Quantity, serializer: S) -> Result<S::Ok, S::Error> {
    match quantity.whole() {
        // Most are whole, and an integer costs a tenth of what text does that serde_json reads again.
        Some(whole) => serializer.serialize_i64(whole),
        None => RawValue::from_string(quantity.to_string()).map_err(S::Error::custom)?.serialize(serializer),
    }
}

/// Reads a JSON number, or a string holding one as Decimal libraries write them.
///
/// # Errors
/// When it is neither, has more than three decimal places, or is out of range.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Quantity, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let text = raw.get();
    let number = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    // The text itself is not repeated: it may be something else that went astray.
    number.parse().map_err(D::Error::custom)
}

/// The same for quantities that may be absent or null.
pub mod option {
    use super::{Deserialize, Deserializer, Quantity, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Wire(#[serde(with = "super")] Quantity);

    /// Writes a JSON number or null.
    ///
    /// # Errors
    /// Only when the serializer is not `serde_json`'s.
    pub fn serialize<S: Serializer>(quantity: &Option<Quantity>, serializer: S) -> Result<S::Ok, S::Error> {
        quantity.map(Wire).serialize(serializer)
    }

    /// Reads a JSON number or null.
    ///
    /// # Errors
    /// As for a quantity that must be there.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Quantity>, D::Error> {
        Ok(Option::<Wire>::deserialize(deserializer)?.map(|wire| wire.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    struct Line {
        #[serde(with = "super")]
        quantity: Quantity,
        #[serde(with = "super::option", default)]
        minimum: Option<Quantity>,
    }

    #[test]
    fn a_quantity_keeps_every_digit_through_json() {
        let line: Line = serde_json::from_str(r#"{"quantity": 999999999999.999, "minimum": "0.1"}"#).unwrap();
        assert_eq!(serde_json::to_string(&line).unwrap(), r#"{"quantity":999999999999.999,"minimum":0.1}"#);
    }

    #[test]
    fn an_absent_or_null_quantity_is_none() {
        for body in [r#"{"quantity": 1}"#, r#"{"quantity": 1, "minimum": null}"#] {
            assert_eq!(serde_json::from_str::<Line>(body).unwrap().minimum, None);
        }
    }

    #[test]
    fn what_is_not_a_quantity_is_refused() {
        for value in ["true", "[1]", "{}", "null", r#""ten""#, "1.2345", "1e15", r#""""#] {
            let body = format!(r#"{{"quantity": {value}}}"#);
            assert!(serde_json::from_str::<Line>(&body).is_err(), "{body}");
        }
    }
}
