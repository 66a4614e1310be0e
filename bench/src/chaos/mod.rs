//! Proof that nothing acknowledged is lost or done twice while the parts of a company are killed, paused and restarted
//! under load.

mod clients;
mod company;
mod fault;
mod history;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;

use crate::args::Place;
use crate::figures::{Figures, Times};
use crate::program::Program;
use crate::proof::{Records, require_goals};
use crate::report::goals::Goal;
use crate::report::{conditions, list, save, table};
use crate::server::Server;
use crate::{Result, output, run};

use clients::{Client, Shared, Tally, Watch};
use company::Company;
use fault::{Fault, Stroke};

/// Connections to the server besides those of `Server`'s own count: the second services process's, portal, worker.
const CONNECTIONS: u32 = 100;
/// How long the load runs before the first fault, and after the last.
const CALM: Duration = Duration::from_secs(2);
/// How long after a fault every client must have been acknowledged something.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of it, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program and where.
    #[command(flatten)]
    place: Place,
    /// How many faults strike
    #[arg(long, value_name = "COUNT", default_value = "200")]
    faults: NonZeroU32,
    /// Clients, half of them with each services process
    #[arg(long, value_name = "COUNT", default_value = "48", value_parser = clap::value_parser!(u32).range(2..=1_000))]
    clients: u32,
    /// Changes of orders a second that there must be on average, outages and all
    #[arg(long, value_name = "COUNT", default_value = "500")]
    least: u32,
    /// Makes the run's random choices; the same ones for the same seed
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,
    /// Where the results go
    #[arg(long, value_name = "FILE", default_value = "bench/CHAOS.md")]
    out: PathBuf,
}

/// What faults of one kind did.
struct Struck {
    count: u64,
    first: Times,
    all: Times,
}

/// Runs it, and writes what came out.
///
/// # Errors
/// When something cannot be run, was interrupted, or does not hold.
pub async fn prove(args: &Args) -> Result<()> {
    output::line(format_args!("faults: {}, clients: {}, seed: {}", args.faults, args.clients, args.seed));
    run::on_a_server(&args.place.scratch, CONNECTIONS, async |server, interrupts| {
        let program = Program::new(&args.place.binary, server.data_dir())?.on(server.url()?).await?;
        interrupts.or(opened(&program, server)).await?;
        let mut company = Company::start(program, server).await?;
        let result = interrupts.or(storm(args, &mut company)).await;
        let stopped = company.stop().await;
        result.and(stopped)
    })
    .await
}

/// A company with opening stock. What makes it holds a connection that would not outlive the first fault.
async fn opened(program: &Program, server: &Server) -> Result<()> {
    let fixtures = run::fill(program, server).await?;
    fixtures.reset().await?;
    fixtures.settle().await
}

async fn storm(args: &Args, company: &mut Company<'_>) -> Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(args.seed);
    let series = Fault::series(usize::try_from(args.faults.get())?, &mut random);
    let count = usize::try_from(args.clients)?;
    let shared = Rc::new(Shared {
        addrs: company.addrs(),
        token: RefCell::new(company.program.token().await?),
        stop: Cell::new(false),
        history: RefCell::default(),
        tally: RefCell::default(),
        watch: RefCell::new(Watch::new(count)),
    });
    let mut clients = JoinSet::new();
    for n in 0..count {
        clients.spawn_local(Client::new(Rc::clone(&shared), n, args.seed).work());
    }
    let began = Instant::now();
    tokio::time::sleep(CALM).await;
    let mut struck: BTreeMap<&'static str, Struck> = BTreeMap::new();
    for (n, fault) in (1_u32..).zip(series) {
        let (first, all) = one(company, &shared, fault, count, &mut random).await?;
        let Struck { count, first: firsts, all: alls } = match struck.entry(fault.words()) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Struck { count: 0, first: Times::new()?, all: Times::new()? })
            }
        };
        *count += 1;
        firsts.add(first);
        alls.add(all);
        let (first, all) = (first.as_millis(), all.as_millis());
        output::line(format_args!("{n:>4} {:<28} first {first:>6} ms, all {all:>6} ms", fault.words()));
    }
    tokio::time::sleep(CALM).await;
    shared.stop.set(true);
    while let Some(ended) = clients.join_next().await {
        ended?;
    }
    let elapsed = began.elapsed();
    report(args, company, &shared, elapsed, &struck).await
}

/// One fault: gives the time until a change was acknowledged that was asked for after it, and until each client had one.
async fn one(
    company: &mut Company<'_>,
    shared: &Shared,
    fault: Fault,
    clients: usize,
    random: &mut ChaCha8Rng,
) -> Result<(Duration, Duration)> {
    shared.token.replace(company.program.token().await?);
    let pause = match fault.stroke {
        Stroke::Pause => random.random_range(500..3_000),
        Stroke::Kill | Stroke::Restart => random.random_range(0..1_000),
    };
    let struck = company.strike(fault).await?;
    shared.watch.replace(Watch::new(clients));
    company.mend(fault, &struck, Duration::from_millis(pause)).await?;
    let end = Instant::now() + PATIENCE;
    let times = loop {
        let Watch { first, all, .. } = *shared.watch.borrow();
        if let (Some(first), Some(all)) = (first, all) {
            break (first, all);
        }
        if Instant::now() > end {
            return Err(format!("{}: not every client was answered within a minute", fault.words()).into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    tokio::time::sleep(Duration::from_millis(random.random_range(300..1_000))).await;
    Ok(times)
}

async fn report(
    args: &Args,
    company: &mut Company<'_>,
    shared: &Shared,
    elapsed: Duration,
    struck: &BTreeMap<&'static str, Struck>,
) -> Result<()> {
    let client = company.connect().await?;
    let history = shared.history.take();
    let Tally { hung_up, unanswered, put_off, replayed, same, faults } = shared.tally.take();
    let rate = Figures::new(history.changes(), elapsed, &Times::new()?).rate;
    let mut goals = vec![Goal::seen(
        "changes of orders a second, outages and all",
        format!("at least {}", args.least),
        format!("{rate:.0}"),
        rate >= f64::from(args.least),
    )];
    goals.extend(history.judge(&client).await?);
    goals.push(faults.goal());
    goals.push(Goal::none("parts that ended by themselves", company.dead()));
    let records = Records::new(company.connect().await?);
    goals.push(records.hold(&company.program).await?);
    let unsealed = company.program.audit_verify().await?;
    let is_sealed = unsealed.is_none();
    goals.push(Goal::seen("audit verify", "all", unsealed.unwrap_or_else(|| "all".to_owned()), is_sealed));

    let lines = [
        format!("{} changes were acknowledged in {} s", history.changes(), elapsed.as_secs()),
        format!("{hung_up} requests were hung up on, whole or within, and asked again at the other process"),
        format!("{unanswered} got no answer, {put_off} were told to ask again"),
        format!("{replayed} changes had been made by a request whose answer was not heard"),
        format!(
            "{same} were asked for once more after their answer, at the other process, and gave the same one"
        ),
        format!("a services process kept {} MiB resident at most", company.peak_mib()),
    ];
    let run = format!("faults: {}, clients: {}, seed: {}", args.faults, args.clients, args.seed);
    let text = format!(
        "# Under faults\n\nWritten by the benchmark; how to read it is in its [README](README.md#under-faults).\n\n{}\n\n{}\n{}\n\n{}",
        list(&conditions(&client, &run).await?),
        table::goals(&goals),
        list(&lines),
        recovered(struck)
    );
    save(&args.out, &text)?;
    output::line(format_args!(
        "\n{}\n{}\n\n{}\nWritten: {}",
        table::goals(&goals),
        list(&lines),
        recovered(struck),
        args.out.display()
    ));
    require_goals(&goals)
}

/// How long it took by kind of fault.
fn recovered(struck: &BTreeMap<&'static str, Struck>) -> String {
    let rows: Vec<_> = struck
        .iter()
        .map(|(words, Struck { count, first, all })| {
            let of = |times| Figures::new(*count, Duration::ZERO, times);
            (*words, *count, of(first), of(all))
        })
        .collect();
    table::recovered(&rows)
}
