//! Who runs the program, for the audit.

use nix::unistd::{User, getuid};
use portal::By;

/// The operator at this command, as the operating system knows them. Behind `sudo` stands somebody whom it names.
pub fn by(command: &str) -> By {
    let uid = getuid();
    let name = User::from_uid(uid).ok().flatten().map_or_else(|| format!("uid {uid}"), |user| user.name);
    let behind = std::env::var("SUDO_USER").ok().filter(|behind| is_name(behind) && *behind != name);
    By::operator(command).with_os_user(match behind {
        Some(behind) => format!("{name} (sudo by {behind})"),
        None => name,
    })
}

/// As user names are; what else the environment says is nobody's.
fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (1..=64).contains(&text.len()) && text.chars().all(allowed)
}
