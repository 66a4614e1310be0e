//! The clock of one services process jumps, forth and back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::Args;
use super::pulse::{self, Pulse};
use super::wants::{in_words, reasons};
use super::work::Work;
use crate::Result;
use crate::program::free_address;
use crate::proof::{Company, Part};
use crate::report::goals::Goal;

/// How far it jumps; tokens do not outlive the one, and are not yet valid after the other.
const JUMPS: [(&str, &str); 2] = [("an hour forth", "+3600s"), ("an hour back", "-3600s")];
/// Clients at work.
const CLIENTS: usize = 16;
/// Where Debian's faketime is; below, in a folder of the machine's kind.
const LIBRARIES: &str = "/usr/lib";
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// Has a third services process live by a clock of its own, as faketime gives it.
///
/// # Errors
/// When something cannot be run.
pub async fn part(args: &Args, company: &mut Company) -> Result<Part> {
    let Some(library) = library() else {
        let lines = vec!["Not run: faketime is not there (Debian, Ubuntu: apt install faketime).".to_owned()];
        return Ok(Part { title: "Clock jumps", goals: Vec::new(), lines });
    };
    let clock = tempfile::NamedTempFile::new()?;
    set(clock.path(), "+0s")?;
    let program = company
        .program
        .with("LD_PRELOAD", library.display())
        .with("FAKETIME_TIMESTAMP_FILE", clock.path().display())
        .with("FAKETIME_NO_CACHE", 1)
        .with("FAKETIME_DONT_FAKE_MONOTONIC", 1);
    let served = program.serve_services(free_address()?, company.portal()).await?;
    let (mut goals, mut lines) = (Vec::new(), Vec::new());
    for (words, jump) in JUMPS {
        let token = company.program.token().await?;
        let pulse = Pulse::start(vec![served.addr], Work::new(token.clone(), args.seed), CLIENTS, Some(401));
        tokio::time::sleep(Duration::from_secs(1)).await;
        set(clock.path(), jump)?;
        let why = reasons(served.addr, args.want()).await;
        set(clock.path(), "+0s")?;
        let well = pulse::until_well(&[served.addr], &token).await;
        let told = pulse.stop().await?;
        let named = why.iter().any(|why| why.contains("clock"));
        goals.push(Goal::seen(&format!("{words}: why it is not ready"), "clock", in_words(&why), named));
        goals.push(told.faults.goal());
        goals.push(pulse::recovered(args, &well));
        lines.extend(told.lines().into_iter().map(|line| format!("{words}: {line}")));
    }
    served.stop().await?;
    Ok(Part { title: "Clock jumps", goals, lines })
}

/// Sets the clock: moved into place, so that nobody reads half of it.
fn set(file: &Path, offset: &str) -> Result<()> {
    let next = file.with_extension("next");
    fs::write(&next, offset)?;
    Ok(fs::rename(&next, file)?)
}

fn library() -> Option<PathBuf> {
    let kinds = fs::read_dir(LIBRARIES).ok()?.flatten();
    kinds.map(|kind| kind.path().join(LIBRARY)).find(|path| path.exists())
}
