//! A portal and two services processes on one database.

use std::net::SocketAddr;

use super::part::Part;
use super::records::Records;
use crate::Result;
use crate::fixtures::Fixtures;
use crate::program::{Program, Served, free_address};
use crate::report::goals::Goal;

/// Everything that runs, and what looks into the database.
pub struct Company {
    /// The program's commands.
    pub program: Program,
    /// What makes stock and drafts.
    pub fixtures: Fixtures,
    /// What reads what became of them.
    pub records: Records,
    /// The two services processes.
    pub services: [Served; 2],
    portal: Served,
}

impl Company {
    /// Starts portal and services and waits until they are ready.
    ///
    /// # Errors
    /// When one of them ends or is not ready in time.
    pub async fn start(program: Program, fixtures: Fixtures, records: Records) -> Result<Company> {
        let portal = program.serve_portal().await?;
        let first = program.serve_services(free_address()?, portal.addr).await?;
        let second = program.serve_services(free_address()?, portal.addr).await?;
        Ok(Company { program, fixtures, records, services: [first, second], portal })
    }

    /// Where the two services processes listen.
    pub fn addrs(&self) -> [SocketAddr; 2] {
        self.services.each_ref().map(|served| served.addr)
    }

    /// Where the portal listens.
    pub fn portal(&self) -> SocketAddr {
        self.portal.portal
    }

    /// The processes that do the work: portal, services, and the one of PostgreSQL that starts its others.
    ///
    /// # Errors
    /// When PostgreSQL does not answer.
    pub async fn processes(&self) -> Result<Vec<u32>> {
        let [first, second] = &self.services;
        let own = [&self.portal, first, second].into_iter().filter_map(Served::id);
        Ok(own.chain(self.records.server_process().await?).collect())
    }

    /// Starts one of the two again, at the address it had.
    ///
    /// # Errors
    /// As [`Company::start`].
    pub async fn restart(&mut self, process: usize) -> Result<()> {
        if let Some(served) = self.services.get_mut(process) {
            *served = self.program.serve_services(served.addr, self.portal.addr).await?;
        }
        Ok(())
    }

    /// Adds to what a part found what must hold after every part: both processes live, nothing hangs in the
    /// database, every invariant holds and nothing is half done.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn close(&mut self, part: &mut Part) -> Result<()> {
        let mut dead = 0;
        for served in &mut self.services {
            dead += u64::from(served.require_alive().is_err());
        }
        part.goals.push(Goal::none("processes that ended by themselves", dead));
        let backends = self.records.backends().await?;
        part.goals.push(Goal::none("connections left in a transaction", backends.in_transaction));
        part.goals.push(self.records.hold(&self.program).await?);
        Ok(())
    }

    /// Stops everything.
    ///
    /// # Errors
    /// When one of them had to be killed or ended badly.
    pub async fn stop(self) -> Result<()> {
        let [first, second] = self.services;
        let stopped = (first.stop().await, second.stop().await, self.portal.stop().await);
        stopped.0.and(stopped.1).and(stopped.2)
    }
}
