//! The schema moves under load at a million orders, while programs serve that know it as it was.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use platform::pg::{DatabaseConfig, Migrations, RolePair};

use crate::args::Place;
use crate::fixtures::Fixtures;
use crate::million::Million;
use crate::overload::{Pulse, Told, Work};
use crate::program::{Program, Served, free_address};
use crate::proof::require_goals;
use crate::report::goals::Goal;
use crate::report::{conditions, list, save, table};
use crate::server::Server;
use crate::{Result, output, run};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Who owns the tables that change, and who works with them.
const ROLES: RolePair = RolePair { owner: "qm_services", running: "qm_services_app" };
/// What was applied here stands apart from what the program applied.
const HISTORY: &str = "services_next_history";
/// Connections to the server besides those of `Server`'s own count.
const CONNECTIONS: u32 = 100;
/// Clients at work.
const CLIENTS: usize = 32;
/// How long the load runs before and after.
const CALM: Duration = Duration::from_secs(3);
/// How long anybody may wait for a lock, and so for an answer.
const MOST: Duration = Duration::from_secs(1);

/// What is proved, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program and where.
    #[command(flatten)]
    place: Place,
    /// How many orders there are
    #[arg(long, value_name = "COUNT", default_value = "1000000", value_parser = clap::value_parser!(i64).range(10_000..=50_000_000))]
    orders: i64,
    /// Hold nothing against the clock: for a machine that does other things too
    #[arg(long)]
    untimed: bool,
    /// Makes the run's random choices; the same ones for the same seed
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,
    /// Where the results go
    #[arg(long, value_name = "FILE", default_value = "bench/UPGRADE.md")]
    out: PathBuf,
}

/// Moves the schema under load, and writes what came out.
///
/// # Errors
/// When something cannot be run, was interrupted, or does not hold.
pub async fn prove(args: &Args) -> Result<()> {
    run::on_a_server(&args.place.scratch, CONNECTIONS, async |server, interrupts| {
        let program = Program::new(&args.place.binary, server.data_dir())?.on(server.url()?).await?;
        output::line(format_args!("{} orders are made …, seed: {}", args.orders, args.seed));
        interrupts.or(Million { orders: args.orders }.fill(&program, server)).await?;
        Fixtures::of(server.connect().await?).restock().await?;
        let portal = program.serve_portal().await?;
        let old = program.serve_services(free_address()?, portal.addr).await?;
        let result = interrupts.or(moved(args, server, program, (&portal, &old))).await;
        let stopped = (old.stop().await, portal.stop().await);
        result.and(stopped.0).and(stopped.1)
    })
    .await
}

async fn moved(
    args: &Args,
    server: &Server,
    mut program: Program,
    (portal, old): (&Served, &Served),
) -> Result<()> {
    let work = Work::new(program.token().await?, args.seed);
    let new = free_address()?;
    let pulse = Pulse::start(vec![old.addr], work, CLIENTS, None);
    tokio::time::sleep(CALM).await;
    let config = DatabaseConfig::from_url(&server.url()?, "migrate")?;
    let began = Instant::now();
    let applied = Migrations::new(ROLES, HISTORY, embedded::migrations::runner()).run(&config).await?;
    let took = began.elapsed();
    // A program that finds the schema as it is now works beside those that do not know it.
    let served = program.serve_services(new, portal.addr).await?;
    let work = Work::new(program.token().await?, args.seed + 1);
    let beside = Pulse::start(vec![served.addr], work, CLIENTS, None);
    tokio::time::sleep(CALM).await;
    let told = [pulse.stop().await?, beside.stop().await?];
    served.stop().await?;
    let broken = program.verify().await?;
    let holds = broken.is_none();
    let held = Goal::seen("invariants, by verify", "all", broken.unwrap_or_else(|| "all".to_owned()), holds);
    report(args, server, (&applied, took), &told, held).await
}

async fn report(
    args: &Args,
    server: &Server,
    (applied, took): (&[String], Duration),
    told: &[Told; 2],
    held: Goal,
) -> Result<()> {
    let longest = told.iter().map(|told| told.longest).max().unwrap_or_default();
    let refused: u64 = told.iter().flat_map(|told| told.refused.values()).sum();
    let mut goals = vec![
        Goal::seen(
            "longest answer",
            format!("at most {} s", MOST.as_secs()),
            format!("{} ms", longest.as_millis()),
            args.untimed || longest <= MOST,
        ),
        Goal::none("requests that were refused", refused),
    ];
    goals.extend(told.iter().map(|told| told.faults.goal()));
    goals.push(held);
    let mut lines =
        vec![format!("{} migrations in {:.1} s: {}", applied.len(), took.as_secs_f64(), applied.join(", "))];
    let of = |who: &str, told: &Told| format!("{who} carried out {} requests", told.done);
    lines.push(of("A services process that was there before", &told[0]));
    lines.push(of("One that was started after", &told[1]));
    let run = format!("orders: {}, clients: {CLIENTS} with each process, seed: {}", args.orders, args.seed);
    let about = list(&conditions(&server.connect().await?, &run).await?);
    let (goals_table, lines) = (table::goals(&goals), list(&lines));
    let text = format!(
        "# Upgrade\n\nWritten by the benchmark; how to read it is in its [README](README.md#upgrade).\n\n{about}\n\n\
         {goals_table}\n{lines}\n"
    );
    save(&args.out, &text)?;
    output::line(format_args!("\n{lines}\n\n{goals_table}\nWritten: {}", args.out.display()));
    require_goals(&goals)
}
