//! `export`: a CSV file out.

use std::io::BufWriter;
use std::path::Path;

use domain::order::OrderStatus;
use platform::pg::Database;
use services::bulk;

use crate::Result;
use crate::cli::{ExportArgs, Kind, Status};
use crate::databases::Databases;
use crate::settings::Settings;

pub async fn run(settings: &Settings, arguments: &ExportArgs) -> Result<()> {
    if !arguments.status.is_empty() && arguments.kind != Kind::Orders {
        return Err("--status goes with orders alone".into());
    }
    let databases = Databases::open(settings).await?;
    let exported = match arguments.file.as_deref() {
        Some(path) if path.as_os_str() != "-" => to_file(&databases.services, arguments, path).await,
        _ => to_stdout(&databases.services, arguments).await,
    };
    databases.close().await?;
    exported
}

async fn to_stdout(database: &Database, arguments: &ExportArgs) -> Result<()> {
    let out = BufWriter::new(std::io::stdout());
    bulk::export(database, arguments.kind.into(), &statuses(arguments), out).await?;
    Ok(())
}

/// Written beside and moved into place when complete, so that a file that is there is whole.
async fn to_file(database: &Database, arguments: &ExportArgs, path: &Path) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = Path::new(&name);
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let out = BufWriter::new(std::fs::File::create(part).map_err(told)?);
    let exported = bulk::export(database, arguments.kind.into(), &statuses(arguments), out).await;
    match exported {
        Ok(rows) => {
            std::fs::rename(part, path).map_err(told)?;
            eprintln!("{rows} rows in {}", path.display());
            Ok(())
        }
        Err(error) => {
            // What is half-written is of no use to anybody.
            let _ = std::fs::remove_file(part);
            Err(error.into())
        }
    }
}

fn statuses(arguments: &ExportArgs) -> Vec<OrderStatus> {
    let status = |status: &Status| match status {
        Status::Draft => OrderStatus::Draft,
        Status::Submitted => OrderStatus::Submitted,
        Status::Fulfilled => OrderStatus::Fulfilled,
        Status::Cancelled => OrderStatus::Cancelled,
    };
    arguments.status.iter().map(status).collect()
}
