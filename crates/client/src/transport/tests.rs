use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// What the fake services do with one request.
#[derive(Clone, Copy)]
enum Does {
    Answers(&'static str, &'static str),
    HangsUp,
    SaysNothing,
}

/// Services that do one thing after the other, the last one for ever, and keep what they were asked.
struct Fake {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    async fn start(deeds: &'static [Does]) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let requests = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut held = Vec::new();
            for count in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 8192];
                let length = stream.read(&mut request).await.unwrap();
                requests.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
                match deeds[deeds.len().min(count + 1) - 1] {
                    Does::HangsUp => {}
                    Does::SaysNothing => held.push(stream),
                    Does::Answers(status, body) => {
                        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
                        let answer = format!("{head}Connection: close\r\n\r\n{body}");
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                }
            }
        });
        Fake { url, asked }
    }

    fn transport(&self) -> Transport {
        let patience = Patience { per_try: Duration::from_millis(200), in_all: Duration::from_millis(600) };
        Transport::new(&self.url, patience, None).unwrap()
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

async fn get(transport: &Transport) -> Result<Vec<i64>, ClientError> {
    let call = Call { token: "a.b.c", request_id: Some("r-1"), traceparent: Some("00-ab-cd-01") };
    transport.get(call, "/v1/numbers", &[("limit", 3)]).await
}

const GOOD: Does = Does::Answers("200 OK", "[1,2,3]");

#[tokio::test]
async fn a_call_carries_the_token_the_request_id_and_the_trace() {
    let fake = Fake::start(&[GOOD]).await;
    assert_eq!(get(&fake.transport()).await.unwrap(), [1, 2, 3]);
    let request = fake.asked.lock().unwrap()[0].to_lowercase();
    for part in [
        "get /v1/numbers?limit=3 http/1.1",
        "authorization: bearer a.b.c",
        "x-request-id: r-1",
        "traceparent: 00-ab-cd-01",
    ] {
        assert!(request.contains(part), "{part} in {request}");
    }
}

#[tokio::test]
async fn a_read_without_an_answer_is_tried_once_more() {
    for deeds in [
        &[Does::HangsUp, GOOD] as &'static [Does],
        &[Does::SaysNothing, GOOD],
        &[Does::Answers("503 Busy", "{}"), GOOD],
    ] {
        let fake = Fake::start(deeds).await;
        assert_eq!(get(&fake.transport()).await.unwrap(), [1, 2, 3]);
        assert_eq!(fake.asked(), 2);
    }
}

#[tokio::test]
async fn two_tries_are_all_there_are() {
    let fake = Fake::start(&[Does::Answers("502 Bad", "")]).await;
    assert!(matches!(get(&fake.transport()).await, Err(ClientError::Unwell { status: 502, .. })));
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let fake = Fake::start(&[Does::SaysNothing]).await;
    let start = Instant::now();
    let error = get(&fake.transport()).await.unwrap_err();
    assert!(error.is_away(), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_refusal_is_not_tried_again_and_keeps_what_was_said() {
    let body =
        r#"{"type":"/problems/unauthorized","title":"A valid token is needed","status":401,"detail":"Go."}"#;
    let deeds: &'static [Does] = Vec::leak(vec![Does::Answers("401 No", body)]);
    let fake = Fake::start(deeds).await;
    let error = get(&fake.transport()).await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_away());
    assert!(matches!(error, ClientError::Refused { problem: Some(problem), .. } if problem.detail == "Go."));
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn an_answer_that_is_not_the_contracts_is_an_error() {
    let fake = Fake::start(&[Does::Answers("200 OK", r#"{"a": 1}"#), Does::Answers("302 Found", "")]).await;
    for _ in 0..2 {
        assert!(matches!(get(&fake.transport()).await, Err(ClientError::NotUnderstood(_))));
    }
}

#[tokio::test]
async fn when_nobody_answers_for_long_nobody_is_asked() {
    let fake = Fake::start(&[Does::HangsUp]).await;
    let transport = fake.transport();
    for _ in 0..5 {
        assert!(matches!(get(&transport).await, Err(ClientError::NoAnswer(_))));
    }
    assert!(matches!(get(&transport).await, Err(ClientError::Resting)));
    assert_eq!(fake.asked(), 10);
}

async fn change(transport: &Transport) -> Result<Vec<i64>, ClientError> {
    let call = Call { token: "a.b.c", request_id: None, traceparent: None };
    let key = Key::parse("key-1").unwrap();
    let change = Change::new(Method::PUT, "/v1/numbers", &key).if_match(Some("\"3\"")).body(&[1, 2])?;
    transport.change(call, change).await?.value()
}

#[tokio::test]
async fn a_change_carries_its_key_and_the_version_it_is_for_and_is_tried_again_under_them() {
    let fake = Fake::start(&[Does::HangsUp, GOOD]).await;
    assert_eq!(change(&fake.transport()).await.unwrap(), [1, 2, 3]);
    let asked = fake.asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    for request in asked.iter().map(|request| request.to_lowercase()) {
        for part in ["put /v1/numbers http", "idempotency-key: key-1", "if-match: \"3\"", "[1,2]"] {
            assert!(request.contains(part), "{part} in {request}");
        }
    }
}

#[tokio::test]
async fn of_a_change_that_was_sent_and_not_answered_the_outcome_is_unknown() {
    const UNKNOWN: &str = r#"{"type":"/problems/outcome-unknown","title":"","status":503,"detail":""}"#;
    const IN_FLIGHT: &str =
        r#"{"type":"/problems/idempotency-in-flight","title":"","status":409,"detail":""}"#;
    for deeds in [
        &[Does::HangsUp] as &'static [Does],
        &[Does::SaysNothing],
        &[Does::HangsUp, Does::Answers("503 Busy", "{}")],
        &[Does::HangsUp, Does::Answers("409 Conflict", IN_FLIGHT)],
        &[Does::Answers("503 Busy", UNKNOWN)],
        &[Does::Answers("503 Busy", "{}"), Does::HangsUp],
    ] {
        let fake = Fake::start(deeds).await;
        let error = change(&fake.transport()).await.unwrap_err();
        assert!(matches!(error, ClientError::OutcomeUnknown), "{error:?}");
    }
}

#[tokio::test]
async fn a_change_that_nobody_took_was_not_made() {
    let fake = Fake::start(&[Does::Answers("503 Busy", "{}")]).await;
    assert!(matches!(change(&fake.transport()).await, Err(ClientError::Unwell { status: 503, .. })));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let transport = Transport::new(&nobody, Patience::default(), None).unwrap();
    assert!(matches!(change(&transport).await, Err(ClientError::NoAnswer(_))));
}

#[test]
fn the_next_page_is_read_from_the_link() {
    let next = next_cursor("</v1/stock?limit=2&cursor=c7-a>; rel=\"next\"");
    assert_eq!(next, Some(Cursor { first: 7, second: 10 }));
    for link in ["</v1/stock?limit=2>; rel=\"next\"", "</v1/stock?cursor=c7-a>; rel=\"prev\"", "/v1"] {
        assert_eq!(next_cursor(link), None, "{link}");
    }
}
