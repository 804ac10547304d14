//! Which addresses may be connected to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses: an address and how many bits of it count, as in `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// A network that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no network: write it like 127.0.0.0/8, 192.168.1.5/32 or fd00::/8")]
pub struct InvalidNetwork(String);

impl FromStr for Network {
    type Err = InvalidNetwork;
    fn from_str(text: &str) -> Result<Network, InvalidNetwork> {
        let wrong = || InvalidNetwork(text.chars().take(80).collect());
        let (first, bits) = text.split_once('/').ok_or_else(wrong)?;
        let first: IpAddr = first.parse().map_err(|_| wrong())?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?;
        Ok(Network { first, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

impl Network {
    const fn v4(a: u8, b: u8, c: u8, bits: u8) -> Network {
        Network { first: IpAddr::V4(Ipv4Addr::new(a, b, c, 0)), bits }
    }

    const fn v6(a: u16, b: u16, bits: u8) -> Network {
        Network { first: IpAddr::V6(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)), bits }
    }

    /// Whether the address is in it.
    pub fn has(&self, address: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u32| {
            let shift = width - u32::from(self.bits);
            a.checked_shr(shift).unwrap_or(0) == b.checked_shr(shift).unwrap_or(0)
        };
        match (self.first, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

/// What is not the public internet of IPv4.
const NOT_PUBLIC_V4: [Network; 15] = [
    // "This network", which systems take for themselves.
    Network::v4(0, 0, 0, 8),
    // Private.
    Network::v4(10, 0, 0, 8),
    Network::v4(172, 16, 0, 12),
    Network::v4(192, 168, 0, 16),
    // Between a provider and its clients (CGNAT); some clouds have their metadata in it.
    Network::v4(100, 64, 0, 10),
    // Loopback.
    Network::v4(127, 0, 0, 8),
    // Link-local, with the metadata of clouds at 169.254.169.254.
    Network::v4(169, 254, 0, 16),
    // Protocol assignments, documentation, benchmarks, and what was a way to IPv6.
    Network::v4(192, 0, 0, 24),
    Network::v4(192, 0, 2, 24),
    Network::v4(192, 88, 99, 24),
    Network::v4(198, 18, 0, 15),
    Network::v4(198, 51, 100, 24),
    Network::v4(203, 0, 113, 24),
    // Multicast, and what is reserved from there on, broadcast among it.
    Network::v4(224, 0, 0, 4),
    Network::v4(240, 0, 0, 4),
];

/// The public internet of IPv6.
const PUBLIC_V6: Network = Network::v6(0x2000, 0, 3);

/// What is in there and is none of it: special assignments with Teredo, documentation twice, and 6to4.
/// What carries an IPv4 address inside could lead to any.
const NOT_PUBLIC_V6: [Network; 4] = [
    Network::v6(0x2001, 0, 23),
    Network::v6(0x2001, 0xdb8, 32),
    Network::v6(0x2002, 0, 16),
    Network::v6(0x3fff, 0, 20),
];

/// Whether an address is one of the public internet. IPv4 inside of IPv6 (mapped, NAT64) is not, whatever
/// it is: systems have other addresses for the same.
fn is_public(address: IpAddr) -> bool {
    let networks: &[Network] = match address {
        IpAddr::V4(_) => &NOT_PUBLIC_V4,
        IpAddr::V6(_) if !PUBLIC_V6.has(address) => return false,
        IpAddr::V6(_) => &NOT_PUBLIC_V6,
    };
    !networks.iter().any(|network| network.has(address))
}

/// Whether the host connects to this address: a public one, or one that the operator has named.
pub(crate) fn may_reach(address: IpAddr, allowed: &[Network]) -> bool {
    is_public(address) || allowed.iter().any(|network| network.has(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().unwrap())
    }

    #[test]
    fn public_addresses_are_reached() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.0.0.1",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "192.169.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn what_is_not_the_public_internet_is_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:1.1.1.1",
            "::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "fd00:ec2::254",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn an_operator_names_networks_beside_them() {
        let allowed = ["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let may = |address: &str| may_reach(address.parse().unwrap(), &allowed);
        assert!(may("127.9.9.9") && may("fdff::1") && may("1.1.1.1"));
        assert!(!may("128.0.0.1".replace("128", "10").as_str()) && !may("::1") && !may("fc00::1"));
        assert!(!may("::ffff:127.0.0.1"));
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.has("255.1.2.3".parse().unwrap()) && !all.has("::1".parse().unwrap()));
    }

    #[test]
    fn a_network_is_an_address_and_a_number_of_bits() {
        for bad in ["", "127.0.0.1", "127.0.0.0/33", "::/129", "x/8", "1.1.1.1/-1", "1.1.1.1/"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        assert_eq!("::/0".parse::<Network>().unwrap().to_string(), "::/0");
    }
}
