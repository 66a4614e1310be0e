//! `login`: a password for a login that owns nothing, for `serve`.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::cli::LoginArgs;
use crate::databases::{self, RUN_LOGIN};
use crate::running::Part;
use crate::settings::{DatabaseUrl, Settings};
use crate::{Result, output};

pub async fn run(settings: &Settings, arguments: &LoginArgs) -> Result<()> {
    let login = match arguments.part {
        None | Some(Part::Worker) => RUN_LOGIN,
        Some(Part::Portal) => portal::ROLES.running,
        Some(Part::Services) => services::ROLES.running,
    };
    let random: [u8; 32] = rand::random();
    let password = BASE64_URL_SAFE_NO_PAD.encode(random);
    let DatabaseUrl(url) = databases::url_for_login(settings, login, &password)?;
    let Some(file) = &arguments.to else {
        databases::set_login_password(settings, login, &password).await?;
        output::line(url);
        return Ok(());
    };
    // The file comes first: a password that nobody could keep would lock out what runs.
    let new = file.with_extension("new");
    let _ = std::fs::remove_file(&new);
    files::write_new(&new, &format!("{url}\n"))?;
    let set = databases::set_login_password(settings, login, &password).await;
    if set.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    set?;
    std::fs::rename(&new, file)
        .map_err(|error| format!("{}: {error}; the URL is in {}", file.display(), new.display()))?;
    output::line(format_args!(
        "{} has the database URL of {login}: serve with --database-url-file {0}.",
        file.display()
    ));
    Ok(())
}
