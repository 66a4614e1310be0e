//! One client that sends a request and hangs up at some point.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use contract::ProblemKind;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http::{Connection, PATIENCE, request};
use crate::orders::{Orders, Shape};

/// The longest that a client waits before it hangs up on an answer.
const PAUSE_MICROS: u64 = 20_000;
/// Stock is set to this and more, so that no order falls short.
const STOCK: u64 = 50_000_000;
/// How much more every client sets it to than the one before: more than orders take in between. Otherwise a count may
/// find just what is there, and owe no movement.
const STEP: u64 = 10_000;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Draft an order.
    Create,
    /// Submit one.
    Submit,
    /// Fulfil one.
    Fulfil,
    /// Cancel one.
    Cancel,
    /// Set what is on hand.
    SetStock,
}

/// When the client hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// Within the head.
    InHead,
    /// After the head, before the body.
    AfterHead,
    /// Within the body.
    InBody,
    /// After the body, at once.
    AfterBody,
    /// After the body and a few milliseconds.
    Later,
    /// After the first bytes of the answer.
    InAnswer,
    /// After the whole answer.
    AfterAnswer,
}

impl Point {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Point::InHead => "within the head",
            Point::AfterHead => "after the head",
            Point::InBody => "within the body",
            Point::AfterBody => "right after the body",
            Point::Later => "some ms after the body",
            Point::InAnswer => "within the answer",
            Point::AfterAnswer => "after the answer",
        }
    }

    /// Whether the request was not sent whole, so that it must not have any effect.
    pub fn cuts(self) -> bool {
        matches!(self, Point::InHead | Point::AfterHead | Point::InBody)
    }
}

/// A client: what it asks, and how it goes away.
#[derive(Debug)]
pub struct HangUp {
    /// What it asks.
    pub ask: Ask,
    /// When it hangs up.
    pub point: Point,
    /// Whether it asks for the order of the client before, to meet it there.
    pub other: bool,
    /// Whether it sends the same request to the other process afterwards, under the same key.
    pub again: bool,
    /// What an order or movement that it makes is known by.
    pub mark: String,
    reset: bool,
    key: bool,
    random: ChaCha8Rng,
}

impl HangUp {
    /// The `n`th client of a run; the same one for the same seed.
    pub fn new(seed: u64, n: u32) -> HangUp {
        let mut random = ChaCha8Rng::seed_from_u64(seed.rotate_left(32) ^ u64::from(n));
        let ask = match random.random_range(0..5) {
            0 => Ask::Create,
            1 => Ask::Submit,
            2 => Ask::Cancel,
            3 => Ask::SetStock,
            _ => Ask::Fulfil,
        };
        let point = match random.random_range(0..8) {
            0 => Point::InHead,
            1 => Point::AfterHead,
            2 => Point::InBody,
            3 => Point::AfterBody,
            4 => Point::InAnswer,
            5 => Point::AfterAnswer,
            _ => Point::Later,
        };
        let other = !point.cuts() && random.random_ratio(1, 4);
        let (reset, key) = (random.random(), random.random());
        let again = key && !point.cuts() && ask != Ask::SetStock && random.random();
        HangUp { ask, point, other, again, mark: format!("hang-up {n}"), reset, key, random }
    }

    /// The request, for an order where it is about one.
    pub fn request(&mut self, n: u32, token: &str, order: i64) -> String {
        let (method, path, body) = match self.ask {
            Ask::Create => {
                let mut orders = Orders::new(Shape::Zipf, self.random.random());
                ("POST", "/v1/orders".to_owned(), orders.request(Some(self.mark.clone())))
            }
            Ask::Submit => ("POST", format!("/v1/orders/{order}/submit"), "{}".to_owned()),
            Ask::Cancel => ("POST", format!("/v1/orders/{order}/cancel"), "{}".to_owned()),
            Ask::Fulfil => {
                let body = "{\"override_negative\":false}".to_owned();
                ("POST", format!("/v1/orders/{order}/fulfill"), body)
            }
            Ask::SetStock => {
                let (branch, item) = (self.random.random_range(1..=2), self.random.random_range(1..=20));
                let (quantity, mark) = (STOCK + u64::from(n) * STEP, &self.mark);
                let body = format!(
                    "{{\"branch_id\":{branch},\"item_id\":{item},\"quantity\":{quantity},\"reason\":\"{mark}\"}}"
                );
                ("PUT", "/v1/stock".to_owned(), body)
            }
        };
        let key = (self.key && method == "POST").then(|| self.mark.replace(' ', "-"));
        request(method, &path, token, key.as_deref(), &body)
    }

    /// Connects, sends and hears the whole answer.
    ///
    /// # Errors
    /// When the connection breaks before.
    pub async fn hear(addr: SocketAddr, request: &str) -> io::Result<Heard> {
        let mut connection = Connection::open(addr).await?;
        let reply = connection.exchange(request).await?;
        Ok(Heard { status: reply.status, problem: connection.problem() })
    }

    /// Connects, sends and hangs up; gives the answer of a client that heard it to its end.
    ///
    /// # Errors
    /// When the connection breaks before.
    pub async fn perform(&mut self, addr: SocketAddr, request: &str) -> io::Result<Option<Heard>> {
        if self.point == Point::AfterAnswer {
            return HangUp::hear(addr, request).await.map(Some);
        }
        let mut stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let sent = self.sent(request);
        stream.write_all(request.as_bytes().get(..sent).unwrap_or_default()).await?;
        match self.point {
            Point::Later => {
                let pause = Duration::from_micros(self.random.random_range(0..PAUSE_MICROS));
                tokio::time::sleep(pause).await;
            }
            Point::InAnswer => {
                let mut bytes = [0; 40];
                if tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await?? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            _ => {}
        }
        if self.reset {
            // The connection ends with RST instead of FIN, and is forgotten at once.
            stream.set_zero_linger()?;
        }
        Ok(None)
    }

    /// How many bytes of the request are sent.
    fn sent(&mut self, request: &str) -> usize {
        let head = request.find("\r\n\r\n").map_or(request.len(), |end| end + 4);
        match self.point {
            Point::InHead => self.random.random_range(1..head),
            Point::AfterHead => head,
            Point::InBody => self.random.random_range(head + 1..request.len()),
            _ => request.len(),
        }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Heard {
    /// The HTTP status.
    pub status: u16,
    /// The kind of problem it tells of.
    pub problem: Option<String>,
}

impl Heard {
    /// Whether it tells of this problem.
    pub fn is(&self, kind: ProblemKind) -> bool {
        self.problem.as_deref() == Some(kind.type_uri())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_cut_their_request_never_send_it_whole_and_the_others_always_do() {
        for n in 0..2_000 {
            let mut client = HangUp::new(1, n);
            let request = client.request(n, "token", 7);
            let sent = client.sent(&request);
            assert_eq!(client.point.cuts(), sent < request.len(), "{client:?}");
            assert!(sent > 0 && !(client.other && client.point.cuts()), "{client:?}");
        }
    }
}
