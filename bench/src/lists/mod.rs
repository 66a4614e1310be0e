//! How long every list takes at a million orders: of the services, and of the portal's pages that show it.

pub mod cases;
mod visitor;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::args::Place;
use crate::figures::{Figures, Times};
use crate::http::Connection;
use crate::million::Million;
use crate::program::{Program, Served};
use crate::report::goals::Goal;
use crate::report::{conditions, list, save, table};
use crate::server::Server;
use crate::{Result, output, run};

use cases::Case;
pub use visitor::Visitor;

/// The company whose lists are measured.
const COMPANY: Million = Million { orders: 1_000_000 };
/// Requests of each case that are not counted, so that what is read is in memory, as it is where people work.
const UNCOUNTED: u32 = 2;
/// Whether the worker has added every movement to the totals, and sealed every entry of the audit. Both tables are the
/// newest last.
const TOTALS_MADE: &str = "
    select (select movement_id from services_totals_state)
               = (select id from services_stock_movements order by at desc, id desc limit 1)
       and (select max(through_id) from services_audit_seals)
               = (select id from services_audit_logs order by at desc, id desc limit 1)";
/// How long it may take for that.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// Connections to the server besides those of `Server`'s own count.
const CONNECTIONS: u32 = 8;

/// What is measured, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program and where.
    #[command(flatten)]
    place: Place,
    /// How often each list is asked for
    #[arg(long, value_name = "COUNT", default_value = "21")]
    requests: NonZeroU32,
    /// Where the results go
    #[arg(long, value_name = "FILE", default_value = "bench/LISTS.md")]
    out: PathBuf,
}

/// Lists of one surface and what was found of each.
struct Part {
    title: &'static str,
    /// What no median may exceed, in milliseconds.
    most: f64,
    found: Vec<(&'static str, Figures)>,
}

/// Measures every list and writes the report.
///
/// # Errors
/// When something cannot be run, was interrupted, or a list is too slow.
pub async fn measure(args: &Args) -> Result<()> {
    run::on_a_server(&args.place.scratch, CONNECTIONS, async |server, interrupts| {
        let program = interrupts.or(filled(args, server)).await?;
        let served = program.serve().await?;
        let result = interrupts.or(parts(args, server, program, &served)).await;
        let stopped = served.stop().await;
        result.and(stopped)
    })
    .await
}

/// A million orders, and the totals that the worker makes of them.
async fn filled(args: &Args, server: &Server) -> Result<Program> {
    let program = Program::new(&args.place.binary, server.data_dir())?;
    output::line("A million orders are made …");
    COMPANY.fill(&program, server).await?;
    Ok(program)
}

async fn parts(args: &Args, server: &Server, mut program: Program, served: &Served) -> Result<()> {
    totals_made(&server.connect().await?).await?;
    let token = program.token().await?;
    let mut services = Part { title: "Services", most: 50.0, found: Vec::new() };
    let mut connection = Connection::open(served.addr).await?;
    for Case { what, path } in cases::of_services(COMPANY) {
        let figures = timed(args, async || {
            let status = connection.get(&path, Some(&token)).await?.status;
            answered(&path, status)
        });
        services.add(what, figures.await?);
    }
    let mut portal = Part { title: "Portal", most: 100.0, found: Vec::new() };
    let mut visitor = Visitor::sign_in(served.portal, &program).await?;
    for Case { what, path } in cases::of_portal(COMPANY) {
        let figures = timed(args, async || {
            let status = visitor.get(&path).await?.status;
            answered(&path, status)
        });
        portal.add(what, figures.await?);
    }
    let parts = [services, portal];
    let client = server.connect().await?;
    let mut about = conditions(&client, &format!("requests of each: {}", args.requests)).await?;
    about.push(
        "1 million orders, 3 million lines, 4 million movements, 3.5 million audit entries, 1 million levels"
            .to_owned(),
    );
    save(&args.out, &document(&about, &parts))?;
    output::line(format_args!("Written: {}", args.out.display()));
    let slow: Vec<&str> = parts.iter().flat_map(Part::slow).collect();
    if slow.is_empty() { Ok(()) } else { Err(format!("too slow: {}", slow.join("; ")).into()) }
}

/// Waits until the worker has added everything to the totals of which reports are made, and rests.
pub async fn totals_made(client: &Client) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if client.query_one(TOTALS_MADE, &[]).await?.try_get(0)? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err("the worker was not done in time".into())
}

/// What so many requests took, one after the other.
async fn timed(args: &Args, mut ask: impl AsyncFnMut() -> Result<()>) -> Result<Figures> {
    let mut times = Times::new()?;
    for _ in 0..UNCOUNTED {
        ask().await?;
    }
    for _ in 0..args.requests.get() {
        let began = Instant::now();
        ask().await?;
        times.add(began.elapsed());
    }
    Ok(Figures::new(u64::from(args.requests.get()), Duration::ZERO, &times))
}

/// A list that is not there would be answered fast.
///
/// # Errors
/// When it was answered with another status than 200.
pub fn answered(path: &str, status: u16) -> Result<()> {
    if status == 200 { Ok(()) } else { Err(format!("{path} was answered with {status}").into()) }
}

impl Part {
    fn add(&mut self, what: &'static str, figures: Figures) {
        let Figures { p50, max, .. } = figures;
        output::line(format_args!("{:<9} {what:<60} {p50:>8.2} ms, at most {max:>8.2} ms", self.title));
        self.found.push((what, figures));
    }

    fn slow(&self) -> impl Iterator<Item = &'static str> {
        self.found.iter().filter(|(_, figures)| figures.p50 > self.most).map(|(what, _)| *what)
    }

    fn goal(&self) -> Goal {
        let slowest = self.found.iter().max_by(|(_, a), (_, b)| a.p50.total_cmp(&b.p50));
        let found =
            slowest.map(|(what, figures)| format!("{:.1} ms ({what})", figures.p50)).unwrap_or_default();
        let reached = self.slow().next().is_none();
        let what = format!("{}: median of the slowest list", self.title);
        Goal::seen(&what, format!("at most {:.0} ms", self.most), found, reached)
    }
}

fn document(about: &[String], parts: &[Part]) -> String {
    let goals: Vec<Goal> = parts.iter().map(Part::goal).collect();
    let mut text = format!(
        "# Lists at a million orders\n\nWritten by the benchmark; how to read it is in its \
         [README](README.md#lists).\n\n{}\n\n{}",
        list(about),
        table::goals(&goals)
    );
    for part in parts {
        text.push_str(&format!("\n## {}\n\n{}", part.title, table::times(&part.found)));
    }
    text
}
