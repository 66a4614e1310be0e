//! How everything grows with the number of orders: the same company, younger and older.

mod company;
mod plot;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use self::company::{CONNECTIONS, Company};
use crate::args::Place;
use crate::figures::{Figures, Times};
use crate::lists::cases::{self, Case};
use crate::million::Million;
use crate::proof::require_goals;
use crate::report::goals::Goal;
use crate::report::{conditions, list, save, table};
use crate::run::Interrupts;
use crate::workload::Workload;
use crate::{Result, output};

/// Requests of each list that are not counted, so that what is read is in memory, as it is where people work.
const UNCOUNTED: u32 = 3;
/// One order of so many is read after everything was forgotten: enough for the upper levels of each index, which are in
/// memory minutes after a start and one page in 300, and as large a share of all else at each number of orders.
const BETWEEN_ORDERS: usize = 10_000;
/// How much slower anything may be at the largest number of orders than at the one before, as a share.
const MOST: f64 = 1.2;

/// What is measured, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program and where. Ten million orders take 30 GB, all together 40
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
    #[arg(long, value_name = "COUNT", default_value = "301")]
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
    /// Itself, told to who waits for the report.
    fn told(self) -> Row {
        let millis: String = self.millis.iter().map(|millis| format!(" {millis:>8.3}")).collect();
        output::line(format_args!("{:<60}{millis} ms", self.what));
        self
    }

    /// How many times as long it takes at the largest number of orders as at the one before.
    pub fn growth(&self) -> Option<f64> {
        let [.., before, last] = self.millis.as_slice() else { return None };
        Some(last / before.max(1e-6))
    }
}

/// Measures everything at each number of orders and writes the report. All companies are there at once and are asked in
/// turn: the machine's pace, which changes within an hour, is the same for each of them.
///
/// # Errors
/// When something cannot be run, was interrupted, or grows too much.
pub async fn measure(args: &Args) -> Result<()> {
    let mut interrupts = Interrupts::new()?;
    let mut companies = Vec::new();
    let measured = all(args, &mut interrupts, &mut companies).await;
    let mut closed = Ok(());
    for company in companies {
        closed = closed.and(company.close().await);
    }
    let (about, rows) = measured?;
    closed?;
    report(args, &about, &rows)
}

/// What was measured, and of what.
async fn all(
    args: &Args,
    interrupts: &mut Interrupts,
    companies: &mut Vec<Company>,
) -> Result<(Vec<String>, Vec<Row>)> {
    for orders in &args.orders {
        output::line(format_args!("{orders} orders are made …"));
        let began = Instant::now();
        companies.push(Company::open(&args.place, Million { orders: *orders }).await?);
        if let Some(company) = companies.last() {
            interrupts.or(company.fill()).await?;
        }
        output::line(format_args!("… in {} s", began.elapsed().as_secs()));
    }
    for company in companies.iter_mut() {
        company.serve().await?;
    }
    let mut rows = interrupts.or(warm(args, companies)).await?;
    let mut about = Vec::new();
    for company in companies.iter_mut() {
        about.push(company.size().await?);
        company.start_cold().await?;
        interrupts.or(company.read_one_order_of_each(BETWEEN_ORDERS)).await?;
    }
    rows.push(interrupts.or(any_order(args, companies, "one order, any of all, from the disk")).await?);
    if let Some(company) = companies.first() {
        let (seconds, rounds, requests) = (args.seconds, args.rounds, args.requests);
        let run = format!("seconds: {seconds}, rounds: {rounds}, requests: {requests}");
        about.splice(0..0, conditions(&company.connect().await?, &run).await?);
    }
    Ok((about, rows))
}

/// Everything where what is read is in memory, as it is where people work.
async fn warm(args: &Args, companies: &mut [Company]) -> Result<Vec<Row>> {
    for company in companies.iter() {
        company.totals_made().await?;
    }
    let mut rows = Vec::new();
    // Each has the same lists in the same order.
    let lists: Vec<_> = companies.iter().map(|company| cases::of_services(company.million)).collect();
    for (case, Case { what, .. }) in lists.first().into_iter().flatten().enumerate() {
        rows.push(in_turn(args, companies, what, |n| lists[n][case].path.clone()).await?);
    }
    for company in companies.iter() {
        company.bring_orders_into_memory().await?;
    }
    rows.push(any_order(args, companies, "one order, any of all").await?);
    for company in companies.iter() {
        company.restock().await?;
    }
    rows.extend(rates(args, companies).await?);
    Ok(rows)
}

/// Any of all orders by id.
async fn any_order(args: &Args, companies: &mut [Company], what: &str) -> Result<Row> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let orders: Vec<i64> = companies.iter().map(|company| company.million.orders).collect();
    in_turn(args, companies, what, |n| format!("/v1/orders/{}", random.random_range(1..=orders[n]))).await
}

/// The median time of what is at a path of each company, which are asked in turn, each on one connection.
async fn in_turn(
    args: &Args,
    companies: &mut [Company],
    what: &str,
    mut path: impl FnMut(usize) -> String,
) -> Result<Row> {
    let mut times = Vec::new();
    for company in companies.iter_mut() {
        company.open_connection().await?;
        times.push(Times::new()?);
    }
    for request in 0..UNCOUNTED + args.requests.get() {
        for (n, (company, times)) in companies.iter_mut().zip(&mut times).enumerate() {
            let time = company.ask(&path(n)).await?;
            if request >= UNCOUNTED {
                times.add(time);
            }
        }
    }
    let count = u64::from(args.requests.get());
    let millis = times.iter().map(|times| Figures::new(count, Duration::ZERO, times).p50).collect();
    Ok(Row { what: what.to_owned(), millis }.told())
}

/// How long one of many orders takes: fulfilled, drafted and asked for on many connections, of each company in turn.
async fn rates(args: &Args, companies: &mut [Company]) -> Result<Vec<Row>> {
    const WORKLOADS: [Workload; 3] = [Workload::FulfilSpread, Workload::Create, Workload::Order];
    let mut found: BTreeMap<(Workload, usize), Vec<Figures>> = BTreeMap::new();
    for round in 1..=args.rounds.get() {
        for workload in WORKLOADS {
            for (n, company) in companies.iter_mut().enumerate() {
                let figures = company.load(workload, args.seconds.get(), u64::from(round)).await?;
                found.entry((workload, n)).or_default().push(figures);
            }
        }
    }
    let row = |workload: Workload| {
        // One of so many a second takes so long, however many are asked for at once.
        let millis = |rounds: &Vec<Figures>| 1_000.0 / Figures::median(rounds).rate.max(1e-6);
        let of_workload = found.iter().filter(|((which, _), _)| *which == workload);
        let millis = of_workload.map(|(_, rounds)| millis(rounds)).collect();
        Row { what: format!("{}, {CONNECTIONS} connections, time for each", workload.name()), millis }.told()
    };
    Ok(WORKLOADS.map(row).into())
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
