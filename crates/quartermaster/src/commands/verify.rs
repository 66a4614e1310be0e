//! `verify`: everything that must hold, held against the database.

use std::process::ExitCode;

use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, output};

pub async fn run(settings: &Settings) -> Result<ExitCode> {
    let databases = Databases::open(settings).await?;
    let findings = services::verify::verify(&databases.services).await;
    databases.close().await?;
    let findings = findings?;
    for finding in &findings {
        let mark = if finding.violations == 0 { "ok" } else { "BROKEN" };
        output::line(format_args!("{mark:<8}{}", finding.invariant));
        for example in &finding.examples {
            output::line(format_args!("        {example}"));
        }
        let more = finding.violations - finding.examples.len();
        if more > 0 {
            output::line(format_args!("        and {more} more"));
        }
    }
    let broken = findings.iter().filter(|finding| finding.violations > 0).count();
    if broken == 0 {
        output::line("Everything holds.");
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format_args!("{broken} of {} do not hold.", findings.len()));
    Ok(ExitCode::FAILURE)
}
