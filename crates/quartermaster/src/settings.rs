//! The settings: each written once here, and read from flags, the environment and one TOML file, in that order.

mod file;
mod secrets;
mod sources;
mod values;

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use platform::telemetry::LogFormat;

pub use sources::{Origin, SettingsError, Sources};
pub use values::{BaseUrl, DatabaseUrl, Key, Networks, Origins, Value};

/// What the help says of a setting. Of a default that is empty the help's own words tell.
macro_rules! help {
    ($help:literal, "") => {
        $help
    };
    ($help:literal, $default:literal) => {
        concat!($help, " [default: ", $default, "]")
    };
}

/// Declares the settings: name, type, default and help, from which come the flags, the struct and what
/// `quartermaster config` prints.
macro_rules! settings {
    ($($(#[$attribute:meta])* $name:ident: $type:ty = $default:tt, $value_name:literal, $help:literal;)+) => {
        /// The settings as flags.
        #[derive(Debug, Default, clap::Args)]
        #[command(next_help_heading = "Settings (also QUARTERMASTER_<NAME> in the environment, or a line of the file)")]
        pub struct Flags {
            $(#[arg(long, global = true, hide_short_help = true, value_name = $value_name,
                    help = help!($help, $default))]
            $name: Option<String>,)+
        }

        impl Flags {
            fn given(&self) -> Vec<(&'static str, &String)> {
                let all = [$((stringify!($name), self.$name.as_ref())),+];
                all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
            }
        }

        /// The settings in force.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $(#[doc = $help] $(#[$attribute])* pub $name: $type,)+
        }

        /// One setting as `quartermaster config` shows it.
        #[derive(Debug)]
        pub struct Shown {
            /// Its name.
            pub name: &'static str,
            /// What it is for.
            pub help: &'static str,
            /// Its value, secrets masked.
            pub value: toml::Value,
            /// Where the value comes from.
            pub origin: Origin,
        }

        impl Settings {
            /// The names of all settings.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// Reads every setting from where it is given first.
            ///
            /// # Errors
            /// Names the setting that cannot be used, where it was given, and what it must be.
            pub fn read(sources: &Sources) -> Result<Settings, SettingsError> {
                Ok(Settings { $($name: sources.read(stringify!($name), $default)?.0),+ })
            }

            /// Every setting, to be shown.
            ///
            /// # Errors
            /// As [`Settings::read`].
            pub fn show(sources: &Sources) -> Result<Vec<Shown>, SettingsError> {
                Ok(vec![$({
                    let (value, origin) = sources.read::<$type>(stringify!($name), $default)?;
                    Shown { name: stringify!($name), help: $help, value: value.show(), origin }
                }),+])
            }
        }
    };
}

settings! {
    data_dir: PathBuf = ".quartermaster", "DIR",
        "Directory of the private PostgreSQL, used when database_url is empty";
    database_url: Option<DatabaseUrl> = "", "URL",
        "PostgreSQL to use, as in postgres://user:password@host/database; empty for a private one. With a password it is no flag";
    #[expect(dead_code, reason = "what is in the file is read as database_url")]
    database_url_file: Option<PathBuf> = "", "FILE",
        "File with database_url, which others cannot read (quartermaster login --to FILE); empty for none";
    policies: Option<PathBuf> = "", "DIR",
        "Folder of the company's own policies (*.cedar), followed while the program runs; empty for none";
    portal_addr: SocketAddr = "127.0.0.1:8000", "ADDR",
        "Address the portal listens on";
    services_addr: SocketAddr = "127.0.0.1:8001", "ADDR",
        "Address the services listen on";
    portal_url: Option<BaseUrl> = "", "URL",
        "Where browsers and services find the portal; empty for its own address";
    services_url: Option<BaseUrl> = "", "URL",
        "Where the portal finds the services; empty for their own address";
    services_ca: Option<PathBuf> = "", "FILE",
        "Certificates (PEM) of the authority that the portal believes for the services; empty for the system's";
    portal_ca: Option<PathBuf> = "", "FILE",
        "Certificates (PEM) of the authority that the services believe for the portal; empty for the system's";
    tls_cert: Option<PathBuf> = "", "FILE",
        "Certificate chain (PEM) to serve https with, read again when it changes; empty for plain http";
    tls_key: Option<PathBuf> = "", "FILE",
        "Private key (PEM) of tls_cert";
    trusted_proxies: Networks = "", "LIST",
        "Networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, separated by commas";
    max_connections: NonZeroUsize = "8192", "COUNT",
        "Most connections at once of the portal, and of the services; further ones wait until one that nobody uses makes room. Lowered where the system allows fewer open files";
    connections_per_address: Option<NonZeroUsize> = "", "COUNT",
        "Most connections at once of one IPv4 address or IPv6 /64 that is not in trusted_proxies; empty for a quarter of max_connections";
    max_requests: NonZeroUsize = "1024", "COUNT",
        "Most requests that the portal, and the services, work at at once; further ones are told to come back";
    shutdown_delay: Option<Duration> = "", "TIME",
        "For how long to go on serving once told to stop, while /ready says so: what proxies take to notice; empty for no time";
    issuer: String = "quartermaster", "NAME",
        "Issuer of the tokens; the same for the portal and the services of one company";
    key_encryption_key: Option<Key> = "", "KEY",
        "32 random bytes in base64 that seal the secrets in the portal's tables, never a flag; empty for a file in data_dir beside a private PostgreSQL";
    #[expect(dead_code, reason = "what is in the file is read as key_encryption_key")]
    key_encryption_key_file: Option<PathBuf> = "", "FILE",
        "File with key_encryption_key, which others cannot read; empty for none";
    key_encryption_key_previous: Option<Key> = "", "KEY",
        "The key_encryption_key before, while it is being changed (quartermaster keys reseal); empty for none";
    #[expect(dead_code, reason = "what is in the file is read as key_encryption_key_previous")]
    key_encryption_key_previous_file: Option<PathBuf> = "", "FILE",
        "File with key_encryption_key_previous; empty for none";
    admin_second_factor: bool = "true", "BOOL",
        "Whether Admins need a second factor, whatever group require-second-factor says of them";
    session_idle: Duration = "12h", "TIME",
        "How long somebody stays signed in to the portal without using it";
    session_lifetime: Duration = "168h", "TIME",
        "How long somebody stays signed in to the portal in all";
    pool_size: NonZeroUsize = "16", "COUNT",
        "Most database connections of the portal, and of the services besides posting";
    statement_timeout: Duration = "30s", "TIME",
        "How long a statement may run in the database";
    posting_lanes: NonZeroUsize = "2", "COUNT",
        "Posting connections, each for its share of the documents, besides one for a request that comes alone";
    posting_queue: NonZeroUsize = "1024", "COUNT",
        "Requests that may wait in each lane before callers are told to come back";
    posting_batch: NonZeroUsize = "128", "COUNT",
        "Most requests posted in one transaction";
    body_limit: NonZeroUsize = "1048576", "BYTES",
        "Largest order or batch that the services take; other bodies there are 65536 bytes at most";
    request_timeout: Duration = "30s", "TIME",
        "How long a request may take before the client is told to come back";
    compression: bool = "true", "BOOL",
        "Whether answers are compressed for clients that ask for it";
    caller_rate: u32 = "0", "COUNT",
        "Requests a minute of one user or program, over all services processes; 0 for no limit";
    address_rate: u32 = "0", "COUNT",
        "Requests a minute without a valid token from one address, over all services processes; 0 for no limit";
    rate_burst: NonZeroU32 = "100", "COUNT",
        "Requests that one of those may send at once after a pause";
    unique_references: bool = "false", "BOOL",
        "Whether a reference belongs to one order of its branch alone, cancelled orders aside; the same for all services processes";
    cors_origins: Origins = "", "LIST",
        "Origins whose pages may call the services, separated by commas; * for any, empty for none";
    idempotency_retention: Duration = "168h", "TIME",
        "How long answers are kept under their Idempotency-Key";
    seal_key: Option<PathBuf> = "", "FILE",
        "Private key that seals the audit (quartermaster audit keygen); empty for seal.key in data_dir with a private PostgreSQL, and for no seals otherwise";
    seal_heads: Option<PathBuf> = "", "FILE",
        "File outside the database that each seal is appended to; empty for seal.heads beside the key";
    seal_push: Option<BaseUrl> = "", "URL",
        "Where the newest seal of each audit is posted to; empty for nowhere";
    seal_interval: Duration = "5s", "TIME",
        "How often the audit is sealed";
    log: Option<String> = "", "LEVELS",
        "Log levels, as in info,platform=debug; empty for info when serving and warn otherwise";
    log_format: LogFormat = "text", "FORMAT",
        "Form of the log: text or json";
}
