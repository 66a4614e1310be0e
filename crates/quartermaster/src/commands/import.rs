//! `import`: a CSV file in.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use services::bulk::{self, Format, Import, Progress, Report};

use crate::cli::{Decimal, ImportArgs, Kind, Separator};
use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, output, progress};

/// How many bad rows are shown.
const SHOWN: usize = 100;

pub async fn run(settings: &Settings, arguments: &ImportArgs) -> Result<ExitCode> {
    let spooled = spooled(&arguments.file)?;
    let file = spooled.as_ref().map_or(arguments.file.as_path(), tempfile::NamedTempFile::path);
    let rejects = arguments.rejects.clone().unwrap_or_else(|| rejects_of(&arguments.file));
    let databases = Databases::open(settings).await?;
    let kind = arguments.kind.into();
    let import = Import {
        kind,
        file: bulk::File::Path(file),
        format: Format {
            encoding: arguments.encoding,
            separator: arguments.separator.map(Into::into),
            decimal: arguments.decimal.map(Into::into),
            clear_empty: arguments.clear_empty,
        },
        dry_run: arguments.dry_run,
        skip_bad: arguments.skip_bad.then_some(rejects.as_path()),
        actor: "import",
    };
    let bar = progress::bar(0);
    let show = |Progress { done, of }: Progress| {
        bar.set_length(of);
        bar.set_position(done);
    };
    let report = bulk::import(&databases.services, &import, &show).await;
    bar.finish_and_clear();
    // Plans made for empty tables would be bad ones for full tables.
    let analysed = match &report {
        Ok(report) if report.written => databases.analyse().await,
        _ => Ok(()),
    };
    databases.close().await?;
    let report = report?;
    analysed?;
    for bad in report.bad.iter().take(SHOWN) {
        output::line(bad);
    }
    let shown = report.bad.len().min(SHOWN);
    let more = report.faults - u64::try_from(shown).unwrap_or_default();
    if more > 0 {
        output::line(format_args!("and {more} more"));
    }
    if arguments.dry_run {
        tell_changes(&report);
    }
    if report.faults > 0 && report.written {
        output::line(format_args!(
            "The rows left out are in {}; mend them there and import it.",
            rejects.display()
        ));
    }
    output::line(summary(&report, kind.noun(), arguments.dry_run));
    let failed = report.faults > 0 && !arguments.skip_bad;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The changes of the first rows, from what to what. Orders are new or there already.
fn tell_changes(report: &Report) {
    for change in &report.changes {
        output::line(change);
    }
    let told = u64::try_from(report.changes.len()).unwrap_or(u64::MAX);
    let more = (report.created + report.changed).saturating_sub(told);
    if told > 0 && more > 0 {
        output::line(format_args!("and {more} more changes"));
    }
}

/// What can be read only once, such as standard input, on disk: the file is read more than once.
fn spooled(path: &Path) -> Result<Option<tempfile::NamedTempFile>> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else if std::fs::metadata(path).map_err(told)?.is_file() {
        return Ok(None);
    } else {
        Box::new(std::fs::File::open(path).map_err(told)?)
    };
    let mut file = tempfile::NamedTempFile::new()?;
    std::io::copy(&mut input, &mut file)?;
    Ok(Some(file))
}

/// `stock.csv` → `stock.rejects.csv`, in the same directory.
fn rejects_of(path: &Path) -> PathBuf {
    if path.as_os_str() == "-" { PathBuf::from("rejects.csv") } else { path.with_extension("rejects.csv") }
}

fn summary(report: &Report, noun: &str, dry_run: bool) -> String {
    let Report { rows, created, changed, unchanged, .. } = report;
    let counts = format!("{noun}: {created} new, {changed} changed, {unchanged} unchanged, of {rows} rows");
    let bad = match report.bad_rows {
        0 => String::new(),
        1 => "; 1 bad row".to_owned(),
        n => format!("; {n} bad rows"),
    };
    match (dry_run, report.written) {
        (true, _) => format!("Dry run, nothing written. {counts}{bad}."),
        (false, true) => format!("{counts}{bad}."),
        (false, false) => {
            format!("Nothing written{bad} of {rows}. Mend the file, or leave bad rows out by --continue.")
        }
    }
}

impl From<Kind> for bulk::Kind {
    fn from(kind: Kind) -> bulk::Kind {
        match kind {
            Kind::Branches => bulk::Kind::Branches,
            Kind::Items => bulk::Kind::Items,
            Kind::Stock => bulk::Kind::Stock,
            Kind::Orders => bulk::Kind::Orders,
        }
    }
}

impl From<Decimal> for bulk::Decimal {
    fn from(decimal: Decimal) -> bulk::Decimal {
        match decimal {
            Decimal::Point => bulk::Decimal::Point,
            Decimal::Comma => bulk::Decimal::Comma,
        }
    }
}

impl From<Separator> for u8 {
    fn from(separator: Separator) -> u8 {
        match separator {
            Separator::Comma => b',',
            Separator::Semicolon => b';',
            Separator::Tab => b'\t',
            Separator::Pipe => b'|',
        }
    }
}
