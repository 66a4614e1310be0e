//! Which entries are final: that no entry can still appear before them.

use std::collections::HashSet;

/// What the names of prepared transactions begin with.
const PREPARED: &str = "-1/";

/// Finds the id below and at which no entry can appear any more.
///
/// Ids come from a sequence, so they are given out in order, but their transactions commit in any order, or never: an
/// id that is not there may be a hole for good, or belong to an import that still runs. Nothing in a row tells.
/// What does tell is the lock that every insert and COPY takes on the table before it asks for its first id, and keeps
/// until its transaction has ended (`ROW EXCLUSIVE`; readers, and writers of other tables, do not have it).
///
/// So the sealer reads first how far ids were given out, and then who holds that lock. Whoever took an id up to
/// there either holds the lock now, or has ended, and what it committed is visible to every later statement: PostgreSQL
/// makes a transaction visible before it gives up its locks. Once all who held the lock then have ended, each id up
/// to there is in the table for good or a hole for good. New writers do not matter, for their ids are higher.
///
/// This needs no clock, no transaction id that may wrap around, and no room in a row. It waits for the transactions
/// that write the audit and for no others. An import that runs for minutes holds sealing up for as long, and loses
/// nothing by it. Transaction names (`pg_locks.virtualtransaction`) do not come again while the server runs, and when
/// it starts anew all have ended: a name that did come again would only make the sealer wait longer. A transaction that
/// is prepared for two-phase commit changes its name, so any that are prepared are waited for. Ids must not be
/// cached by sessions (`cache 1`), or one could be used by a transaction that began later; the sealer checks that.
#[derive(Debug, Default)]
pub struct Horizon {
    /// Ids up to here are final.
    reached: i64,
    /// How far ids were given out, and who wrote then and has been seen writing ever since.
    pending: Option<(i64, HashSet<String>)>,
}

impl Horizon {
    /// Takes an observation: how far ids were given out, and who was writing at some time after that was read. Gives
    /// the id up to which all is final.
    pub fn observe(&mut self, given_out: i64, writers: HashSet<String>) -> i64 {
        if writers.is_empty() {
            self.pending = None;
            self.reached = self.reached.max(given_out);
            return self.reached;
        }
        if let Some((_, still)) = &mut self.pending {
            still.retain(|writer| writers.contains(writer));
            still.extend(writers.iter().filter(|writer| writer.starts_with(PREPARED)).cloned());
        }
        match &self.pending {
            Some((_, still)) if !still.is_empty() => {}
            ended => {
                if let Some((given_out, _)) = ended {
                    self.reached = self.reached.max(*given_out);
                }
                self.pending = Some((given_out, writers));
            }
        }
        self.reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writers(names: &[&str]) -> HashSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn all_is_final_when_nobody_writes() {
        let mut horizon = Horizon::default();
        assert_eq!(horizon.observe(0, writers(&[])), 0);
        assert_eq!(horizon.observe(9, writers(&[])), 9);
    }

    #[test]
    fn ids_wait_for_everybody_who_wrote_when_they_were_given_out_and_for_nobody_else() {
        let mut horizon = Horizon::default();
        assert_eq!(horizon.observe(5, writers(&["import", "post 1"])), 0);
        assert_eq!(horizon.observe(8, writers(&["import", "post 2"])), 0);
        assert_eq!(horizon.observe(9, writers(&["post 3"])), 5, "all who wrote at 5 have ended");
        assert_eq!(horizon.observe(12, writers(&["post 4"])), 9);
        assert_eq!(horizon.observe(12, writers(&[])), 12);
    }

    #[test]
    fn imports_that_overlap_do_not_hold_it_up_for_ever() {
        let mut horizon = Horizon::default();
        assert_eq!(horizon.observe(10, writers(&["a"])), 0);
        assert_eq!(horizon.observe(20, writers(&["a", "b"])), 0);
        assert_eq!(horizon.observe(30, writers(&["b", "c"])), 10);
        assert_eq!(horizon.observe(40, writers(&["c", "d"])), 10);
        assert_eq!(horizon.observe(50, writers(&["d", "e"])), 30);
    }

    #[test]
    fn a_transaction_that_changes_its_name_when_it_is_prepared_is_still_waited_for() {
        let mut horizon = Horizon::default();
        assert_eq!(horizon.observe(5, writers(&["4/17"])), 0);
        assert_eq!(horizon.observe(6, writers(&["-1/800"])), 0);
        assert_eq!(horizon.observe(6, writers(&["3/9"])), 5);
    }

    #[test]
    fn it_never_goes_back() {
        let mut horizon = Horizon::default();
        horizon.observe(9, writers(&[]));
        assert_eq!(horizon.observe(3, writers(&[])), 9, "a sequence that was set back");
    }
}
