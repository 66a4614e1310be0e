//! The command line.

mod audit;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::Quantity;
use identity::Role;
use policy::Action;
use services::bulk::Encoding;

use crate::commands::import_django::mapping;
use crate::running::Part;
use crate::settings::Flags;

pub use audit::{ArchiveArgs, AuditCommand, AuditName, CheckArgs, ExportAuditArgs, VerifyArgs};

/// Multi-branch inventory and orders on PostgreSQL: what every branch has, has promised, and what moved.
#[derive(Debug, Parser)]
#[command(
    name = "quartermaster",
    version,
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Start with `quartermaster demo`. Settings are listed by --help, and with their values by `quartermaster config`."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// TOML file of settings; also QUARTERMASTER_CONFIG, else quartermaster.toml where it is there
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Every other setting.
    #[command(flatten)]
    pub settings: Flags,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything on a private PostgreSQL, with a company to play with
    Demo,
    /// Start the portal, the services and the worker, or one of them alone
    Serve {
        /// The part to start; all of them when left out
        part: Option<Part>,
    },
    /// Create the database roles and bring both sets of tables up to date
    Migrate {
        /// Print what would be run, and change nothing
        #[arg(long)]
        plan: bool,
    },
    /// Set a new password of the login that owns nothing, for serve, and print its database URL, once
    Login(LoginArgs),
    /// Fill an empty database with a believable company
    Seed(SeedArgs),
    /// Load branches, items, stock or orders from a CSV file
    Import(ImportArgs),
    /// Take over the users of a Django, with their groups and passwords
    ImportDjangoUsers(ImportDjangoArgs),
    /// Write branches, items, stock or orders as the CSV file that import reads
    Export(ExportArgs),
    /// Check that everything that must hold in the database holds, and mend derived figures
    Verify(RepairArgs),
    /// Verify, export and archive the sealed audit
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print the OpenAPI document of the services
    Openapi,
    /// Print the settings in force, where each comes from, secrets masked
    Config,
    /// Check the company's policies, and explain decisions
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print an access token of a user, for scripts on this machine
    Token {
        /// The user's name
        #[arg(long, value_name = "NAME")]
        user: String,
    },
    /// Add, list, change and disable users, set their passwords, end their sessions
    #[command(subcommand)]
    User(UserCommand),
    /// Say what groups ask of their members
    #[command(subcommand)]
    Group(GroupCommand),
    /// Add, list and disable programs that call the services, and change their secrets
    #[command(subcommand)]
    Client(ClientCommand),
    /// List the keys that sign tokens, put a new one in their place, and retire old ones
    #[command(subcommand)]
    Keys(KeysCommand),
}

/// Whose login, and where its URL goes.
#[derive(Debug, Clone, Args)]
pub struct LoginArgs {
    /// The part that is served with it; all of them when left out
    pub part: Option<Part>,
    /// A file for the URL, readable by its owner alone, in place of printing it; serve with --database-url-file FILE
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// The company to make.
#[derive(Debug, Clone, Args)]
pub struct SeedArgs {
    /// The same seed and day always make the same company
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// The day its 90 days of history end [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<jiff::civil::Date>,
}

/// What files can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// name, code, location, timezone, active
    Branches,
    /// sku, name, description, unit, decimal_places, barcode, min_stock_level, active
    Items,
    /// branch, sku, quantity, reason, at
    Stock,
    /// reference, branch, sku, requested_qty, status, note and times
    Orders,
}

/// What to load, and how.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// What the file holds
    pub kind: Kind,
    /// The file; - for standard input
    pub file: PathBuf,
    /// Report every bad row and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take the good rows and write the bad ones to a rejects file, instead of all or nothing
    #[arg(long = "continue")]
    pub skip_bad: bool,
    /// Where bad rows go [default: FILE with .rejects.csv]
    #[arg(long, value_name = "FILE", requires = "skip_bad")]
    pub rejects: Option<PathBuf>,
    /// Encoding of the file, such as utf-8, utf-16le, windows-1252, windows-1250, windows-1251 or macintosh; detected when left out
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<Encoding>,
    /// Separator of the file's cells; detected when left out
    #[arg(long, value_name = "NAME")]
    pub separator: Option<Separator>,
    /// Mark before decimal places; the other mark stands before thousands
    #[arg(long, value_name = "MARK")]
    pub decimal: Option<Decimal>,
    /// An empty description, barcode or location clears what is there, instead of leaving it as it is
    #[arg(long)]
    pub clear_empty: bool,
}

/// Whom to take over, and how.
#[derive(Debug, Clone, Args)]
pub struct ImportDjangoArgs {
    /// Django's PostgreSQL, as in postgres://user:password@host/database; it is only read
    #[arg(long, value_name = "URL", env = "DJANGO_DATABASE_URL", hide_env_values = true)]
    pub from: Option<String>,
    /// CSV file of the table auth_user, instead of --from
    #[arg(long, value_name = "FILE", conflicts_with = "from", requires_all = ["groups", "memberships"])]
    pub users: Option<PathBuf>,
    /// CSV file of the table auth_group
    #[arg(long, value_name = "FILE", requires = "users")]
    pub groups: Option<PathBuf>,
    /// CSV file of the table auth_user_groups
    #[arg(long, value_name = "FILE", requires = "users")]
    pub memberships: Option<PathBuf>,
    /// What a group of Django's is here, besides those of the same name; - for none; may be given more than once
    #[arg(long, value_name = "GROUP=ROLE", value_parser = mapping)]
    pub group_map: Vec<(String, Option<Role>)>,
    /// They act at every branch
    #[arg(long, conflicts_with = "branches", required_unless_present = "branches")]
    pub all_branches: bool,
    /// CSV file with the columns username and branch (name, code, id, or * for all)
    #[arg(long, value_name = "FILE")]
    pub branches: Option<PathBuf>,
    /// Report what would be done and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take over the others when some are refused, instead of all or none
    #[arg(long = "continue")]
    pub skip_bad: bool,
}

fn encoding(name: &str) -> Result<Encoding, String> {
    Encoding::named(name).ok_or_else(|| "is not an encoding; try utf-8, utf-16le or windows-1252".to_owned())
}

/// The mark before decimal places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Decimal {
    /// 1,234.5
    Point,
    /// 1.234,5
    Comma,
}

/// Separators of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Separator {
    /// ,
    Comma,
    /// ;
    Semicolon,
    /// The tabulator
    Tab,
    /// |
    Pipe,
}

/// What to write, and where.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// What to write
    pub kind: Kind,
    /// The file; standard output when left out or -
    pub file: Option<PathBuf>,
    /// Orders of these statuses alone
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    pub status: Vec<Status>,
}

/// Statuses of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Status {
    /// Still being written
    Draft,
    /// Stock is reserved
    Submitted,
    /// Stock has left
    Fulfilled,
    /// Ended without leaving
    Cancelled,
}

/// What a user or client may do, and where.
#[derive(Debug, Clone, Args)]
pub struct Access {
    /// What they may do; may be given more than once
    #[arg(long, value_name = "ROLE", required = true, value_parser = role)]
    pub role: Vec<Role>,
    /// A branch where they act, by name, code or id; may be given more than once
    #[arg(
        long,
        value_name = "BRANCH",
        conflicts_with = "all_branches",
        required_unless_present = "all_branches"
    )]
    pub branch: Vec<String>,
    /// They act at every branch, also at those to come
    #[arg(long)]
    pub all_branches: bool,
}

/// What to do with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user; the password is asked for, or read as a line from standard input
    Add {
        /// What they sign in with
        name: String,
        /// What they may do, and where
        #[command(flatten)]
        access: Access,
        /// They keep this password, instead of changing it at the next sign-in
        #[arg(long)]
        keep: bool,
    },
    /// Set a user's password, and end their sessions and tokens
    Passwd {
        /// The user's name
        name: String,
        /// They keep this password, instead of changing it at the next sign-in
        #[arg(long)]
        keep: bool,
    },
    /// List the users with their roles and branches
    List,
    /// List a user's sessions, or end them
    Sessions {
        /// The user's name
        name: String,
        /// End all of them
        #[arg(long)]
        end: bool,
    },
    /// Remove the second factor of a user who has lost it, and end their sessions
    ResetSecondFactor {
        /// The user's name
        name: String,
    },
    /// Keep a user out, and end their sessions and tokens
    Disable {
        /// The user's name
        name: String,
    },
    /// Let a disabled user in again
    Enable {
        /// The user's name
        name: String,
    },
    /// Give a user these roles and branches in place of the old ones, and end their sessions and tokens
    Roles {
        /// The user's name
        name: String,
        /// What they may do, and where
        #[command(flatten)]
        access: Access,
    },
    /// End a user's sessions and tokens everywhere
    SignOut {
        /// The user's name
        name: String,
    },
}

/// What groups ask of their members.
#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// Say whether members need a second factor
    RequireSecondFactor {
        /// The group
        #[arg(value_parser = role)]
        group: Role,
        /// They need one; without it they can do nothing but set one up
        #[arg(long, conflicts_with = "off", required_unless_present = "off")]
        on: bool,
        /// They may do without
        #[arg(long)]
        off: bool,
    },
}

/// What to do with API clients.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Add a client and print its secret, once
    Add {
        /// What people call it
        name: String,
        /// What it may do, and where
        #[command(flatten)]
        access: Access,
        /// When it gets no more tokens, as in 2027-01-31T00:00:00Z; never when left out
        #[arg(long, value_name = "TIME")]
        expires: Option<jiff::Timestamp>,
        /// The user who answers for it: policies take the two for one person, and it gets no tokens while that user is
        /// disabled
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
    },
    /// Say which user answers for a client, or that nobody does
    Owner {
        /// The client's name
        name: String,
        /// The user's name; nobody when left out
        user: Option<String>,
    },
    /// List the clients with their roles, branches and last use
    List,
    /// Give a client a new secret and print it, once; the one before is good for a while yet
    Rotate {
        /// The client's name
        name: String,
        /// How long the secret before is good yet, as in 24h; 0s for no longer
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = time)]
        overlap: std::time::Duration,
    },
    /// Give a client no more tokens, and end those it has
    Disable {
        /// The client's name
        name: String,
    },
}

/// What to do with signing keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the keys and where each is in its life
    List,
    /// Make a new key, published at once and signing a little later
    Rotate {
        /// How long it is published before it signs, as in 2m; 0s in an emergency
        #[arg(long, value_name = "TIME", default_value = "2m", value_parser = time)]
        publish_ahead: std::time::Duration,
    },
    /// Seal every secret under key_encryption_key that is still sealed under key_encryption_key_previous
    Reseal,
    /// Retire a key that signs no more
    Retire {
        /// Its name, as keys list shows it
        kid: String,
        /// Even if tokens that it signed may still be valid: they end at once
        #[arg(long)]
        now: bool,
    },
}

fn time(text: &str) -> Result<std::time::Duration, String> {
    let time = text.parse::<jiff::SignedDuration>().ok().and_then(|time| time.try_into().ok());
    time.ok_or_else(|| "must be a time such as 30s, 2m or 24h".to_owned())
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// List every policy that would be in force, or every fault with its file and line
    Check {
        /// The folder of the company's policies [default: the setting policies]
        dir: Option<PathBuf>,
    },
    /// Tell whether a user may do something, and which policies decide; exit code 1 when they may not
    Explain(ExplainArgs),
}

/// A question to the policies.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// Who asks: the name of a user
    #[arg(long, value_name = "NAME")]
    pub user: String,
    /// What they want to do, such as FulfillOrders
    #[arg(long, value_name = "ACTION", value_parser = action)]
    pub action: Action,
    /// What with: company, branch, stock, order (a draft), or order:ID for one that is there
    #[arg(long, value_name = "RESOURCE", default_value = "company")]
    pub resource: String,
    /// At which branch, by name, code or id
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
    /// How far stock would move (below zero for less), or the most that a line of the order asks for
    #[arg(long, value_name = "QUANTITY", allow_hyphen_values = true)]
    pub amount: Option<Quantity>,
}

fn action(text: &str) -> Result<Action, String> {
    let names = || Action::ALL.iter().map(|action| action.name()).collect::<Vec<_>>().join(", ");
    Action::parse(text).ok_or_else(|| format!("actions are {}", names()))
}

fn role(text: &str) -> Result<Role, String> {
    let found = Role::ALL.into_iter().find(|role| role.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| "roles are Admin, Manager, Worker and Auditor".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}

/// Whether derived figures are mended before everything is checked.
#[derive(Debug, Clone, Args)]
pub struct RepairArgs {
    /// Set quantities and reservations to what the ledger and the submitted orders say, each with an audit entry
    #[arg(long)]
    pub repair: bool,
    /// Only say what --repair would mend
    #[arg(long, requires = "repair")]
    pub dry_run: bool,
}
