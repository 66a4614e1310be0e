//! Every process is restarted, one after the other, behind a proxy that honours `/ready`.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::args::Args;
use super::haproxy::{Haproxy, addresses};
use super::pulse::Pulse;
use super::work::Work;
use crate::Result;
use crate::lists::Visitor;
use crate::program::{Program, Served, free_address};
use crate::proof::{Company, Part};
use crate::report::goals::Goal;

/// Clients of the services, and people at the portal.
const CLIENTS: usize = 32;
const PEOPLE: usize = 4;
/// For how long a process goes on serving once it was told to stop: ten times what the proxy takes to see it.
const DELAY: &str = "1s";
/// The pages that people look at.
const PAGES: [&str; 3] = ["/", "/stock/", "/orders/"];

/// Two portals, two services processes and a worker behind one proxy.
struct Fleet {
    program: Program,
    portals: [Served; 2],
    services: [Served; 2],
    worker: Served,
    /// Where services find a portal.
    portal: SocketAddr,
}

/// Restarts each in turn under load.
///
/// # Errors
/// When something cannot be run.
pub async fn part(args: &Args, company: &mut Company) -> Result<Part> {
    let fronts = addresses()?;
    let mut fleet = Fleet::start(&company.program, fronts).await?;
    let of = |served: &[Served; 2]| served.each_ref().map(|served| served.addr);
    let proxy = Haproxy::start(fronts, &of(&fleet.services), &of(&fleet.portals)).await?;

    let work = Work::new(company.program.token().await?, args.seed);
    let pulse = Pulse::start(vec![proxy.services], work, CLIENTS, None);
    let people = People::start(proxy.portals, &company.program).await?;
    for _ in 0..args.restarts.get() {
        fleet.restart_all().await?;
    }
    let (pages, unseen) = people.stop().await?;
    let told = pulse.stop().await?;
    drop(proxy);
    fleet.stop().await?;

    let refused: u64 = told.refused.values().sum();
    let goals = vec![
        Goal::none("requests of clients that were refused", refused),
        told.faults.goal(),
        Goal::nothing("pages that did not come", &unseen),
    ];
    let mut lines = vec![
        format!(
            "{} restarts of each of two portals, two services processes and a worker, one after the other, by SIGTERM",
            args.restarts
        ),
        format!("{pages} pages came meanwhile"),
    ];
    lines.extend(told.lines());
    Ok(Part { title: "Rolling restart", goals, lines })
}

impl Fleet {
    async fn start(program: &Program, (services, portals): (SocketAddr, SocketAddr)) -> Result<Fleet> {
        let program = program
            .with("QUARTERMASTER_SHUTDOWN_DELAY", DELAY)
            .with("QUARTERMASTER_SERVICES_URL", format!("http://{services}"));
        let (first, second) = (free_address()?, free_address()?);
        let of_portals = [program.serve_portal_at(first).await?, program.serve_portal_at(second).await?];
        // They find the portals' keys once the proxy is there.
        let (first, second) = (free_address()?, free_address()?);
        let of_services =
            [program.serve_services(first, portals).await?, program.serve_services(second, portals).await?];
        let worker = program.serve_worker()?;
        Ok(Fleet { program, portals: of_portals, services: of_services, worker, portal: portals })
    }

    /// Restarts each.
    async fn restart_all(&mut self) -> Result<()> {
        let Fleet { program, portals, services, worker, portal } = self;
        for served in &mut *services {
            let addr = served.addr;
            stopped(served).await?;
            *served = program.serve_services(addr, *portal).await?;
            settle().await;
        }
        for served in &mut *portals {
            let addr = served.addr;
            stopped(served).await?;
            *served = program.serve_portal_at(addr).await?;
            settle().await;
        }
        stopped(worker).await?;
        *worker = program.serve_worker()?;
        Ok(())
    }

    async fn stop(self) -> Result<()> {
        let ([a, b], [c, d]) = (self.services, self.portals);
        for served in [self.worker, a, b, c, d] {
            served.stop().await?;
        }
        Ok(())
    }
}

async fn stopped(served: &mut Served) -> Result<()> {
    served.require_alive()?;
    served.signal(nix::sys::signal::Signal::SIGTERM)?;
    served.ended().await
}

/// Lets the proxy see that the process is back before the next one goes.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(500)).await;
}

/// People who look at pages.
struct People {
    shared: Rc<Shared>,
    running: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    stop: Cell<bool>,
    pages: Cell<u64>,
    unseen: RefCell<Vec<String>>,
}

impl People {
    async fn start(portal: SocketAddr, program: &Program) -> Result<People> {
        let (shared, mut running) = (Rc::new(Shared::default()), JoinSet::new());
        for _ in 0..PEOPLE {
            let visitor = Visitor::sign_in(portal, program).await?;
            running.spawn_local(look(Rc::clone(&shared), visitor));
        }
        Ok(People { shared, running })
    }

    /// How many pages came, and what came instead.
    async fn stop(mut self) -> Result<(u64, Vec<String>)> {
        self.shared.stop.set(true);
        while let Some(ended) = self.running.join_next().await {
            ended?;
        }
        Ok((self.shared.pages.get(), self.shared.unseen.take()))
    }
}

async fn look(shared: Rc<Shared>, mut visitor: Visitor) {
    for path in PAGES.iter().cycle() {
        if shared.stop.get() {
            return;
        }
        match visitor.get(path).await {
            Ok(reply) if reply.status == 200 => shared.pages.set(shared.pages.get() + 1),
            Ok(reply) => shared.unseen.borrow_mut().push(format!("{path}: {}", reply.status)),
            Err(error) => {
                shared.unseen.borrow_mut().push(format!("{path}: {error}"));
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
