//! A portal, a worker and two services processes on one PostgreSQL, each of which may be struck.

use std::net::SocketAddr;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::fault::{Fault, Part, Stroke};
use crate::program::{Program, Served, free_address};
use crate::server::Server;
use crate::{Result, process};

/// Everything that runs.
pub struct Company<'s> {
    /// The program's commands.
    pub program: Program,
    server: &'s mut Server,
    portal: Served,
    services: [Served; 2],
    worker: Served,
}

impl<'s> Company<'s> {
    /// Starts everything and waits until it is ready.
    ///
    /// # Errors
    /// When a part ends or is not ready in time.
    pub async fn start(program: Program, server: &'s mut Server) -> Result<Company<'s>> {
        let portal = program.serve_portal_at(free_address()?).await?;
        let first = program.serve_services(free_address()?, portal.addr).await?;
        let second = program.serve_services(free_address()?, portal.addr).await?;
        let worker = program.serve_worker()?;
        Ok(Company { program, server, portal, services: [first, second], worker })
    }

    /// Where the two services processes listen.
    pub fn addrs(&self) -> [SocketAddr; 2] {
        self.services.each_ref().map(|served| served.addr)
    }

    /// A connection to the database as superuser.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(&self) -> Result<tokio_postgres::Client> {
        self.server.connect().await
    }

    /// Strikes. Gives the processes of PostgreSQL where it is the one.
    ///
    /// # Errors
    /// When the part was not there.
    pub async fn strike(&mut self, fault: Fault) -> Result<Vec<u32>> {
        let signal = match (fault.stroke, fault.part) {
            (Stroke::Kill, _) => Signal::SIGKILL,
            (Stroke::Pause, _) => Signal::SIGSTOP,
            // It asks PostgreSQL to end every session and itself.
            (Stroke::Restart, Part::Postgres) => Signal::SIGINT,
            (Stroke::Restart, _) => Signal::SIGTERM,
        };
        if fault.part == Part::Postgres {
            let processes = self.server.processes()?;
            let struck = if fault.stroke == Stroke::Pause { processes.len() } else { 1 };
            processes.iter().take(struck).try_for_each(|process| process::signal(*process, signal))?;
            return Ok(processes);
        }
        let served = self.served(fault.part);
        served.require_alive()?;
        served.signal(signal)?;
        Ok(Vec::new())
    }

    /// Makes good again what was struck, after a while: that of a restart is what it takes to end.
    ///
    /// # Errors
    /// When the part does not come back.
    pub async fn mend(&mut self, fault: Fault, processes: &[u32], after: Duration) -> Result<()> {
        if fault.stroke != Stroke::Restart {
            tokio::time::sleep(after).await;
        }
        if fault.part == Part::Postgres {
            return match fault.stroke {
                Stroke::Pause => {
                    processes.iter().try_for_each(|process| process::signal(*process, Signal::SIGCONT))
                }
                Stroke::Kill | Stroke::Restart => self.server.start_again(processes).await,
            };
        }
        let served = self.served(fault.part);
        match fault.stroke {
            Stroke::Pause => return served.signal(Signal::SIGCONT),
            Stroke::Kill => served.kill().await.map(drop)?,
            Stroke::Restart => served.ended().await?,
        }
        let addr = served.addr;
        *self.served(fault.part) = match fault.part {
            Part::Portal => self.program.serve_portal_at(addr).await?,
            Part::Worker => self.program.serve_worker()?,
            Part::Services(_) | Part::Postgres => self.program.serve_services(addr, self.portal.addr).await?,
        };
        Ok(())
    }

    /// How many parts are not there.
    pub fn dead(&mut self) -> u64 {
        let [first, second] = &mut self.services;
        let parts = [first, second, &mut self.portal, &mut self.worker];
        parts.into_iter().map(|served| u64::from(served.require_alive().is_err())).sum()
    }

    /// What the two services processes have kept resident at most, in MiB.
    pub fn peak_mib(&self) -> u64 {
        self.services.iter().map(Served::peak_kib).max().unwrap_or(0) / 1024
    }

    /// Stops everything but PostgreSQL.
    ///
    /// # Errors
    /// When a part had to be killed or ended badly.
    pub async fn stop(self) -> Result<()> {
        let [first, second] = self.services;
        let stopped =
            (first.stop().await, second.stop().await, self.worker.stop().await, self.portal.stop().await);
        stopped.0.and(stopped.1).and(stopped.2).and(stopped.3)
    }

    fn served(&mut self, part: Part) -> &mut Served {
        let [first, second] = &mut self.services;
        match part {
            Part::Services(0) => first,
            Part::Portal => &mut self.portal,
            Part::Worker => &mut self.worker,
            Part::Services(_) | Part::Postgres => second,
        }
    }
}
