//! Orders read by id. Those that are asked for while another is being read are read by one statement, as commands are
//! posted by the batch: a busy system pays for one round trip and wakes the server once, an idle one reads at once.

use std::collections::HashMap;

use domain::OrderId;
use identity::BranchScope;
use platform::pg::{Database, Dedicated, PgError};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::error::Error;
use crate::scope::ids_of;
use crate::store::orders::{self as store, LineRow, OrderRow};
use crate::thread;

/// How many orders one statement reads at most.
const BATCH: usize = 128;

/// Statements are planned once, for however many orders.
const SETTINGS: &[(&str, &str)] = &[("plan_cache_mode", "force_generic_plan")];

/// An order with its lines.
type Order = (OrderRow, Vec<LineRow>);

/// Reads orders by id.
#[derive(Debug)]
pub(crate) struct OrderReader {
    database: Database,
    /// Held by who reads for itself.
    alone: Semaphore,
    queue: mpsc::Sender<Ask>,
}

#[derive(Debug)]
struct Ask {
    order: OrderId,
    /// What its asker sees: an order elsewhere is not there.
    scope: BranchScope,
    answer: oneshot::Sender<Result<Option<Order>, Error>>,
}

impl OrderReader {
    /// Starts the reader's thread, which connects when it is first asked and ends when nobody can ask any more. At
    /// most `queue` may wait for it.
    pub(crate) fn start(database: &Database, queue: usize) -> OrderReader {
        let (sender, queue) = mpsc::channel(queue.max(1));
        thread::spawn(run(database.clone(), queue));
        OrderReader { database: database.clone(), alone: Semaphore::new(1), queue: sender }
    }

    /// One order with its lines, within `scope`.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait, [`Error::Unavailable`] when the database is away.
    pub(crate) async fn get(&self, order: OrderId, scope: &BranchScope) -> Result<Option<Order>, Error> {
        if let Ok(_alone) = self.alone.try_acquire() {
            let visible = ids_of(scope);
            return Ok(store::get(&*self.database.get().await?, order, visible.as_deref()).await?);
        }
        let (answer, found) = oneshot::channel();
        self.queue.try_send(Ask { order, scope: scope.clone(), answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::Unavailable,
        })?;
        found.await.unwrap_or(Err(Error::Unavailable))
    }
}

async fn run(database: Database, mut queue: mpsc::Receiver<Ask>) {
    let mut connection: Option<Dedicated> = None;
    let mut asks = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut asks, BATCH).await > 0 {
        let mut ids: Vec<i64> = asks.iter().map(|ask| ask.order.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let visible = visible_to_any(asks.iter().map(|ask| &ask.scope));
        match read(&database, &mut connection, &ids, visible.as_deref()).await {
            Ok(orders) => {
                for Ask { order, scope, answer } in asks.drain(..) {
                    let found = orders.get(&order).filter(|(row, _)| scope.contains(row.branch));
                    // Who went away does not hear it.
                    let _ = answer.send(Ok(found.cloned()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, orders = ids.len(), "orders could not be read");
                for Ask { answer, .. } in asks.drain(..) {
                    let defect = || Error::Internal("orders could not be read".into());
                    let _ = answer.send(Err(Error::of_trouble(&error).unwrap_or_else(defect)));
                }
            }
        }
    }
}

/// The ids of the branches that at least one of the scopes has; `None` where one has every branch.
fn visible_to_any<'a>(scopes: impl Iterator<Item = &'a BranchScope>) -> Option<Vec<i64>> {
    let mut any = Vec::new();
    for scope in scopes {
        any.extend(ids_of(scope)?);
    }
    any.sort_unstable();
    any.dedup();
    Some(any)
}

/// Reads the orders. A connection that had died while it was idle is replaced, once.
async fn read(
    database: &Database,
    connection: &mut Option<Dedicated>,
    ids: &[i64],
    visible: Option<&[i64]>,
) -> Result<HashMap<OrderId, Order>, PgError> {
    if let Some(kept) = connection.take()
        && !kept.is_closed()
    {
        match store::get_many(&kept, ids, visible).await {
            Ok(orders) => {
                kept.replan_as_tables_grow().await?;
                *connection = Some(kept);
                return Ok(orders);
            }
            Err(PgError::Unavailable(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let fresh = database.dedicated("services", SETTINGS).await?;
    let orders = store::get_many(&fresh, ids, visible).await?;
    *connection = Some(fresh);
    Ok(orders)
}
