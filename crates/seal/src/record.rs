//! What a seal keeps of each entry, so that a verification can name the very entry that was changed.

use crate::hash::Hash;
use crate::merkle;

/// How many bytes a record has.
pub const RECORD_BYTES: usize = 40;

/// An entry's id and its leaf hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeafRecord {
    /// The entry's id.
    pub id: i64,
    /// The hash of its leaf.
    pub leaf: Hash,
}

impl LeafRecord {
    /// The records one after the other: of each 8 bytes for the id, the highest first, and 32 for the hash.
    pub fn encode(records: &[LeafRecord]) -> Vec<u8> {
        records.iter().flat_map(|record| record.id.to_be_bytes().into_iter().chain(record.leaf.0)).collect()
    }

    /// The records again; `None` when it is no whole number of them.
    pub fn decode(bytes: &[u8]) -> Option<Vec<LeafRecord>> {
        let (records, rest) = bytes.as_chunks::<RECORD_BYTES>();
        let decode = |record: &[u8; RECORD_BYTES]| {
            let (id, leaf) = record.split_first_chunk::<8>()?;
            Some(LeafRecord { id: i64::from_be_bytes(*id), leaf: Hash::from_bytes(leaf)? })
        };
        if rest.is_empty() { records.iter().map(decode).collect() } else { None }
    }

    /// The root of the Merkle tree over them.
    pub fn root(records: &[LeafRecord]) -> Hash {
        merkle::root(records.iter().map(|record| record.leaf).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were() {
        let records = [1, 256, -1, i64::MAX].map(|id| LeafRecord { id, leaf: Hash::of(&id.to_be_bytes()) });
        let bytes = LeafRecord::encode(&records);
        assert_eq!(bytes.len(), records.len() * RECORD_BYTES);
        assert_eq!(LeafRecord::decode(&bytes).as_deref(), Some(records.as_slice()));
        assert_eq!(LeafRecord::decode(&bytes[1..]), None);
        assert_eq!(LeafRecord::decode(b""), Some(Vec::new()));
    }
}
