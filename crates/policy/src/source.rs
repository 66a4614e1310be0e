//! Policies as files.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use thiserror::Error;

/// What the names of policy files end in.
const ENDING: &str = ".cedar";
/// How large a policy file may be, in bytes. What ships has 2,000.
pub(crate) const LARGEST: usize = 64 * 1024;
/// How many policy files a folder may have.
const MOST: usize = 500;

/// One file of policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// Its name, without the folder.
    pub name: Arc<str>,
    /// Its text.
    pub text: String,
}

impl PolicyFile {
    /// A file of that name and text.
    pub fn new(name: &str, text: impl Into<String>) -> PolicyFile {
        PolicyFile { name: Arc::from(name), text: text.into() }
    }

    /// SHA-256 of its text, in hexadecimal digits.
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.text.as_bytes()))
    }
}

/// What is wrong with the policies: every fault that was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct BadPolicies(pub Vec<Fault>);

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, or the folder.
    pub file: Arc<str>,
    /// The line, where it is one line's fault; the first is 1.
    pub line: Option<usize>,
    /// What is wrong, and what helps.
    pub reason: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.reason),
            None => write!(f, "{}: {}", self.file, self.reason),
        }
    }
}

/// Reads the policy files of a folder, in the order of their names. Other files, hidden ones and folders are left
/// alone.
///
/// # Errors
/// When the folder or a policy file cannot be read, is too large, or others may change it.
pub fn read_folder(folder: &Path) -> Result<Vec<PolicyFile>, BadPolicies> {
    let of_folder = |reason: String| {
        BadPolicies(vec![Fault { file: Arc::from(folder.to_string_lossy()), line: None, reason }])
    };
    let unreadable = |error: std::io::Error| of_folder(format!("cannot be read: {error}"));
    files::trusted(folder).map_err(|fault| of_folder(fault.reason()))?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !name.ends_with(ENDING) || name.starts_with('.') {
            continue;
        }
        let fault = |reason: String| BadPolicies(vec![Fault { file: Arc::from(name), line: None, reason }]);
        let known = std::fs::metadata(&path).map_err(|error| fault(format!("cannot be read: {error}")))?;
        if known.is_dir() {
            continue;
        }
        if known.len() > LARGEST as u64 {
            return Err(fault(format!("is larger than {} KiB", LARGEST / 1024)));
        }
        let text = files::read_trusted(&path).map_err(|refused| fault(refused.reason()))?;
        found.push(PolicyFile::new(name, text));
        if found.len() > MOST {
            return Err(of_folder(format!("has more than {MOST} policy files")));
        }
    }
    found.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The line of a place in a text; the first is 1.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
