//! Where settings come from, and which of them wins: flags, then the environment, then the file, then the default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Flags, Settings, Value, file, secrets};

/// What every variable of the program begins with.
const PREFIX: &str = "QUARTERMASTER_";
/// Read from the current directory when it is there and no other file is named.
const DEFAULT_FILE: &str = "quartermaster.toml";

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag,
    /// A variable of the environment.
    Environment,
    /// The TOML file, or for a secret the file that has it.
    File(PathBuf),
    /// Nowhere.
    Default,
}

impl Origin {
    /// Where a value was given that wins: the lowest rank.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Origin::Flag => 0,
            Origin::Environment => 1,
            Origin::File(_) => 2,
            Origin::Default => 3,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag => f.write_str("flag"),
            Origin::Environment => f.write_str("environment"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// What is wrong with the settings.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// A value cannot be used.
    #[error("setting {name} ({origin}): {text:?} {reason}")]
    Value {
        /// Which setting.
        name: String,
        /// Where it was given.
        origin: Origin,
        /// As it was given; empty where it may be secret.
        text: String,
        /// What it must be.
        reason: String,
    },
    /// There is no such setting.
    #[error("there is no setting {name} ({origin}){}", .like.map(|like| format!("; did you mean {like}?")).unwrap_or_default())]
    Unknown {
        /// As it was given.
        name: String,
        /// Where.
        origin: Origin,
        /// A setting with a similar name.
        like: Option<&'static str>,
    },
    /// The file cannot be read, or others could change it.
    #[error(transparent)]
    File(#[from] files::Fault),
    /// A secret was given where everybody on the machine can read it.
    #[error(
        "setting {name}: everybody on this machine can read a secret in a command line; give it as {} in the \
         environment, or its file with --{}-file",
        variable(.name), .name.replace('_', "-")
    )]
    SecretFlag {
        /// Which setting.
        name: &'static str,
    },
    /// A secret was given by itself and as a file.
    #[error("settings {name} and {name}_file ({origin}): give one of the two")]
    Twice {
        /// Which setting.
        name: &'static str,
        /// Where both were given.
        origin: Origin,
    },
    /// The file of a secret cannot be used.
    #[error("setting {name}_file ({origin}): {fault}")]
    SecretFile {
        /// Which setting.
        name: &'static str,
        /// Where it was given.
        origin: Origin,
        /// Why.
        #[source]
        fault: files::Fault,
    },
    /// The file is not TOML.
    #[error("{path}: is not a TOML file")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
}

/// Everything that was given.
#[derive(Debug, Default)]
pub struct Sources(Given);

/// Each setting that was given, with its text and where.
pub(super) type Given = BTreeMap<&'static str, (String, Origin)>;

/// The name of a setting in the environment.
fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase())
}

impl Sources {
    /// Gathers what flags, environment and file give. `file` is the one that a flag names.
    ///
    /// # Errors
    /// When a setting is not known, a file cannot be read or could be changed by others, or a secret is a flag.
    pub fn gather(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&Path>,
    ) -> Result<Sources, SettingsError> {
        let mut given = BTreeMap::new();
        let mut file = file.map(Path::to_owned);
        for (name, value) in flags.given() {
            given.insert(name, (value.clone(), Origin::Flag));
        }
        for (name, value) in environment {
            let name = name.to_string_lossy();
            let Some(name) = name.strip_prefix(PREFIX) else { continue };
            let value = value.to_string_lossy().into_owned();
            if name == "CONFIG" {
                file = file.or(Some(PathBuf::from(value)));
                continue;
            }
            let name = known(&name.to_lowercase(), Origin::Environment)?;
            given.entry(name).or_insert((value, Origin::Environment));
        }
        let default = Path::new(DEFAULT_FILE);
        let file = file.or_else(|| default.is_file().then(|| default.to_owned()));
        if let Some(path) = file {
            for (name, value) in file::read(&path)? {
                let name = known(&name, Origin::File(path.clone()))?;
                given.entry(name).or_insert((value, Origin::File(path.clone())));
            }
        }
        secrets::refuse_flags(&given)?;
        secrets::read_files(&mut given)?;
        Ok(Sources(given))
    }

    /// One setting and where it was given.
    pub(super) fn read<T: Value>(
        &self,
        name: &'static str,
        default: &'static str,
    ) -> Result<(T, Origin), SettingsError> {
        let (text, origin) =
            self.0.get(name).map_or((default, Origin::Default), |(text, origin)| (text, origin.clone()));
        match T::parse(text) {
            Ok(value) => Ok((value, origin)),
            Err(reason) => {
                let text = if secrets::is_secret(name) { String::new() } else { text.to_owned() };
                Err(SettingsError::Value { name: name.to_owned(), origin, text, reason })
            }
        }
    }
}

fn known(name: &str, origin: Origin) -> Result<&'static str, SettingsError> {
    Settings::NAMES.iter().find(|known| **known == name).copied().ok_or_else(|| {
        let like = Settings::NAMES.iter().find(|known| similar(known, name)).copied();
        SettingsError::Unknown { name: name.to_owned(), origin, like }
    })
}

/// The same but for one character left out, put in or changed, or for dashes.
fn similar(known: &str, name: &str) -> bool {
    let name = name.replace('-', "_");
    let common_start = known.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
    let common_end = known.bytes().rev().zip(name.bytes().rev()).take_while(|(a, b)| a == b).count();
    let longest = known.len().max(name.len());
    known.len().abs_diff(name.len()) <= 1 && common_start + common_end + 1 >= longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(arguments: &[&str]) -> Flags {
        use clap::{Args, FromArgMatches};
        let command = Flags::augment_args(clap::Command::new("test"));
        Flags::from_arg_matches(&command.get_matches_from([&["test"], arguments].concat())).unwrap()
    }

    fn environment(name: &str, value: &str) -> Vec<(OsString, OsString)> {
        vec![(name.into(), value.into())]
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default() {
        let file = file("pool_size = 3\nposting_lanes = 3\nposting_queue = 3\n");
        let flags = flags(&["--pool-size", "1"]);
        let variables =
            [environment("QUARTERMASTER_POOL_SIZE", "2"), environment("QUARTERMASTER_POSTING_LANES", "2")];
        let sources = Sources::gather(&flags, variables.concat(), Some(file.path())).unwrap();
        let settings = Settings::read(&sources).unwrap();
        let figures =
            [settings.pool_size, settings.posting_lanes, settings.posting_queue, settings.posting_batch];
        assert_eq!(figures.map(usize::from), [1, 2, 3, 128]);
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name_wherever_it_is_given() {
        let variable = environment("QUARTERMASTER_POOLSIZE", "1");
        let error = Sources::gather(&Flags::default(), variable, None).unwrap_err().to_string();
        assert_eq!(error, "there is no setting poolsize (environment); did you mean pool_size?");
        let file = file("colour = \"green\"\n");
        let error = Sources::gather(&Flags::default(), [], Some(file.path())).unwrap_err().to_string();
        assert!(error.starts_with("there is no setting colour ("), "{error}");
    }

    #[test]
    fn a_bad_value_is_refused_with_the_name_of_its_setting() {
        for (name, value) in [
            ("portal_addr", "8000"),
            ("pool_size", "0"),
            ("compression", "yes"),
            ("services_url", "ftp://x"),
            ("log_format", "xml"),
            ("statement_timeout", "30"),
            ("issuer", ""),
        ] {
            let variable = environment(&format!("QUARTERMASTER_{}", name.to_uppercase()), value);
            let sources = Sources::gather(&Flags::default(), variable, None).unwrap();
            let error = Settings::read(&sources).unwrap_err().to_string();
            assert!(error.starts_with(&format!("setting {name} (environment): {value:?} must")), "{error}");
        }
    }

    #[test]
    fn a_bad_database_url_is_refused_without_showing_it() {
        let variable = environment("QUARTERMASTER_DATABASE_URL", "postgres://qm:secret@db:port/qm");
        let sources = Sources::gather(&Flags::default(), variable, None).unwrap();
        let error = Settings::read(&sources).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
