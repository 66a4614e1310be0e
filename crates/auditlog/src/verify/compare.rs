//! Entries against the seals that cover them.

use std::cmp::Ordering;

use seal::{LeafRecord, merkle};

use super::findings::Finding;
use super::window::SealedRange;
use crate::leaves::Leaf;

/// A seal with its record of entries; `None` where that has not the form of one.
#[derive(Debug)]
pub(super) struct Sealed {
    pub range: SealedRange,
    pub records: Option<Vec<LeafRecord>>,
}

/// What is wrong with the entries of these seals. The leaves are in the order of seals.
pub(super) fn compare(sealed: &[Sealed], leaves: &[Leaf]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in sealed.iter().filter(|one| one.range.hash.is_some()) {
        let from = leaves.partition_point(|leaf| leaf.id <= one.range.after);
        let to = leaves.partition_point(|leaf| leaf.id <= one.range.through);
        compare_one(one, leaves.get(from..to).unwrap_or_default(), &mut findings);
    }
    findings
}

fn compare_one(sealed: &Sealed, leaves: &[Leaf], findings: &mut Vec<Finding>) {
    let SealedRange { number, root, entries, .. } = sealed.range;
    let records = sealed.records.as_deref().unwrap_or_default();
    let holds = i64::try_from(records.len()) == Ok(entries) && LeafRecord::root(records) == root;
    let same = |(leaf, record): (&Leaf, &LeafRecord)| leaf.id == record.id && leaf.hash == record.leaf;
    let alike = leaves.len() == records.len() && leaves.iter().zip(records).all(same);
    if holds && alike {
        return;
    }
    let sound = merkle::root(leaves.iter().map(|leaf| leaf.hash).collect()) == root;
    if !holds || sound {
        findings.push(Finding::RecordAltered { seal: number });
    }
    if sound && i64::try_from(leaves.len()) == Ok(entries) {
        return;
    }
    let before = findings.len();
    differ(number, records, leaves, findings);
    if findings.len() == before {
        findings.push(Finding::EntriesAltered { seal: number });
    }
}

/// Names the entries in which the record of a seal and the table differ.
fn differ(seal: i64, records: &[LeafRecord], leaves: &[Leaf], findings: &mut Vec<Finding>) {
    let mut expected = records.to_vec();
    let mut found: Vec<LeafRecord> = leaves.iter().copied().map(LeafRecord::from).collect();
    expected.sort_unstable();
    found.sort_unstable();
    // What is in both is no finding; what is left of one id on both sides was altered.
    let (expected, found) = (without(&expected, &found), without(&found, &expected));
    let (mut expected, mut found) = (expected.iter().peekable(), found.iter().peekable());
    loop {
        let order = match (expected.peek(), found.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(expected), Some(found)) => expected.id.cmp(&found.id),
        };
        let gone = if order.is_le() { expected.next() } else { None };
        let come = if order.is_ge() { found.next() } else { None };
        findings.extend(match (gone, come) {
            (Some(record), Some(_)) => Some(Finding::EntryAltered { id: record.id, seal }),
            (Some(record), None) => Some(Finding::EntryRemoved { id: record.id, seal }),
            (None, Some(record)) => Some(Finding::EntryInserted { id: record.id, seal: Some(seal) }),
            (None, None) => None,
        });
    }
}

/// What one sorted list has beyond the other.
fn without(list: &[LeafRecord], other: &[LeafRecord]) -> Vec<LeafRecord> {
    let mut other = other.iter().peekable();
    let mut left = Vec::new();
    for record in list {
        while other.next_if(|there| *there < record).is_some() {}
        if other.next_if(|there| *there == record).is_none() {
            left.push(*record);
        }
    }
    left
}
