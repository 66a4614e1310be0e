//! The TOML file: one `name = value` a line.

use std::path::Path;

use super::SettingsError;

/// The names and values of the file, values as flags would have them.
pub(super) fn read(path: &Path) -> Result<Vec<(String, String)>, SettingsError> {
    let text = files::read_trusted(path)?;
    let table: toml::Table = toml::from_str(&text)
        .map_err(|source| SettingsError::Syntax { path: path.to_owned(), source: Box::new(source) })?;
    Ok(table.into_iter().map(|(name, value)| (name, as_flag(&value))).collect())
}

/// A list becomes its parts with commas between them. What no setting can be, such as a table, is refused later by
/// whoever reads the setting.
fn as_flag(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(parts) => parts.iter().map(as_flag).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
