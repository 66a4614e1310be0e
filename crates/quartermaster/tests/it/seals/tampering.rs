//! Whatever a superuser of the database does to what was sealed is found, and named.

use auditlog::{Finding, HeadsAsOf, Report, Trust};
use platform::pg::{Database, Statement, Transaction};
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use seal::Statement as _;
use seal::{Hash, LeafRecord, RECORD_BYTES, Seal, SealFault, SealingKey, Signed};

use super::Sealed;

/// How many tamperings are tried.
const TRIES: u64 = 1_000;
/// Seals of so many entries each; between them are ids that were never used.
const SEALS: i64 = 6;
const EACH: i64 = 9;
/// The ids of a seal, used or not.
const SPAN: i64 = EACH + 1;

/// What was done, and what of it must be found.
struct Tampering {
    sql: String,
    expected: Expected,
}

enum Expected {
    /// These findings.
    These(Vec<Finding>),
    /// Something about one of these seals.
    AboutSeals(Vec<i64>),
}

/// A statement that is made up as the test goes.
fn statement(sql: &str) -> &'static Statement {
    Box::leak(Box::new(Statement { name: "tampering", owner: "superuser", sql: sql.to_owned().leak() }))
}

async fn run(transaction: &Transaction, sql: &str) {
    for part in sql.split(';') {
        transaction.execute(statement(part), &[]).await.unwrap_or_else(|error| panic!("{part}: {error:?}"));
    }
}

#[tokio::test]
async fn a_thousand_random_tamperings_by_a_superuser_are_all_found() {
    let seed = std::env::var("SEED").ok().map_or_else(rand::random, |seed| seed.parse().unwrap());
    eprintln!("SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut sealed = Sealed::new().await;
    for _ in 0..SEALS {
        sealed.add(usize::try_from(EACH).unwrap()).await;
        sealed.database.run("select nextval('services_audit_logs_id_seq')").await;
        assert_eq!(sealed.seal().await.len(), 1);
    }
    sealed.add(2).await;
    let superuser = sealed.superuser();
    let seals = seals(&superuser).await;
    let sound = verify(&sealed, &superuser.begin().await.unwrap()).await;
    assert!(sound.is_sound() && sound.entries == (SEALS * EACH) as u64, "{sound:?}");
    for number in 0..TRIES {
        let tampering = any(&mut random, &sealed.key, &seals);
        let transaction = superuser.begin().await.unwrap();
        run(&transaction, "set local session_replication_role = replica").await;
        run(&transaction, &tampering.sql).await;
        let report = verify(&sealed, &transaction).await;
        transaction.rollback().await.unwrap();
        let found = match &tampering.expected {
            Expected::These(expected) => expected.iter().all(|finding| report.findings.contains(finding)),
            Expected::AboutSeals(seals) => report.findings.iter().any(|finding| is_about(finding, seals)),
        };
        assert!(found, "SEED={seed}, tampering {number}:\n{}\nfound {:#?}", tampering.sql, report.findings);
    }
    assert!(verify(&sealed, &superuser.begin().await.unwrap()).await.is_sound());
}

async fn verify(sealed: &Sealed, transaction: &Transaction) -> Report {
    let heads = HeadsAsOf::now(sealed.heads_file()).unwrap();
    let trust = Trust { keys: &sealed.keys, heads: Some(&heads), archives: None };
    auditlog::verify(transaction, sealed.log, &trust).await.unwrap()
}

fn is_about(finding: &Finding, seals: &[i64]) -> bool {
    match finding {
        Finding::Seal { fault: SealFault::Missing { first, last }, .. } => {
            seals.iter().any(|seal| (first..=last).contains(&seal))
        }
        Finding::Seal { seal, .. }
        | Finding::SealUnreadable { seal }
        | Finding::RecordAltered { seal }
        | Finding::OtherHead { seal } => seals.contains(seal),
        Finding::CutOff { first, last } => seals.iter().any(|seal| (first..=last).contains(&seal)),
        _ => false,
    }
}

/// The seals with their records.
async fn seals(database: &Database) -> Vec<(Seal, Vec<LeafRecord>)> {
    let conn = database.get().await.unwrap();
    let sql = "select number, after_id, through_id, root, previous, key_id, leaves from services_audit_seals order by number";
    let rows = conn.query(statement(sql), &[]).await.unwrap();
    let hash = |row: &platform::pg::Row, column: usize| Hash::from_bytes(row.get(column)).unwrap();
    rows.iter()
        .map(|row| {
            let records = LeafRecord::decode(row.get(6)).unwrap();
            let seal = Seal {
                log: "services".to_owned(),
                number: row.get(0),
                after: row.get(1),
                through: row.get(2),
                entries: records.len() as i64,
                root: hash(row, 3),
                previous: hash(row, 4),
                at: seal::Time(0),
                key: row.get(5),
            };
            (seal, records)
        })
        .collect()
}

fn any(random: &mut ChaCha8Rng, key: &SealingKey, seals: &[(Seal, Vec<LeafRecord>)]) -> Tampering {
    let number = random.random_range(1..=SEALS);
    let id = (number - 1) * SPAN + random.random_range(1..=EACH);
    match random.random_range(0..12) {
        0..3 => edit(random, id, number),
        3 => {
            let sql = format!("delete from services_audit_logs where id = {id}");
            Tampering { sql, expected: Expected::These(vec![Finding::EntryRemoved { id, seal: number }]) }
        }
        4 => insert(random, id, number),
        5 => swap(random, id, number),
        6 => cut(random),
        7 => rewrite(random, key, seals),
        8 | 9 => alter_seal(random, number),
        10 => alter_record(random, number),
        _ => exchange_seals(random, number),
    }
}

/// Another value in any column, as small a change as there is.
fn edit(random: &mut ChaCha8Rng, id: i64, seal: i64) -> Tampering {
    let change = [
        "at = at + interval '1 microsecond'",
        "at = at - interval '1 day'",
        "at = 'infinity'",
        "at = '-infinity'",
        "at = '0044-03-15 12:00:00 BC'",
        "actor_user_id = null",
        "actor_user_id = 'null'",
        "actor_user_id = 'id-8'",
        "actor = 'Max'",
        "actor = 'mia'",
        "actor = 'Mia '",
        "actor = ''",
        "action = 'thing.Moved'",
        "action = 'other.moved', entity_type = 'other'",
        "entity_type = ''  , action = '.x'",
        "entity_id = '13'",
        "entity_id = '012'",
        "branch_id = 4",
        "branch_id = null",
        "ip = '10.1.2.4'",
        "ip = '10.1.2.3/24'",
        "ip = '::ffff:10.1.2.3'",
        "ip = null",
        "request_id = 'till-8'",
        "request_id = null",
        "request_id = ''",
        "details = '{}'",
        "details = 'null'",
        "details = details || '{\"quantity\": 1.5}'",
        "details = details || '{\"quantity\": 1.5000}'",
        "details = details || '{\"quantity\": \"1.500\"}'",
        "details = details || '{\"more\": null}'",
        "details = details - 'from'",
        "details = jsonb_set(details, '{lines}', '[1, 2, []]')",
        "details = jsonb_set(details, '{lines}', '[2, 1, {}]')",
    ]
    .choose(random)
    .unwrap();
    let sql = format!("update services_audit_logs set {change} where id = {id}");
    Tampering { sql, expected: Expected::These(vec![Finding::EntryAltered { id, seal }]) }
}

/// An entry that was never made: with an id that was never used, with one that was, or with an impossible one.
fn insert(random: &mut ChaCha8Rng, of: i64, seal: i64) -> Tampering {
    let (id, seal) = match random.random_range(0..3) {
        0 => (seal * SPAN, Some(seal)),
        1 => (of, Some(seal)),
        _ => (-random.random_range(0..5_i64), None),
    };
    let sql = format!(
        "insert into services_audit_logs overriding system value
         select {id}, at + interval '1 second', actor_user_id, actor, action, entity_type, entity_id, branch_id, ip,
                request_id, details
         from services_audit_logs where id = {of}"
    );
    Tampering { sql, expected: Expected::These(vec![Finding::EntryInserted { id, seal }]) }
}

/// Two entries that change places.
fn swap(random: &mut ChaCha8Rng, one: i64, seal: i64) -> Tampering {
    let other_seal = random.random_range(1..=SEALS);
    let mut other = (other_seal - 1) * SPAN + random.random_range(1..=EACH);
    if other == one {
        other = if one % SPAN == 1 { one + 1 } else { one - 1 };
    }
    let sql = format!(
        "alter table services_audit_logs alter column id set generated by default;
         update services_audit_logs set id = case id when {one} then {other} else {one} end where id in ({one}, {other})"
    );
    let expected = [(one, seal), (other, (other - 1) / SPAN + 1)];
    let altered = expected.map(|(id, seal)| Finding::EntryAltered { id, seal });
    Tampering { sql, expected: Expected::These(altered.to_vec()) }
}

/// The last seals are cut off, with their entries or without.
fn cut(random: &mut ChaCha8Rng) -> Tampering {
    let first = random.random_range(1..=SEALS);
    let mut sql = format!("delete from services_audit_seals where number >= {first}");
    if random.random() {
        sql += &format!(";\ndelete from services_audit_logs where id > {}", (first - 1) * SPAN);
    }
    Tampering { sql, expected: Expected::These(vec![Finding::CutOff { first, last: SEALS }]) }
}

/// An entry is removed and the whole chain from there on is made anew, as well as anybody could: with another key, with
/// another key under the right name, or with the right key.
fn rewrite(random: &mut ChaCha8Rng, key: &SealingKey, seals: &[(Seal, Vec<LeafRecord>)]) -> Tampering {
    let other = SealingKey::generate().unwrap();
    let (signing, name) = match random.random_range(0..3) {
        0 => (&other, other.public().id()),
        1 => (&other, key.public().id()),
        _ => (key, key.public().id()),
    };
    let first = random.random_range(1..=SEALS);
    let gone = (first - 1) * SPAN + random.random_range(1..=EACH);
    let mut sql = format!(
        "delete from services_audit_logs where id = {gone};\ndelete from services_audit_seals where number >= {first}"
    );
    let mut previous = seals[usize::try_from(first).unwrap() - 1].0.previous;
    for (seal, records) in seals.iter().filter(|(seal, _)| seal.number >= first) {
        let records: Vec<LeafRecord> = records.iter().copied().filter(|record| record.id != gone).collect();
        let seal = Seal {
            entries: records.len() as i64,
            root: LeafRecord::root(&records),
            previous,
            key: name.clone(),
            ..seal.clone()
        };
        previous = seal.hash();
        let Signed { statement: s, signature } = Signed::sign(seal, signing);
        let bytes = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        sql += &format!(
            ";\ninsert into services_audit_seals values ({}, {}, {}, {}, '\\x{}', '\\x{}', '2000-01-01Z', '{}', '\\x{}', '\\x{}')",
            s.number,
            s.after,
            s.through,
            s.entries,
            s.root,
            s.previous,
            s.key,
            bytes(&signature.0),
            bytes(&LeafRecord::encode(&records))
        );
    }
    Tampering { sql, expected: Expected::These(vec![Finding::OtherHead { seal: first }]) }
}

/// One column of a seal.
fn alter_seal(random: &mut ChaCha8Rng, number: i64) -> Tampering {
    let change = [
        "number = number + 100",
        "after_id = after_id + 1",
        "through_id = through_id - 1",
        "entries = entries - 1, leaves = substr(leaves, 41)",
        "root = sha256(root)",
        "root = ''",
        "previous = sha256(previous)",
        "at = at + interval '1 microsecond'",
        "at = 'infinity'",
        "key_id = 'another'",
        "signature = substr(signature, 2) || '\\x00'",
        "signature = ''",
        "signature = set_byte(signature, 63, (get_byte(signature, 63) + 1) % 256)",
    ]
    .choose(random)
    .unwrap();
    let sql = if random.random_ratio(1, 6) && number < SEALS {
        format!("delete from services_audit_seals where number = {number}")
    } else {
        format!("update services_audit_seals set {change} where number = {number}")
    };
    Tampering { sql, expected: Expected::AboutSeals(vec![number, number + 100]) }
}

/// One byte of what a seal keeps of its entries.
fn alter_record(random: &mut ChaCha8Rng, number: i64) -> Tampering {
    let at = random.random_range(0..EACH as usize * RECORD_BYTES);
    let by = random.next_u32() % 255 + 1;
    let sql = format!(
        "update services_audit_seals set leaves = set_byte(leaves, {at}, (get_byte(leaves, {at}) + {by}) % 256)
         where number = {number}"
    );
    Tampering { sql, expected: Expected::These(vec![Finding::RecordAltered { seal: number }]) }
}

/// What two seals say changes places.
fn exchange_seals(random: &mut ChaCha8Rng, one: i64) -> Tampering {
    let other = one % SEALS + 1;
    let column = ["root", "previous", "signature", "leaves"].choose(random).unwrap();
    let sql = format!(
        "update services_audit_seals a set {column} = b.{column}
         from services_audit_seals b
         where (a.number, b.number) in (({one}, {other}), ({other}, {one}))"
    );
    Tampering { sql, expected: Expected::AboutSeals(vec![one, other]) }
}
