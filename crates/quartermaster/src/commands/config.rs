//! `config`: what is in force, as the TOML file would have it.

use crate::settings::{Settings, Shown, Sources};
use crate::{Result, output};

pub fn run(sources: &Sources) -> Result<()> {
    for Shown { name, help, value, origin } in Settings::show(sources)? {
        output::line(format_args!("# {help}. ({origin})\n{name} = {value}\n"));
    }
    Ok(())
}
