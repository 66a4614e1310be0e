//! What clients ask for: drafts of orders and their fulfilment, in turn.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use contract::{Problem, ProblemKind};

use crate::http::{Connection, Reply, request};
use crate::orders::{Orders, Shape};

/// Orders that are drafted and fulfilled.
pub struct Work {
    orders: RefCell<Orders>,
    /// Drafts that nobody has fulfilled.
    drafts: RefCell<VecDeque<i64>>,
    turn: Cell<bool>,
    /// What everything is asked with.
    pub token: String,
}

/// One request.
pub struct Ask {
    /// The request as it is sent.
    pub text: String,
    /// The draft that it is to fulfil; none where it drafts one.
    draft: Option<i64>,
}

/// What became of a request.
pub enum Became {
    /// It was carried out.
    Done,
    /// It was refused for now, with the words of the refusal.
    Refused(String),
    /// Something else, in words.
    Other(String),
}

impl Work {
    /// Orders of all branches and items.
    pub fn new(token: String, seed: u64) -> Work {
        let orders = RefCell::new(Orders::new(Shape::Spread, seed));
        Work { orders, drafts: RefCell::default(), turn: Cell::default(), token }
    }

    /// The next request: to fulfil a draft and to make one, in turn.
    pub fn next(&self) -> Ask {
        self.turn.set(!self.turn.get());
        let draft = if self.turn.get() { self.drafts.borrow_mut().pop_front() } else { None };
        let text = match draft {
            Some(id) => request("POST", &format!("/v1/orders/{id}/fulfill"), &self.token, None, ""),
            None => self.draft(),
        };
        Ask { text, draft }
    }

    /// A request that drafts an order.
    pub fn draft(&self) -> String {
        let body = self.orders.borrow_mut().request(None);
        request("POST", "/v1/orders", &self.token, None, &body)
    }

    /// Takes note of an answer.
    pub fn heard(&self, ask: &Ask, reply: &Reply, connection: &Connection) -> Became {
        match (reply.status, ask.draft) {
            (201, None) => match id(connection.body()) {
                Some(id) => {
                    self.drafts.borrow_mut().push_back(id);
                    Became::Done
                }
                None => Became::Other("an order without an id".to_owned()),
            },
            (200, Some(_)) => Became::Done,
            _ => {
                // Where it is not known what became of it, the draft is no other's to fulfil.
                let unknown = ProblemKind::OutcomeUnknown.type_uri();
                if connection.problem().is_none_or(|kind| kind != unknown) {
                    self.drafts.borrow_mut().extend(ask.draft);
                }
                refusal(reply, connection)
            }
        }
    }
}

/// An answer that is no success. Only 503 and 429 that say what is the matter, and when to ask again, are refusals.
pub fn refusal(reply: &Reply, connection: &Connection) -> Became {
    let problem = serde_json::from_slice::<Problem>(connection.body());
    let told = problem.map_or_else(|_| "no problem".to_owned(), |problem| problem.detail);
    match reply.status {
        503 | 429 if reply.retry_after => Became::Refused(told),
        status => Became::Other(format!("{status}: {told}")),
    }
}

/// The id that an order begins with.
fn id(body: &[u8]) -> Option<i64> {
    let digits = body.strip_prefix(b"{\"id\":")?.split(|byte| !byte.is_ascii_digit()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
