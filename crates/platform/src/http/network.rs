//! Networks whose addresses count as one.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An IPv4 address, or a network of IPv6: a household or a shop has one IPv4 address, but at least 2^64 of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    first: IpAddr,
    /// The prefix of IPv6.
    prefix: u8,
}

impl Network {
    /// The IPv4 address, or the /64 of IPv6.
    pub fn of(ip: IpAddr) -> Network {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Network { first: IpAddr::V4(ip), prefix: 32 },
            IpAddr::V6(ip) => Network::of_v6(ip, 64),
        }
    }

    /// The larger networks that providers give to one customer: the /56 and the /48 of IPv6.
    pub fn around(ip: IpAddr) -> Vec<Network> {
        match ip.to_canonical() {
            IpAddr::V4(_) => Vec::new(),
            IpAddr::V6(ip) => vec![Network::of_v6(ip, 56), Network::of_v6(ip, 48)],
        }
    }

    /// How many bits of an address name the network.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// `prefix` is 1 to 127.
    fn of_v6(ip: Ipv6Addr, prefix: u8) -> Network {
        let first = Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (128 - u32::from(prefix))));
        Network { first: IpAddr::V6(first), prefix }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first {
            IpAddr::V4(ip) => ip.fmt(f),
            IpAddr::V6(ip) => write!(f, "{ip}/{}", self.prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let network = |ip: &str| Network::of(ip.parse().unwrap()).to_string();
        assert_eq!(network("203.0.113.9"), "203.0.113.9");
        assert_eq!(network("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }

    #[test]
    fn larger_networks_of_ipv6_are_known_and_none_of_ipv4() {
        let around = |ip: &str| Network::around(ip.parse().unwrap());
        let names: Vec<String> = around("2001:db8:1:23ff::1").iter().map(ToString::to_string).collect();
        assert_eq!(names, ["2001:db8:1:2300::/56", "2001:db8:1::/48"]);
        assert!(around("203.0.113.9").is_empty() && around("::ffff:203.0.113.9").is_empty());
    }
}
