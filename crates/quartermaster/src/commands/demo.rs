//! `demo`: everything in one process, on a private PostgreSQL, with a company to play with.

use std::fmt::Write;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use domain::BranchId;
use identity::{BranchScope, Role};
use platform::serve::stop_on_signal;
use portal::accounts::users::{self, NewUser, PasswordIs};
use rand::seq::IndexedRandom;

use crate::databases::Databases;
use crate::fill::{Which, fill};
use crate::operator;
use crate::running::{Part, Running};
use crate::settings::Settings;
use crate::{Result, output};

/// Where the demo's users act.
enum Place {
    Everywhere,
    Branches(&'static [&'static str]),
}

struct DemoUser {
    name: &'static str,
    role: Role,
    place: Place,
}

const USERS: &[DemoUser] = &[
    DemoUser { name: "admin", role: Role::Admin, place: Place::Everywhere },
    DemoUser {
        name: "manager",
        role: Role::Manager,
        place: Place::Branches(&["Hamburg Warehouse", "Altona Shop"]),
    },
    DemoUser { name: "worker", role: Role::Worker, place: Place::Branches(&["Altona Shop"]) },
    DemoUser { name: "auditor", role: Role::Auditor, place: Place::Everywhere },
];

pub async fn run(settings: &Settings) -> Result<()> {
    if settings.database_url.is_some() {
        return Err("demo makes a PostgreSQL of its own; leave database_url empty, or use serve".into());
    }
    // A company to play with is open to who has its printed passwords: a second factor would only be in the way.
    let settings = &Settings { admin_second_factor: false, ..settings.clone() };
    let stop = stop_on_signal()?;
    output::line(format_args!("Starting a private PostgreSQL in {} …", settings.data_dir.display()));
    let databases = Databases::open(settings).await?;
    let demo = async {
        // Told to stop already: the fill goes on where it was the next time.
        let passwords = tokio::select! {
            passwords = prepare(settings, &databases) => passwords?,
            () = stop.cancelled() => return Ok(()),
        };
        let parts = [Part::Portal, Part::Services, Part::Worker];
        let running = Running::start(settings, &parts, &databases, stop.clone()).await?;
        if let (Some(portal), Some(services)) = (running.portal_addr, running.services_addr) {
            output::text(&banner(settings, running.scheme(), (portal, services), &passwords)?);
        }
        running.until_stopped().await
    }
    .await;
    output::line("Stopping …");
    databases.close().await?;
    demo
}

/// Makes the company and its users where they are missing; gives the users' first passwords.
async fn prepare(settings: &Settings, databases: &Databases) -> Result<Vec<(String, String)>> {
    let marker = settings.data_dir.join("filling");
    if !databases.is_filled(&marker).await? {
        output::line("Making a company of 14 branches and 90 days of trade …");
    }
    if fill(&databases.services, Which::today(), Some(&marker)).await? {
        databases.analyse().await?;
    }
    let known = users::list(&databases.portal).await?;
    let file = settings.data_dir.join("passwords");
    files::narrow(&file, 0o600)?;
    let mut passwords = read_passwords(&file)?;
    for DemoUser { name, role, place } in USERS {
        if known.iter().any(|user| user.username == *name) {
            continue;
        }
        let Some(scope) = scope(databases, place).await? else { continue };
        // Kept before the user is there: a password that nobody has does no harm, a user without one does.
        passwords.retain(|(user, _)| user != name);
        passwords.push(((*name).to_owned(), new_password()));
        write_passwords(&file, &passwords)?;
        let password = passwords.last().map_or("", |(_, password)| password);
        users::add_for_demo(
            &databases.portal,
            &operator::by("quartermaster demo"),
            &NewUser {
                username: name,
                password,
                roles: &[*role],
                scope: &scope,
                password_is: PasswordIs::Own,
            },
        )
        .await?;
    }
    Ok(passwords)
}

/// `None` where the company is another one and has no such branches.
async fn scope(databases: &Databases, place: &Place) -> Result<Option<BranchScope>> {
    let Place::Branches(names) = place else { return Ok(Some(BranchScope::All)) };
    let mut ids: Vec<BranchId> = Vec::new();
    for name in *names {
        ids.extend(services::find_branch(&databases.services, name).await?);
    }
    Ok((!ids.is_empty()).then(|| BranchScope::only(ids)))
}

/// Three syllables, thrice: easy to type, and one of 2^37.
fn new_password() -> String {
    const STARTS: &[&str] = &["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z"];
    const VOWELS: &[&str] = &["a", "e", "i", "o", "u"];
    let mut random = rand::rng();
    let mut part = || -> String {
        let letters =
            [STARTS, VOWELS, STARTS, VOWELS].map(|from| from.choose(&mut random).copied().unwrap_or("a"));
        letters.concat()
    };
    [part(), part(), part()].join("-")
}

fn read_passwords(path: &Path) -> Result<Vec<(String, String)>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    };
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.map(|(user, password)| (user.to_owned(), password.to_owned())).collect())
}

/// Readable by its owner alone.
fn write_passwords(path: &Path, passwords: &[(String, String)]) -> Result<()> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file =
        fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(told)?;
    for (user, password) in passwords {
        writeln!(file, "{user} {password}").map_err(told)?;
    }
    Ok(())
}

fn banner(
    settings: &Settings,
    scheme: &str,
    (portal, services): (SocketAddr, SocketAddr),
    passwords: &[(String, String)],
) -> Result<String> {
    let mut text = format!(
        "\nQuartermaster runs.\n\n  Portal    {scheme}://{portal}/\n  Services  {scheme}://{services}/docs\n\n  Sign in as\n"
    );
    for DemoUser { name, role, place } in USERS {
        let password = passwords.iter().find(|(user, _)| user == name).map(|(_, password)| password.as_str());
        let place = match place {
            Place::Everywhere => "everywhere".to_owned(),
            Place::Branches(names) => names.join(", "),
        };
        let password = password.unwrap_or("(set by quartermaster user passwd)");
        writeln!(text, "    {name:<9} {password:<18} {role} {place}")?;
    }
    text.push_str(
        "\n  These passwords stay, and the Admin needs no second factor: elsewhere both are asked for.\n",
    );
    let (program, data_dir) = (program(), settings.data_dir.display());
    write!(
        text,
        "\n  Try\n    curl -H \"Authorization: Bearer $({program} token --data-dir {data_dir} --user admin)\" \
         '{scheme}://{services}/v1/stock/summary?limit=3'\n\n\
         Ctrl-C stops all of it; the data stays in {data_dir}.\n\n"
    )?;
    Ok(text)
}

/// This program as it can be called from where it was started.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("quartermaster"));
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(&here) {
        Ok(relative) => format!("./{}", relative.display()),
        Err(_) => path.display().to_string(),
    }
}
