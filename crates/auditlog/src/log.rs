//! An audit of one owner: its name and every statement on its tables.

use platform::pg::Statement;

/// The audit of one owner.
#[derive(Debug)]
pub struct Log {
    /// The owner's name, with which its tables begin.
    pub name: &'static str,
    #[doc(hidden)]
    pub statements: Statements,
}

/// What [`log!`] declares.
#[doc(hidden)]
#[derive(Debug)]
pub struct Statements {
    pub sequence: &'static Statement,
    pub writers: &'static Statement,
    pub try_lock: &'static Statement,
    pub last_seal: &'static Statement,
    pub entries: &'static Statement,
    pub next_id: &'static Statement,
    pub insert_seal: &'static Statement,
    pub seals: &'static Statement,
    pub leaves: &'static Statement,
    pub seal_of: &'static Statement,
    pub beyond: &'static Statement,
    pub before: &'static Statement,
    pub matching: &'static Statement,
    pub archives: &'static Statement,
    pub lock: &'static Statement,
    pub insert_archive: &'static Statement,
    pub delete_entries: &'static Statement,
    pub delete_seals: &'static Statement,
    pub insert_entry: &'static Statement,
    pub waiting: &'static Statement,
    pub blocks: &'static Statement,
    pub ids_of_block: &'static Statement,
    pub beyond_sequence: &'static Statement,
    pub note: &'static Statement,
    pub notes: &'static Statement,
}

/// Declares the audit of an owner: a static [`Log`] over `<owner>_audit_logs`, `<owner>_audit_seals` and
/// `<owner>_audit_archives`. The second name is that of the statements which only the tables' owner may send.
#[macro_export]
macro_rules! log {
    ($(#[$attribute:meta])* $visibility:vis $name:ident = $owner:literal, $owning:literal;) => {
        $crate::platform::statement! {
            /// How far ids were given out, and how many at once.
            SEQUENCE: $owner = concat!("
                select case when s.is_called then s.last_value else 0 end, q.seqcache
                from ", $owner, "_audit_logs_id_seq s
                cross join pg_sequence q
                where q.seqrelid = '", $owner, "_audit_logs_id_seq'::regclass");
            /// The transactions that may have taken an id and not ended yet.
            WRITERS: $owner = concat!("
                select virtualtransaction
                from pg_locks
                where locktype = 'relation'
                  and database = (select oid from pg_database where datname = current_database())
                  and relation = '", $owner, "_audit_logs'::regclass
                  and mode = 'RowExclusiveLock' and granted");
            /// Makes this the one that seals until the transaction ends.
            TRY_LOCK: $owner = concat!("select pg_try_advisory_xact_lock(hashtext('", $owner, ".audit.seals'))");
            /// The newest seal.
            LAST_SEAL: $owner = concat!("
                select number, after_id, through_id, entries, root, previous, at, key_id, signature
                from ", $owner, "_audit_seals
                order by number desc
                limit 1");
            /// Entries of a range of ids.
            ENTRIES: $owner = concat!("
                select id, at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details
                from ", $owner, "_audit_logs
                where id > $1 and id <= $2");
            /// The first id of a range that was used.
            NEXT_ID: $owner = concat!("
                select min(id) from ", $owner, "_audit_logs where id > $1 and id <= $2");
            /// Adds a seal.
            INSERT_SEAL: $owner = concat!("
                insert into ", $owner, "_audit_seals
                    (number, after_id, through_id, entries, root, previous, at, key_id, signature, leaves)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
            /// The next seals, and how many bytes of leaves each has.
            SEALS: $owner = concat!("
                select number, after_id, through_id, entries, root, previous, at, key_id, signature,
                       octet_length(leaves)
                from ", $owner, "_audit_seals
                where number > $1
                order by number
                limit $2");
            /// The leaves of seals.
            LEAVES: $owner = concat!("
                select number, leaves
                from ", $owner, "_audit_seals
                where number >= $1 and number <= $2
                order by number");
            /// The seal that covers an id.
            SEAL_OF: $owner = concat!("
                select number, after_id, through_id, entries, root, previous, at, key_id, signature, leaves
                from ", $owner, "_audit_seals
                where through_id >= $1
                order by through_id
                limit 1");
            /// How many entries lie beyond an id, the oldest time among them, and what time it is.
            BEYOND: $owner = concat!("
                select count(*), min(at), clock_timestamp() from ", $owner, "_audit_logs where id > $1");
            /// The oldest time among the next entries beyond an id, and what time it is. It reads a bounded range of ids.
            WAITING: $owner = concat!("
                select min(at), clock_timestamp() from ", $owner, "_audit_logs where id > $1 and id <= $1 + 20000");
            /// How many entries each block of ids has, and a sum that two different sets of ids hardly share.
            BLOCKS: $owner = concat!("
                select id / 65536, count(*), sum(hashint8extended(id, 0))::text
                from ", $owner, "_audit_logs
                where id <= $1
                group by 1
                order by 1");
            /// The ids of a block.
            IDS_OF_BLOCK: $owner = concat!("
                select id from ", $owner, "_audit_logs
                where id between $1::bigint * 65536 - 65536 and $1 * 65536 + 65535 and id / 65536 = $1 and id <= $2
                order by id");
            /// Entries whose ids were never given out, however small or large.
            BEYOND_SEQUENCE: $owner = concat!("
                select id from ", $owner, "_audit_logs where id > $1 order by id limit $2");
            /// Says something of the audit's own keeping.
            NOTE: $owner = concat!("
                insert into ", $owner, "_audit_logs (at, actor, action, entity_type, entity_id, details)
                values (clock_timestamp(), $1, $2, 'audit', 'heads', $3)");
            /// What was said of the file of heads.
            NOTES: $owner = concat!("
                select id, action, details from ", $owner, "_audit_logs
                where entity_type = 'audit' and entity_id = 'heads'
                order by id");
            /// Entries up to an id, where none should be.
            BEFORE: $owner = concat!("
                select id from ", $owner, "_audit_logs where id <= $1 order by id limit $2");
            /// Entries of a range of ids by time and entity, in the order of ids.
            MATCHING: $owner = concat!("
                select id, at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details
                from ", $owner, "_audit_logs
                where id > $1 and id <= $2
                  and ($3::timestamptz is null or at >= $3)
                  and ($4::timestamptz is null or at < $4)
                  and ($5::text is null or entity_type = $5)
                  and ($6::text is null or entity_id = $6)
                order by id, at");
            /// What was moved to files.
            ARCHIVES: $owner = concat!("
                select first_number, last_number, through_id, entries, seal, file, digest, at, key_id, signature
                from ", $owner, "_audit_archives
                order by last_number");
            /// Waits until nobody seals or archives, and keeps it so until the transaction ends.
            LOCK: $owning = concat!("select pg_advisory_xact_lock(hashtext('", $owner, ".audit.seals'))");
            /// Notes a file.
            INSERT_ARCHIVE: $owning = concat!("
                insert into ", $owner, "_audit_archives
                    (first_number, last_number, through_id, entries, seal, file, digest, at, key_id, signature)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
            /// Removes entries that a noted file has.
            DELETE_ENTRIES: $owning = concat!("delete from ", $owner, "_audit_logs where id > $1 and id <= $2");
            /// Removes seals that a noted file has.
            DELETE_SEALS: $owning = concat!("delete from ", $owner, "_audit_seals where number >= $1 and number <= $2");
            /// Says in the audit itself that a part of it was moved.
            INSERT_ENTRY: $owning = concat!("
                insert into ", $owner, "_audit_logs (at, actor, action, entity_type, entity_id, details)
                values (clock_timestamp(), 'quartermaster audit archive', 'audit.archived', 'audit', $1, $2)");
        }

        $(#[$attribute])*
        $visibility static $name: $crate::Log = $crate::Log {
            name: $owner,
            statements: $crate::Statements {
                sequence: &SEQUENCE,
                writers: &WRITERS,
                try_lock: &TRY_LOCK,
                last_seal: &LAST_SEAL,
                entries: &ENTRIES,
                next_id: &NEXT_ID,
                insert_seal: &INSERT_SEAL,
                seals: &SEALS,
                leaves: &LEAVES,
                seal_of: &SEAL_OF,
                beyond: &BEYOND,
                before: &BEFORE,
                matching: &MATCHING,
                archives: &ARCHIVES,
                lock: &LOCK,
                insert_archive: &INSERT_ARCHIVE,
                delete_entries: &DELETE_ENTRIES,
                delete_seals: &DELETE_SEALS,
                insert_entry: &INSERT_ENTRY,
                waiting: &WAITING,
                blocks: &BLOCKS,
                ids_of_block: &IDS_OF_BLOCK,
                beyond_sequence: &BEYOND_SEQUENCE,
                note: &NOTE,
                notes: &NOTES,
            },
        };
    };
}
