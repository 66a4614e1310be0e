//! Where a request comes from: the address behind the proxies that the operator names, and whether TLS brought it.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Who sent a request, in its extensions. The server puts it there; audit, throttling and headers go by it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The client's address; an IPv4 address in IPv6 clothes is shown as IPv4.
    pub ip: IpAddr,
    /// Whether the client speaks TLS: to this program, or to a proxy that is trusted to say so.
    pub https: bool,
}

/// The networks whose word about clients is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// These networks.
    pub fn new(networks: Vec<IpNet>) -> TrustedProxies {
        TrustedProxies(networks)
    }

    /// The networks.
    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }

    /// Whether that is a trusted proxy's address.
    pub fn trusts(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// Who sent a request that came from `peer` with these headers.
    ///
    /// `X-Forwarded-For` is read from the right, where the nearest proxy writes: each address is believed as long as
    /// the one who wrote it is trusted. The first that is not a trusted proxy is the client. What a client writes into
    /// the header itself stands further left and is never reached.
    pub fn client(&self, peer: IpAddr, tls: bool, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        if self.0.is_empty() || !self.trusts(peer) {
            return Client { ip: peer, https: tls };
        }
        let mut ip = peer;
        let values: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let hops = values.iter().rev().flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops {
            // Whoever stands left of a word that is no address cannot be vouched for.
            let Some(before) = address(hop) else { break };
            ip = before;
            if !self.trusts(ip) {
                break;
            }
        }
        // The nearest proxy writes last.
        let proto = headers.get_all(FORWARDED_PROTO).iter().next_back();
        let proto = proto.and_then(|value| value.as_bytes().rsplit(|byte| *byte == b',').next());
        let https = proto.is_some_and(|proto| proto.trim_ascii().eq_ignore_ascii_case(b"https"));
        Client { ip, https: tls || https }
    }
}

/// An address, with or without a port as some proxies write it.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?;
    Some(IpAddr::to_canonical(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &[&str]) -> TrustedProxies {
        TrustedProxies::new(networks.iter().map(|network| network.parse().unwrap()).collect())
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn ip(trusted: &[&str], peer: &str, forwarded_for: &[&'static str]) -> String {
        let lines: Vec<_> = forwarded_for.iter().map(|value| ("x-forwarded-for", *value)).collect();
        proxies(trusted).client(peer.parse().unwrap(), false, &headers(&lines)).ip.to_string()
    }

    #[test]
    fn what_an_untrusted_peer_says_of_itself_is_ignored() {
        assert_eq!(ip(&[], "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(ip(&["10.0.0.0/8"], "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        let spoofed = headers(&[("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "https")]);
        let client = proxies(&["10.0.0.0/8"]).client("203.0.113.9".parse().unwrap(), false, &spoofed);
        assert_eq!(client, Client { ip: "203.0.113.9".parse().unwrap(), https: false });
    }

    #[test]
    fn a_chain_of_proxies_is_followed_from_the_right_as_far_as_it_is_trusted() {
        let trusted = ["10.0.0.0/8", "192.0.2.7/32"];
        assert_eq!(ip(&trusted, "10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(ip(&trusted, "10.0.0.1", &["203.0.113.9, 192.0.2.7"]), "203.0.113.9");
        assert_eq!(ip(&trusted, "10.0.0.1", &["203.0.113.9", "192.0.2.7"]), "203.0.113.9");
        // A client that writes the header itself: the proxy adds the true address to the right of it.
        assert_eq!(ip(&trusted, "10.0.0.1", &["198.51.100.1, 203.0.113.9, 192.0.2.7"]), "203.0.113.9");
        assert_eq!(ip(&trusted, "10.0.0.1", &["10.9.9.9, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(ip(&trusted, "10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(ip(&trusted, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn addresses_of_both_families_are_read_with_and_without_ports() {
        let trusted = ["::1/128", "10.0.0.0/8", "2001:db8:1::/48"];
        assert_eq!(ip(&trusted, "::1", &["2001:db8::9, 2001:db8:1::2"]), "2001:db8::9");
        assert_eq!(ip(&trusted, "::1", &["[2001:db8::9]:4711"]), "2001:db8::9");
        assert_eq!(ip(&trusted, "::1", &["[2001:db8::9]"]), "2001:db8::9");
        assert_eq!(ip(&trusted, "::1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(ip(&trusted, "::ffff:10.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn a_header_that_cannot_be_read_is_followed_no_further() {
        let trusted = ["10.0.0.0/8"];
        for malformed in ["", "unknown", "203.0.113.9, ", "203.0.113.9;10.0.0.2", "203.0.113.9, 10.0.0", ","]
        {
            assert_eq!(ip(&trusted, "10.0.0.1", &[malformed]), "10.0.0.1", "{malformed:?}");
        }
        assert_eq!(ip(&trusted, "10.0.0.1", &["203.0.113.9, junk, 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn tls_is_believed_of_a_trusted_proxy_alone() {
        let trusted = proxies(&["10.0.0.0/8"]);
        let https = |peer: &str, value| {
            let headers = headers(&[("x-forwarded-proto", value)]);
            trusted.client(peer.parse().unwrap(), false, &headers).https
        };
        assert!(https("10.0.0.1", "https"));
        assert!(!https("10.0.0.1", "http"));
        assert!(!https("10.0.0.1", "https, http"), "the nearest proxy writes last");
        assert!(!https("203.0.113.9", "https"));
        assert!(trusted.client("203.0.113.9".parse().unwrap(), true, &HeaderMap::new()).https);
    }
}
