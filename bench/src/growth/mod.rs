//! How everything grows with the number of orders: the same company, younger and older.

mod plot;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::args::Place;
use crate::figures::{Figures, Times};
use crate::fixtures::{Drafts, Fixtures};
use crate::http::Connection;
use crate::lists::{cases, totals_made};
use crate::load::load;
use crate::million::Million;
use crate::orders::Shape;
use crate::program::{Program, Served};
use crate::proof::require_goals;
use crate::report::goals::Goal;
use crate::report::{conditions, list, save, table};
use crate::server::Server;
use crate::workload::{Source, Workload};
use crate::{Result, output, run};

/// Connections at once, where a rate is measured.
const CONNECTIONS: u32 = 32;
/// Drafts for each second of fulfilling: more than are fulfilled in it.
const DRAFTS_A_SECOND: u32 = 12_000;
/// Requests of each list that are not counted, so that what is read is in memory, as it is where people work.
const UNCOUNTED: u32 = 3;
/// How much slower anything may be at the largest number of orders than at the one before, as a share.
const MOST: f64 = 1.2;

/// What is measured, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program and where. Ten million orders take 30 GB
    #[command(flatten)]
    place: Place,
    /// Numbers of orders, the smallest first
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "10000,1000000,10000000",
          value_parser = clap::value_parser!(i64).range(10_000..=50_000_000))]
    orders: Vec<i64>,
    /// How long each rate is measured
    #[arg(long, value_name = "SECONDS", default_value = "5")]
    seconds: NonZeroU32,
    /// How often each rate is measured; the medians count
    #[arg(long, value_name = "COUNT", default_value = "3")]
    rounds: NonZeroU32,
    /// How often each list is asked for
    #[arg(long, value_name = "COUNT", default_value = "101")]
    requests: NonZeroU32,
    /// Where the results go; the plot goes beside it
    #[arg(long, value_name = "FILE", default_value = "bench/GROWTH.md")]
    out: PathBuf,
}

/// What was measured of one thing: at each number of orders the milliseconds that one answer takes.
pub struct Row {
    /// What it is.
    pub what: String,
    /// In the order of [`Args::orders`].
    pub millis: Vec<f64>,
}

impl Row {
    /// How many times as long it takes at the largest number of orders as at the one before.
    pub fn growth(&self) -> Option<f64> {
        let [.., before, last] = self.millis.as_slice() else { return None };
        Some(last / before.max(1e-6))
    }
}

/// Measures everything at each number of orders and writes the report.
///
/// # Errors
/// When something cannot be run, was interrupted, or grows too much.
pub async fn measure(args: &Args) -> Result<()> {
    let mut rows: Vec<Row> = Vec::new();
    let mut about = Vec::new();
    for orders in &args.orders {
        let million = Million { orders: *orders };
        run::on_a_server(&args.place.scratch, CONNECTIONS, async |server, interrupts| {
            let program = Program::new(&args.place.binary, server.data_dir())?;
            output::line(format_args!("{orders} orders are made …"));
            let began = Instant::now();
            interrupts.or(million.fill(&program, server)).await?;
            output::line(format_args!("… in {} s", began.elapsed().as_secs()));
            let served = program.serve().await?;
            let measured = interrupts.or(measured(args, million, server, program, &served)).await;
            let stopped = served.stop().await;
            about.push(size(*orders, server).await?);
            for (what, millis) in measured? {
                match rows.iter_mut().find(|row| row.what == what) {
                    Some(row) => row.millis.push(millis),
                    None => rows.push(Row { what, millis: vec![millis] }),
                }
            }
            if about.len() == args.orders.len() {
                let run = format!(
                    "seconds: {}, rounds: {}, requests: {}",
                    args.seconds, args.rounds, args.requests
                );
                about.splice(0..0, conditions(&server.connect().await?, &run).await?);
            }
            stopped
        })
        .await?;
    }
    report(args, &about, &rows)
}

/// How large the database is.
async fn size(orders: i64, server: &Server) -> Result<String> {
    const SIZE: &str = "
        select pg_size_pretty(pg_database_size(current_database())),
               (select count(*) from services_stock_movements), (select count(*) from services_audit_logs)";
    let row = server.connect().await?.query_one(SIZE, &[]).await?;
    let (size, movements, entries): (String, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok(format!("{orders} orders: {movements} movements, {entries} audit entries, {size}"))
}

/// The milliseconds that one answer takes, of everything.
async fn measured(
    args: &Args,
    million: Million,
    server: &Server,
    mut program: Program,
    served: &Served,
) -> Result<Vec<(String, f64)>> {
    totals_made(&server.connect().await?).await?;
    let token = program.token().await?;
    let mut found = lists(args, million, served, &token).await?;
    let mut fixtures = Fixtures::of(server.connect().await?);
    fixtures.restock().await?;
    let time = Duration::from_secs(u64::from(args.seconds.get()));
    let mut rounds: BTreeMap<Workload, Vec<Figures>> = BTreeMap::new();
    for round in 1..=args.rounds.get() {
        for workload in [Workload::FulfilSpread, Workload::Create, Workload::Order] {
            let drafts = match workload.fulfils() {
                Some(_) => {
                    let count = usize::try_from(DRAFTS_A_SECOND.saturating_mul(args.seconds.get()))?;
                    fixtures.draft(Shape::Spread, count).await?
                }
                None => Drafts::NONE,
            };
            fixtures.settle().await?;
            let known = Drafts { first: 1, last: million.orders };
            let token = program.token().await?;
            let source = Source::new(workload, token, false, drafts, known, u64::from(round));
            let loaded = load(served.addr, source, CONNECTIONS, time).await?;
            if let Some((words, count)) = loaded.faults.first_key_value() {
                return Err(format!("{}: {count} x {words}", workload.name()).into());
            }
            rounds.entry(workload).or_default().push(loaded.figures);
        }
    }
    for (workload, figures) in rounds {
        let rate = Figures::median(&figures).rate;
        output::line(format_args!("{:<60} {rate:>8.0} a second", workload.name()));
        // One of so many a second takes so long, however many are asked for at once.
        found.push((
            format!("{}, {CONNECTIONS} connections, time for each", workload.name()),
            1_000.0 / rate.max(1e-6),
        ));
    }
    Ok(found)
}

/// The median time of each list, and of orders by id, on one connection.
async fn lists(args: &Args, million: Million, served: &Served, token: &str) -> Result<Vec<(String, f64)>> {
    let mut connection = Connection::open(served.addr).await?;
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut found = Vec::new();
    let cases = cases::of_services(million).into_iter().map(|case| (case.what, Some(case.path)));
    for (what, path) in cases.chain([("one order, any of all", None)]) {
        let mut times = Times::new()?;
        for n in 0..UNCOUNTED + args.requests.get() {
            let any = || format!("/v1/orders/{}", random.random_range(1..=million.orders));
            let path = path.clone().unwrap_or_else(any);
            let began = Instant::now();
            let reply = connection.get(&path, Some(token)).await?;
            if n >= UNCOUNTED {
                times.add(began.elapsed());
            }
            if reply.status != 200 {
                return Err(format!("{path} was answered with {}", reply.status).into());
            }
        }
        let median = Figures::new(u64::from(args.requests.get()), Duration::ZERO, &times).p50;
        output::line(format_args!("{what:<60} {median:>8.2} ms"));
        found.push((what.to_owned(), median));
    }
    Ok(found)
}

fn report(args: &Args, about: &[String], rows: &[Row]) -> Result<()> {
    let grown: Vec<String> = rows
        .iter()
        .filter_map(|row| Some((row.growth().filter(|growth| *growth > MOST)?, row)))
        .map(|(growth, row)| format!("{} {growth:.2} x", row.what))
        .collect();
    let goals = [Goal::nothing(
        "what takes more than 1.2 times as long at the largest number as at the one before",
        &grown,
    )];
    let plot = args.out.with_file_name("growth.svg");
    let text = format!(
        "# Growth\n\nWritten by the benchmark; how to read it is in its [README](README.md#growth).\n\n{}\n\n\
         ![How everything grows with the number of orders](growth.svg)\n\n{}\n## Figures\n\nMilliseconds; medians.\n\n{}",
        list(about),
        table::goals(&goals),
        table::growth(&args.orders, rows)
    );
    save(&args.out, &text)?;
    save(&plot, &plot::svg(&args.orders, rows))?;
    output::line(format_args!(
        "\n{}\nWritten: {} and {}",
        table::goals(&goals),
        args.out.display(),
        plot.display()
    ));
    require_goals(&goals)
}
