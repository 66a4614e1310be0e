//! Checks of what clients send, field by field, so that one answer names every field that is wrong.

use contract::FieldError;
use platform::text::{Hidden, composed, hidden_in_code, hidden_in_name};

use crate::error::Error;

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<FieldError>);

impl Faults {
    /// Notes a fault of the field at `pointer`.
    pub(crate) fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError::new(pointer, detail));
    }

    /// A line of text that must say something: trimmed, 1 to `max` characters, no control or invisible characters.
    pub(crate) fn required_line(&mut self, pointer: &str, text: &str, max: usize) -> String {
        let text = self.line(pointer, text, max);
        if text.is_empty() {
            self.add(pointer, "must not be empty");
        }
        text
    }

    /// A line of text: trimmed, at most `max` characters, no control or invisible characters.
    pub(crate) fn line(&mut self, pointer: &str, text: &str, max: usize) -> String {
        let text = self.text(pointer, text, max, char::is_control);
        self.visible(pointer, hidden_in_name(&text));
        text
    }

    /// A line that programs compare and people type from paper, such as a SKU: as [`Faults::line`], and no joiners.
    pub(crate) fn code(&mut self, pointer: &str, text: &str, max: usize) -> String {
        let text = self.text(pointer, text, max, char::is_control);
        self.visible(pointer, hidden_in_code(&text));
        text
    }

    /// A code that must be there.
    pub(crate) fn required_code(&mut self, pointer: &str, text: &str, max: usize) -> String {
        let text = self.code(pointer, text, max);
        if text.is_empty() {
            self.add(pointer, "must not be empty");
        }
        text
    }

    fn visible(&mut self, pointer: &str, hidden: Option<Hidden>) {
        if let Some(hidden) = hidden {
            self.add(pointer, hidden.to_string());
        }
    }

    /// Text of several lines: trimmed, at most `max` characters, no control characters but tabs and line ends.
    pub(crate) fn paragraph(&mut self, pointer: &str, text: &str, max: usize) -> String {
        self.text(pointer, text, max, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    }

    fn text(&mut self, pointer: &str, text: &str, max: usize, forbidden: impl Fn(char) -> bool) -> String {
        let text = composed(text.trim());
        if text.chars().count() > max {
            self.add(pointer, format!("must have at most {max} characters"));
        }
        if text.chars().any(forbidden) {
            self.add(pointer, "must not contain control characters");
        }
        text.into_owned()
    }

    /// What was found.
    pub(crate) fn into_inner(self) -> Vec<FieldError> {
        self.0
    }

    /// The end of the checks.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault, if there is one.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

/// The refusal of one field or parameter that is wrong.
pub(crate) fn invalid(pointer: &str, detail: impl Into<String>) -> Error {
    Error::Invalid(vec![FieldError::new(pointer, detail)])
}

/// Text that was sent empty means the same as none.
pub(crate) fn none_if_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
