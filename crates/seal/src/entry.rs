//! An audit entry, and the one text of it that is hashed.

use std::net::IpAddr;

use crate::hash::Hash;
use crate::json::{canonicalise, quote};
use crate::merkle;
use crate::time::Time;

/// An audit entry as the table has it. Whatever a column may hold after somebody altered the table, null too, has a
/// form of its own.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its id.
    pub id: i64,
    /// When.
    pub at: Option<Time>,
    /// The id of the user or program.
    pub actor_user_id: Option<&'a str>,
    /// Its name.
    pub actor: Option<&'a str>,
    /// What was done.
    pub action: Option<&'a str>,
    /// To what kind of entity.
    pub entity_type: Option<&'a str>,
    /// To which.
    pub entity_id: Option<&'a str>,
    /// The branch that it belongs to.
    pub branch_id: Option<i64>,
    /// The address it came from, and the bits of its network where it names a network.
    pub ip: Option<(IpAddr, u8)>,
    /// The request's id.
    pub request_id: Option<&'a str>,
    /// What changed: JSON as PostgreSQL prints it.
    pub details: Option<&'a str>,
}

impl Entry<'_> {
    /// The text that is hashed: a JSON object of every column, sorted by name, without white space. The details are in
    /// it as JSON of the same form, with every digit of their numbers.
    pub fn canonical(&self) -> String {
        let mut out = Vec::with_capacity(512);
        self.write(&mut out);
        // Made of text alone.
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The leaf of this entry in a seal's Merkle tree. `scratch` saves an allocation for each entry.
    pub fn leaf(&self, scratch: &mut Vec<u8>) -> Hash {
        scratch.clear();
        self.write(scratch);
        merkle::leaf(scratch)
    }

    fn write(&self, out: &mut Vec<u8>) {
        let text = |name: &str, value: Option<&str>, out: &mut Vec<u8>| {
            out.extend_from_slice(name.as_bytes());
            match value {
                Some(value) => quote(value, out),
                None => out.extend_from_slice(b"null"),
            }
        };
        let number = |name: &str, value: Option<i64>, out: &mut Vec<u8>| {
            out.extend_from_slice(name.as_bytes());
            match value {
                Some(value) => out.extend_from_slice(value.to_string().as_bytes()),
                None => out.extend_from_slice(b"null"),
            }
        };
        text("{\"action\":", self.action, out);
        text(",\"actor\":", self.actor, out);
        text(",\"actor_user_id\":", self.actor_user_id, out);
        text(",\"at\":", self.at.map(|at| at.to_string()).as_deref(), out);
        number(",\"branch_id\":", self.branch_id, out);
        out.extend_from_slice(b",\"details\":");
        match self.details {
            Some(details) => canonicalise(details, out),
            // Not the null of JSON, which `details` may hold.
            None => out.extend_from_slice(b"\"\\u0000null\""),
        }
        text(",\"entity_id\":", self.entity_id, out);
        text(",\"entity_type\":", self.entity_type, out);
        number(",\"id\":", Some(self.id), out);
        text(",\"ip\":", self.ip.map(address).as_deref(), out);
        text(",\"request_id\":", self.request_id, out);
        out.push(b'}');
    }
}

/// The address, with its network's bits where it is not one address alone.
fn address((ip, bits): (IpAddr, u8)) -> String {
    let all = if ip.is_ipv4() { 32 } else { 128 };
    if bits == all { ip.to_string() } else { format!("{ip}/{bits}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Entry<'_> = Entry {
        id: 7,
        at: Some(Time(0)),
        actor_user_id: None,
        actor: Some("Mia \"M\""),
        action: Some("order.fulfilled"),
        entity_type: Some("order"),
        entity_id: Some("12"),
        branch_id: Some(3),
        ip: Some((IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 32)),
        request_id: Some("till-7"),
        details: Some(r#"{"to": "fulfilled", "from": "submitted", "quantity": 1.500}"#),
    };

    #[test]
    fn an_entry_has_one_text() {
        assert_eq!(
            ENTRY.canonical(),
            concat!(
                r#"{"action":"order.fulfilled","actor":"Mia \"M\"","actor_user_id":null,"#,
                r#""at":"2000-01-01T00:00:00.000000Z","branch_id":3,"#,
                r#""details":{"from":"submitted","quantity":1.500,"to":"fulfilled"},"#,
                r#""entity_id":"12","entity_type":"order","id":7,"ip":"127.0.0.1","request_id":"till-7"}"#
            )
        );
        assert_eq!(ENTRY.leaf(&mut Vec::new()), Hash::of_all(&[&[0], ENTRY.canonical().as_bytes()]));
    }

    #[test]
    fn no_two_entries_have_the_same_text() {
        let others = [
            Entry { id: 8, ..ENTRY },
            Entry { at: Some(Time(1)), ..ENTRY },
            Entry { at: None, ..ENTRY },
            Entry { actor_user_id: Some(""), ..ENTRY },
            Entry { actor_user_id: Some("null"), ..ENTRY },
            Entry { actor: None, ..ENTRY },
            Entry { actor: Some("Mia \"M\"\",\"actor_user_id\":null"), ..ENTRY },
            Entry { branch_id: None, ..ENTRY },
            Entry { ip: ENTRY.ip.map(|(ip, _)| (ip, 8)), ..ENTRY },
            Entry { ip: None, ..ENTRY },
            Entry { request_id: None, ..ENTRY },
            Entry { details: None, ..ENTRY },
            Entry { details: Some("null"), ..ENTRY },
            Entry { details: Some(r#"{"to": "fulfilled", "from": "submitted", "quantity": 1.5}"#), ..ENTRY },
        ];
        let mut texts: Vec<String> = others.iter().map(Entry::canonical).collect();
        texts.push(ENTRY.canonical());
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), others.len() + 1);
        assert_eq!(
            Entry { actor: Some("x"), ..ENTRY }.canonical(),
            Entry { actor: Some("x"), ..ENTRY }.canonical()
        );
    }
}
