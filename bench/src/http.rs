//! One keep-alive connection and what a client must know of HTTP/1.1 to load a server: no more, since the load shares
//! the cores with what it measures.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use contract::Problem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Headers of an answer that are looked at, at most.
const HEADERS: usize = 32;
/// How long an answer may take before the connection is given up.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A connection to the services. Where they have ended it, as they may after an answer that says so and when it was not
/// used for some time, the next request opens another.
#[derive(Debug)]
pub struct Connection {
    addr: SocketAddr,
    stream: TcpStream,
    /// Whether the last answer said that it ends.
    ends: bool,
    buffer: Vec<u8>,
    /// Where the last answer's body lies in the buffer.
    body: std::ops::Range<usize>,
}

/// The head of an answer.
#[derive(Debug, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Whether it says that it was given before.
    pub replayed: bool,
    /// Whether it says when to ask again.
    pub retry_after: bool,
    /// Whether the connection ends with it.
    ends: bool,
    /// The path of the next page.
    pub next: Option<String>,
    /// The cookies that it sets, as `name=value`.
    pub cookies: Vec<String>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(addr: SocketAddr) -> io::Result<Connection> {
        let (stream, buffer) = (connect(addr).await?, Vec::with_capacity(16 * 1_024));
        Ok(Connection { addr, stream, ends: false, buffer, body: 0..0 })
    }

    /// Asks for a path.
    ///
    /// # Errors
    /// When the connection breaks, or the answer does not come or is not understood.
    pub async fn get(&mut self, path: &str, token: Option<&str>) -> io::Result<Reply> {
        let auth = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{auth}\r\n")).await
    }

    /// Posts a JSON body, or none, under an Idempotency-Key, or none.
    ///
    /// # Errors
    /// As [`Connection::get`].
    pub async fn post(
        &mut self,
        path: &str,
        token: &str,
        key: Option<&str>,
        body: &str,
    ) -> io::Result<Reply> {
        self.exchange(&request("POST", path, token, key, body)).await
    }

    /// Sends a whole request, as [`request`] makes them, and waits for its answer.
    ///
    /// # Errors
    /// As [`Connection::get`].
    pub async fn exchange(&mut self, request: &str) -> io::Result<Reply> {
        let answer = async {
            if self.ends || self.has_ended() {
                self.stream = connect(self.addr).await?;
            }
            self.stream.write_all(request.as_bytes()).await?;
            let reply = self.receive().await?;
            self.ends = reply.ends;
            Ok(reply)
        };
        tokio::time::timeout(PATIENCE, answer).await?
    }

    /// The kind of problem that the last answer told of.
    pub fn problem(&self) -> Option<String> {
        serde_json::from_slice::<Problem>(self.body()).ok().map(|problem| problem.type_uri)
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        self.buffer.get(self.body.clone()).unwrap_or_default()
    }

    async fn receive(&mut self) -> io::Result<Reply> {
        self.buffer.clear();
        let (head, length, reply) = loop {
            self.more().await?;
            if let Some(parsed) = parse(&self.buffer)? {
                break parsed;
            }
        };
        self.body = head..head + length;
        while self.buffer.len() < self.body.end {
            self.more().await?;
        }
        Ok(reply)
    }

    /// Whether the other side has ended it. Between two answers nothing else can come.
    fn has_ended(&self) -> bool {
        !matches!(self.stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

async fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A request with a JSON body, or none, under an Idempotency-Key, or none.
pub fn request(method: &str, path: &str, token: &str, key: Option<&str>, body: &str) -> String {
    let key = key.map(|key| format!("idempotency-key: {key}\r\n")).unwrap_or_default();
    let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n{key}{kind}\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// The length of the head, the length of the body, and the head; nothing while the head is not complete.
fn parse(bytes: &[u8]) -> io::Result<Option<(usize, usize, Reply)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(bytes).map_err(io::Error::other)? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(head) => head,
    };
    let mut reply = Reply { status: response.code.unwrap_or(0), ..Reply::default() };
    let mut length = None;
    for header in response.headers {
        if header.name.eq_ignore_ascii_case("content-length") {
            length = std::str::from_utf8(header.value).ok().and_then(|text| text.parse().ok());
        } else if header.name.eq_ignore_ascii_case("idempotent-replayed") {
            reply.replayed = header.value == b"true";
        } else if header.name.eq_ignore_ascii_case("retry-after") {
            reply.retry_after = true;
        } else if header.name.eq_ignore_ascii_case("connection") {
            reply.ends = header.value.eq_ignore_ascii_case(b"close");
        } else if header.name.eq_ignore_ascii_case("link") {
            reply.next = std::str::from_utf8(header.value).ok().and_then(next_page);
        } else if header.name.eq_ignore_ascii_case("set-cookie") {
            reply.cookies.extend(std::str::from_utf8(header.value).ok().and_then(cookie));
        }
    }
    let length = length.ok_or_else(|| io::Error::other("an answer without content-length"))?;
    Ok(Some((head, length, reply)))
}

/// The name and value of a cookie, without what is said about it.
fn cookie(set: &str) -> Option<String> {
    set.split(';').next().map(str::to_owned)
}

/// The path in `<path>; rel="next"`.
fn next_page(link: &str) -> Option<String> {
    let (path, rest) = link.strip_prefix('<')?.split_once('>')?;
    rest.contains("rel=\"next\"").then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nIdempotent-Replayed: true\r\n\
        Set-Cookie: a=b; HttpOnly\r\nConnection: close\r\n\
        Link: </v1/stock?limit=2&cursor=c1-2>; rel=\"next\"\r\n\r\n[]";

    #[test]
    fn an_answer_is_understood_once_its_head_is_complete() {
        let (head, length, reply) = parse(ANSWER).unwrap().unwrap();
        assert_eq!((ANSWER.len() - head, length, reply.status), (2, 2, 200));
        assert!(reply.replayed && reply.ends);
        assert_eq!(reply.cookies, ["a=b"]);
        assert_eq!(reply.next.as_deref(), Some("/v1/stock?limit=2&cursor=c1-2"));
        assert!(parse(&ANSWER[..60]).unwrap().is_none());
    }

    #[test]
    fn an_answer_of_unknown_length_is_an_error() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
