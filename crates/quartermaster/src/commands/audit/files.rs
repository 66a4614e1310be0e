//! `audit export` and `audit check`: files that prove themselves.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::process::ExitCode;

use auditlog::Filter;
use seal::{Checker, Claim, Coverage, PublicKey};

use crate::cli::{CheckArgs, ExportAuditArgs};
use crate::databases::Databases;
use crate::sealing::SealFiles;
use crate::settings::Settings;
use crate::{Result, output};

pub async fn export(settings: &Settings, arguments: &ExportAuditArgs) -> Result<()> {
    let keys = SealFiles::trusted(SealFiles::of(settings).as_ref(), &[])?;
    let filter = Filter {
        from: arguments.from,
        to: arguments.to,
        entity_type: arguments.entity_type.clone(),
        entity_id: arguments.entity_id.clone(),
    };
    let path = arguments.file.as_ref().filter(|path| path.as_os_str() != "-");
    let out: Box<dyn Write + Send> = match path {
        Some(path) => Box::new(File::create(path).map_err(|error| format!("{}: {error}", path.display()))?),
        None => Box::new(std::io::stdout()),
    };
    let mut out = BufWriter::new(out);
    let databases = Databases::open(settings).await?;
    let (log, database) = arguments.audit.of(&databases);
    let exported = auditlog::export(database, log, &filter, &keys, &mut out).await;
    databases.close().await?;
    let exported = exported?;
    out.flush()?;
    if path.is_some() {
        output::line(format_args!("{} entries, {} seals.", exported.entries, exported.seals));
    }
    Ok(())
}

pub fn check(arguments: &CheckArgs) -> Result<ExitCode> {
    let told = |error: std::io::Error| format!("{}: {error}", arguments.file.display());
    let open = || File::open(&arguments.file).map(BufReader::new).map_err(told);
    let mut keys: Vec<PublicKey> = Vec::new();
    for path in &arguments.key {
        keys.extend(PublicKey::read_all(path)?);
    }
    if keys.is_empty() {
        keys = Checker::keys(open()?)?;
    }
    let checked = Checker::check(&keys, open()?)?;
    if arguments.json {
        output::line(serde_json::to_string(&checked)?);
    } else {
        for fault in &checked.faults {
            output::line(format_args!("line {}: {}", fault.line, fault.what));
        }
        output::line(format_args!("{} entries proved, {} seals.", checked.entries, checked.seals));
        checked.coverage.iter().for_each(|coverage| output::line(covered(coverage)));
        for head in &checked.heads {
            output::line(format_args!("Last seal of {}: {}, {}", head.log, head.number, head.hash));
        }
        if arguments.key.is_empty() {
            for key in &checked.keys {
                output::line(format_args!(
                    "Signed with key {key}, which the file brings: compare it with the one you know."
                ));
            }
        }
    }
    let complete = !checked.coverage.is_empty() && checked.coverage.iter().all(Coverage::is_complete);
    let good = checked.faults.is_empty() && (complete || !arguments.complete);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a file proves of the seals it has.
fn covered(coverage: &Coverage) -> String {
    let Coverage { log, first, last, entries, sealed, claim } = coverage;
    match claim {
        _ if coverage.is_complete() => {
            format!("Complete: every entry of seals {first} to {last} of {log} is there.")
        }
        Claim::Whole => {
            format!("Not complete: {entries} of {sealed} entries of seals {first} to {last} of {log}.")
        }
        Claim::Filtered(filter) => format!(
            "Chosen by {filter}: {entries} of {sealed} entries of seals {first} to {last} of {log}. \
             This proves what is there, not that nothing is missing."
        ),
        Claim::Unknown => format!(
            "Completeness unknown: {entries} of {sealed} entries of seals {first} to {last} of {log}. \
             The file does not say what it was made for."
        ),
    }
}
