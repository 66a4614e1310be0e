//! A company of so many orders, on a server of its own.

use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::Result;
use crate::args::Place;
use crate::figures::Figures;
use crate::fixtures::{Drafts, Fixtures};
use crate::http::Connection;
use crate::lists;
use crate::load::load;
use crate::machine::memory_mib;
use crate::million::Million;
use crate::orders::Shape;
use crate::program::{Program, Served};
use crate::server::Server;
use crate::workload::{Source, Workload};

/// Connections at once, where a rate is measured.
pub const CONNECTIONS: u32 = 32;
/// Drafts for each second of fulfilling: more than are fulfilled in it.
const DRAFTS_A_SECOND: u32 = 12_000;
/// All that is read of an order, brought into memory.
const ORDERS_IN_MEMORY: &str = "
    create extension if not exists pg_prewarm;
    select pg_prewarm(part, 'buffer')
    from unnest('{services_orders, services_orders_pkey, services_order_lines_pkey}'::regclass[]) part";
/// How large the database is.
const SIZE: &str = "
    select pg_size_pretty(pg_database_size(current_database())),
           (select count(*) from services_stock_movements), (select count(*) from services_audit_logs)";

/// Its server, and the program on it.
pub struct Company {
    /// What it has.
    pub million: Million,
    server: Server,
    program: Program,
    served: Option<Served>,
    connection: Option<Connection>,
}

impl Company {
    /// A new server with nothing in it, its `shared_buffers` a quarter of the memory, as `docs/operations.md` advises.
    ///
    /// # Errors
    /// When the server does not start or there is no program.
    pub async fn open(place: &Place, million: Million) -> Result<Company> {
        let buffers = format!("{}MB", memory_mib() / 4);
        let server = Server::open(&place.scratch, CONNECTIONS, vec![("shared_buffers", buffers)]).await?;
        match Program::new(&place.binary, server.data_dir()) {
            Ok(program) => Ok(Company { million, server, program, served: None, connection: None }),
            Err(error) => server.close().await.and(Err(error)),
        }
    }

    /// Fills it.
    ///
    /// # Errors
    /// As [`Million::fill`].
    pub async fn fill(&self) -> Result<()> {
        self.million.fill(&self.program, &self.server).await
    }

    /// Starts the program.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn serve(&mut self) -> Result<()> {
        self.served = Some(self.program.serve().await?);
        Ok(())
    }

    /// Starts everything again with nothing in memory.
    ///
    /// # Errors
    /// When something does not stop or start.
    pub async fn start_cold(&mut self) -> Result<()> {
        self.stop().await?;
        self.server.start_cold().await?;
        self.serve().await
    }

    fn served(&self) -> Result<&Served> {
        Ok(self.served.as_ref().ok_or("the program does not run")?)
    }

    /// Stops the program, if it runs.
    async fn stop(&mut self) -> Result<()> {
        match self.served.take() {
            Some(served) => served.stop().await,
            None => Ok(()),
        }
    }

    /// Stops everything and removes it.
    ///
    /// # Errors
    /// When something does not stop.
    pub async fn close(mut self) -> Result<()> {
        let stopped = self.stop().await;
        stopped.and(self.server.close().await)
    }

    /// A connection as superuser.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(&self) -> Result<Client> {
        self.server.connect().await
    }

    /// Waits until the worker has done what is new to it.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn totals_made(&self) -> Result<()> {
        lists::totals_made(&self.connect().await?).await
    }

    /// Has all that is read of orders in memory.
    ///
    /// # Errors
    /// When the server has no `pg_prewarm`, which comes with `pgbench`.
    pub async fn bring_orders_into_memory(&self) -> Result<()> {
        Ok(self.connect().await?.batch_execute(ORDERS_IN_MEMORY).await?)
    }

    /// Adds to its stock what the orders to come ask for.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn restock(&self) -> Result<()> {
        Fixtures::of(self.connect().await?).restock().await
    }

    /// How large it is, in words.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn size(&self) -> Result<String> {
        let row = self.connect().await?.query_one(SIZE, &[]).await?;
        let (size, movements, entries): (String, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let orders = self.million.orders;
        Ok(format!("{orders} orders: {movements} movements, {entries} audit entries, {size}"))
    }

    /// Opens the connection on which everything is asked, in place of the one before.
    ///
    /// # Errors
    /// When the program does not take it.
    pub async fn open_connection(&mut self) -> Result<()> {
        self.connection = Some(Connection::open(self.served()?.addr).await?);
        Ok(())
    }

    /// How long it takes to get what is there.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn ask(&mut self, path: &str) -> Result<Duration> {
        let token = self.program.token().await?;
        let connection = self.connection.as_mut().ok_or("no connection is open")?;
        let began = Instant::now();
        let reply = connection.get(path, Some(&token)).await?;
        let time = began.elapsed();
        lists::answered(path, reply.status)?;
        Ok(time)
    }

    /// Reads the first of each so many orders.
    ///
    /// # Errors
    /// When one is not there.
    pub async fn read_one_order_of_each(&mut self, orders: usize) -> Result<()> {
        self.open_connection().await?;
        for order in (1..=self.million.orders).step_by(orders) {
            self.ask(&format!("/v1/orders/{order}")).await?;
        }
        Ok(())
    }

    /// What so many seconds of a workload give. Where orders are read, all that is read of them is brought into memory before,
    /// of which a machine may have taken back some while other companies were asked, and they are read for as long
    /// uncounted: each of PostgreSQL's processes has yet to map the memory that it shares with the others.
    ///
    /// # Errors
    /// When an answer is wrong, and as [`Company::bring_orders_into_memory`].
    pub async fn load(&mut self, workload: Workload, seconds: u32, seed: u64) -> Result<Figures> {
        let mut fixtures = Fixtures::of(self.connect().await?);
        let drafts = match workload.fulfils() {
            Some(_) => {
                fixtures
                    .draft(Shape::Spread, usize::try_from(DRAFTS_A_SECOND.saturating_mul(seconds))?)
                    .await?
            }
            None => Drafts::NONE,
        };
        fixtures.settle().await?;
        if workload == Workload::Order {
            self.bring_orders_into_memory().await?;
            self.load_once(workload, Drafts::NONE, seconds, u64::MAX - seed).await?;
        }
        self.load_once(workload, drafts, seconds, seed).await
    }

    async fn load_once(
        &mut self,
        workload: Workload,
        drafts: Drafts,
        seconds: u32,
        seed: u64,
    ) -> Result<Figures> {
        let known = Drafts { first: 1, last: self.million.orders };
        let token = self.program.token().await?;
        let source = Source::new(workload, token, false, drafts, known, seed);
        let time = Duration::from_secs(u64::from(seconds));
        let loaded = load(self.served()?.addr, source, CONNECTIONS, time).await?;
        match loaded.faults.first_key_value() {
            None => Ok(loaded.figures),
            Some((words, count)) => Err(format!("{}: {count} x {words}", workload.name()).into()),
        }
    }
}
