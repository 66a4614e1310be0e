//! Where PostgreSQL's server programs are.

use std::path::{Path, PathBuf};

use super::PrivateServerError;

/// Where Debian and Ubuntu install each major version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The oldest version that the program's SQL runs on.
const OLDEST: u32 = 15;

/// The directory that holds `initdb`, `pg_ctl` and `postgres` of one version.
#[derive(Debug)]
pub(super) struct Binaries {
    pub dir: PathBuf,
}

impl Binaries {
    /// The newest on this machine, or those of the major `version` that made the data directory.
    pub(super) fn find(version: Option<&str>) -> Result<Binaries, PrivateServerError> {
        let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir(DEBIAN)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
            })
            .collect();
        debian.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
        let on_path = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&on_path).map(|dir| (None, dir));
        let found = debian
            .into_iter()
            .map(|(major, dir)| (Some(major), dir))
            .chain(on_path)
            .filter(|(_, dir)| ["initdb", "pg_ctl", "postgres"].iter().all(|name| dir.join(name).is_file()))
            .find(|(major, dir)| {
                let major = major.or_else(|| major_of(dir));
                major.is_some_and(|major| match version {
                    None => major >= OLDEST,
                    Some(version) => major.to_string() == version,
                })
            });
        match found {
            Some((_, dir)) => Ok(Binaries { dir }),
            None => Err(PrivateServerError::NoBinaries(version.map(str::to_owned))),
        }
    }
}

/// `postgres --version` prints `postgres (PostgreSQL) 15.18 (Debian …)`.
fn major_of(dir: &Path) -> Option<u32> {
    let output = std::process::Command::new(dir.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok())
}
