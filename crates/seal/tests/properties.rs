//! What must hold of every tree, path, chain and file.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use proptest::collection::vec;
use proptest::prelude::*;
use seal::{Chain, Checker, Entry, Hash, LeafRecord, Line, PublicKey, Seal, SealFault, SealingKey, Signed};
use seal::{Statement, Time, merkle};

/// The definition of RFC 9162, section 2.1.1, word by word.
fn defined(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(b""),
        [one] => *one,
        more => {
            let (left, right) = more.split_at((more.len().next_power_of_two()) / 2);
            merkle::node(&defined(left), &defined(right))
        }
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|n| merkle::leaf(&n.to_be_bytes())).collect()
}

#[test]
fn trees_are_those_of_the_rfc() {
    // The test vectors of the certificate-transparency project: roots of 1, 2, 3 … leaves.
    let inputs =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let bytes = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let hashes: Vec<Hash> = inputs.iter().map(|text| merkle::leaf(&bytes(text))).collect();
    for (n, root) in roots.iter().enumerate() {
        assert_eq!(merkle::root(hashes[..=n].to_vec()).to_string(), *root, "{n}");
    }
}

#[test]
fn every_leaf_of_every_size_has_a_path_and_no_other_place_has_it() {
    for count in 1..70 {
        let leaves = leaves(count);
        let tree = merkle::Tree::new(leaves.clone());
        assert_eq!(tree.root(), defined(&leaves), "{count}");
        for (index, leaf) in leaves.iter().enumerate() {
            let path = tree.path(index);
            for place in 0..count + 2 {
                let led = merkle::root_by_path(*leaf, place as u64, count as u64, &path);
                assert_eq!(led == Some(tree.root()), place == index, "{count} {index} {place}");
            }
        }
        assert!(tree.path(count + 1).is_empty() || count > 1);
    }
}

proptest! {
    #[test]
    fn a_path_proves_nothing_else(count in 1_usize..300, index in any::<prop::sample::Index>(), spoil in 0..4) {
        let leaves = leaves(count);
        let tree = merkle::Tree::new(leaves.clone());
        let index = index.index(count);
        let mut path = tree.path(index);
        let mut leaf = leaves[index];
        match spoil {
            0 => leaf = merkle::leaf(b"another"),
            1 => path.push(leaf),
            2 if !path.is_empty() => { path.pop(); }
            _ if !path.is_empty() => path[0] = merkle::leaf(b"beside"),
            _ => leaf = Hash::NONE,
        }
        prop_assert_ne!(merkle::root_by_path(leaf, index as u64, count as u64, &path), Some(tree.root()));
    }

    #[test]
    fn a_leaf_cannot_pass_for_a_node(left in any::<[u8; 32]>(), right in any::<[u8; 32]>()) {
        let joined = [left, right].concat();
        prop_assert_ne!(merkle::leaf(&joined), merkle::node(&Hash(left), &Hash(right)));
    }

    #[test]
    fn texts_of_entries_are_json_and_tell_apart_what_differs(
        one in (any::<String>(), any::<Option<String>>(), any::<i64>(), any::<i64>()),
        other in (any::<String>(), any::<Option<String>>(), any::<i64>(), any::<i64>()),
    ) {
        let entry = |(actor, request, id, at): &(String, Option<String>, i64, i64)| -> String {
            Entry {
                id: *id, at: Some(Time(*at)), actor_user_id: None, actor: Some(actor), action: Some("a.b"),
                entity_type: Some("a"), entity_id: Some("1"), branch_id: None, ip: None,
                request_id: request.as_deref(), details: Some("{}"),
            }.canonical()
        };
        let value: serde_json::Value = serde_json::from_str(&entry(&one)).unwrap();
        prop_assert_eq!(value["actor"].as_str(), Some(one.0.as_str()));
        prop_assert_eq!(value["request_id"].as_str(), one.1.as_deref());
        // A JSON library that sorts members and writes no spaces makes the same text.
        prop_assert_eq!(value.to_string(), entry(&one));
        prop_assert_eq!(entry(&one) == entry(&other), one == other);
    }

    #[test]
    fn details_have_one_form_however_they_are_printed(value in json()) {
        let entry = |details: &str| Entry {
            id: 1, at: None, actor_user_id: None, actor: None, action: None, entity_type: None, entity_id: None,
            branch_id: None, ip: None, request_id: None, details: Some(details),
        }.canonical();
        let (compact, pretty) = (value.to_string(), format!("{value:#}"));
        prop_assert_eq!(entry(&compact), entry(&pretty));
        let whole: serde_json::Value = serde_json::from_str(&entry(&pretty)).unwrap();
        prop_assert_eq!(&whole["details"], &value);
    }

    #[test]
    fn any_change_of_a_seal_is_found(spoil in 0..9, at in 1_usize..5) {
        let (keys, mut seals) = chain(6);
        let original = seals[at].clone();
        {
            let seal = &mut seals[at].statement;
            match spoil {
                0 => seal.number += 1,
                1 => seal.after += 1,
                2 => seal.through += 1,
                3 => seal.entries += 1,
                4 => seal.root = Hash::NONE,
                5 => seal.previous = Hash::NONE,
                6 => seal.at = Time(seal.at.0 + 1),
                7 => seal.key = "another".to_owned(),
                _ => seal.log = "portal".to_owned(),
            }
        }
        prop_assert_ne!(&seals[at], &original);
        prop_assert!(!faults(&keys, &seals).is_empty());
        seals[at] = original;
        prop_assert_eq!(faults(&keys, &seals), Vec::new());
        seals.remove(at);
        prop_assert!(!faults(&keys, &seals).is_empty());
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Into::into),
            vec((any::<String>(), inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A chain of seals over one entry each, and the key that signed it.
fn chain(count: i64) -> ([PublicKey; 1], Vec<Signed<Seal>>) {
    let key = SealingKey::generate().unwrap();
    let mut previous = Hash::NONE;
    let seals = (1..=count).map(|number| {
        let seal = Seal {
            log: "services".to_owned(),
            number,
            after: number - 1,
            through: number,
            entries: 1,
            root: merkle::leaf(text(number).as_bytes()),
            previous,
            at: Time(number),
            key: key.public().id(),
        };
        previous = seal.hash();
        Signed::sign(seal, &key)
    });
    (([*key.public()]), seals.collect())
}

fn text(id: i64) -> String {
    format!("{{\"id\":{id}}}")
}

fn faults(keys: &[PublicKey], seals: &[Signed<Seal>]) -> Vec<SealFault> {
    let mut chain = Chain::from_the_start("services", keys);
    seals.iter().flat_map(|seal| chain.follow(seal)).collect()
}

#[test]
fn a_chain_names_what_is_wrong_and_blames_no_other_seal() {
    let (keys, seals) = chain(5);
    let without = |n: usize| [&seals[..n], &seals[n + 1..]].concat();
    assert_eq!(faults(&keys, &without(0)), [SealFault::Missing { first: 1, last: 1 }]);
    assert_eq!(faults(&keys, &without(2)), [SealFault::Missing { first: 3, last: 3 }]);
    let mut altered = seals.clone();
    altered[2].statement.root = Hash::NONE;
    assert_eq!(faults(&keys, &altered), [SealFault::Signature]);
    let (_, rewritten) = chain(5);
    let unknown = SealFault::UnknownKey { key: rewritten[0].statement.key.clone() };
    assert_eq!(faults(&keys, &rewritten), vec![unknown; 5]);
    // Signed again by who has the key, but not with what comes after.
    let mut spliced = seals.clone();
    spliced[1..3].swap(0, 1);
    assert!(faults(&keys, &spliced).contains(&SealFault::Repeated));
}

/// A file of an export or of an archive.
fn file(archive: bool) -> ([PublicKey; 1], Vec<Line>) {
    let (keys, seals) = chain(4);
    let mut lines = vec![Line::key(&keys[0])];
    for seal in seals {
        let number = seal.statement.number;
        lines.push(Line::Seal(seal));
        let leaf = merkle::leaf(text(number).as_bytes());
        lines.push(Line::Entry {
            log: "services".to_owned(),
            seal: number,
            index: 0,
            entry: text(number),
            path: (!archive).then(Vec::new),
            leaf: archive.then_some(leaf),
        });
    }
    (keys, lines)
}

fn check(keys: &[PublicKey], lines: &[Line]) -> seal::Checked {
    let text: String = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
    assert_eq!(Checker::keys(text.as_bytes()).unwrap().len(), 1);
    Checker::check(keys, text.as_bytes()).unwrap()
}

#[test]
fn files_prove_themselves_and_a_change_of_any_line_is_found() {
    for archive in [false, true] {
        let (keys, lines) = file(archive);
        let checked = check(&keys, &lines);
        assert_eq!((checked.entries, checked.seals, checked.faults.len()), (4, 4, 0), "{checked:?}");
        assert_eq!((checked.whole, checked.heads[0].number), (if archive { 4 } else { 0 }, 4));
        for (at, line) in lines.iter().enumerate() {
            let mut spoilt = lines.clone();
            match line {
                Line::Key { .. } => spoilt[at] = Line::Key { id: "other".to_owned(), public: Hash::NONE },
                Line::Seal(_) => {
                    let Line::Seal(seal) = &mut spoilt[at] else { continue };
                    seal.statement.entries = 2;
                }
                Line::Entry { .. } => {
                    let Line::Entry { entry, .. } = &mut spoilt[at] else { continue };
                    entry.push(' ');
                }
                // What a file says of itself is compared at its end.
                Line::Range { .. } | Line::End { .. } => continue,
            }
            let faults = check(&keys, &spoilt).faults;
            assert_eq!(faults.first().map(|fault| fault.line), Some(at as u64 + 1), "{faults:?}");
        }
        let stranger = SealingKey::generate().unwrap();
        assert_eq!(check(&[*stranger.public()], &lines).faults.len(), 4);
        let mut cut = lines.clone();
        cut.remove(3);
        assert!(!check(&keys, &cut).faults.is_empty());
    }
}

#[test]
fn seals_and_records_survive_their_json_and_their_bytes() {
    let (_, seals) = chain(2);
    let json = serde_json::to_string(&seals[1]).unwrap();
    assert_eq!(serde_json::from_str::<Signed<Seal>>(&json).unwrap(), seals[1]);
    assert!(
        seals[1]
            .statement
            .text()
            .starts_with("quartermaster audit seal v1\nlog services\nnumber 2\nafter 1\n")
    );
    let records = [LeafRecord { id: 3, leaf: Hash::of(b"") }];
    assert_eq!(LeafRecord::root(&records), Hash::of(b""));
}
