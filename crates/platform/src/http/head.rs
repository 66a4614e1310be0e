//! Heads that others on the way may read otherwise than this program does.

use axum::http::{HeaderMap, Request, Version, header};

/// What is wrong with a request's head, and the fix; nothing when it can be read in one way alone.
pub(crate) fn fault<B>(request: &Request<B>) -> Option<&'static str> {
    let headers = request.headers();
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() == Version::HTTP_10 => {}
        (Some(host), None) if is_host(host.as_bytes()) => {}
        _ => return Some("Send the header Host once, with a host and maybe a port."),
    }
    if headers.contains_key(header::TRANSFER_ENCODING) && !is_chunked(headers) {
        return Some("Send the header Transfer-Encoding once and as chunked, or leave it out.");
    }
    None
}

fn is_chunked(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::TRANSFER_ENCODING).iter();
    let first = values.next().is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"chunked"));
    first && values.next().is_none()
}

/// Whether it has the letters of a host, as RFC 3986 has them, and of a port.
fn is_host(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=[]:".contains(byte);
    !text.is_empty() && text.len() <= 300 && text.iter().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(version: Version, headers: &[(&'static str, &'static str)]) -> bool {
        let mut request = Request::builder().version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        fault(&request.body(()).unwrap()).is_some()
    }

    #[test]
    fn a_host_comes_once_and_is_one() {
        let new = Version::HTTP_11;
        for host in ["shop.example", "shop.example:8000", "[2001:db8::1]:8000", "127.0.0.1", "my_shop"] {
            assert!(!fault_of(new, &[("host", host)]), "{host}");
        }
        for host in ["", " ", "a b", "user@shop.example", "shop.example/path", "shop?x", "a\tb"] {
            assert!(fault_of(new, &[("host", host)]), "{host:?}");
        }
        assert!(fault_of(new, &[]));
        assert!(fault_of(new, &[("host", "a"), ("host", "a")]));
        assert!(!fault_of(Version::HTTP_10, &[]));
        assert!(fault_of(Version::HTTP_10, &[("host", "a"), ("host", "b")]));
    }

    #[test]
    fn a_transfer_is_chunked_or_not_encoded_at_all() {
        let fault = |values: &[&'static str]| {
            let mut headers = vec![("host", "a")];
            headers.extend(values.iter().map(|value| ("transfer-encoding", *value)));
            fault_of(Version::HTTP_11, &headers)
        };
        assert!(!fault(&[]) && !fault(&["chunked"]) && !fault(&["Chunked"]));
        for values in [&["identity"][..], &["identity, chunked"], &["gzip, chunked"], &["chunked", "chunked"]]
        {
            assert!(fault(values), "{values:?}");
        }
        assert!(fault(&["identity", "chunked"]));
    }
}
