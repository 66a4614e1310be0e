//! The schema as the database has it, against the one that the migrations make: who can alter the catalogue can hide
//! rows, let triggers pass or give away rights without touching a row.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::{Database, PgError, RolePair, Transaction};

const DESCRIBE: &str = include_str!("catalogue.sql");
/// Names that are not PostgreSQL's own come with their schema then, whatever somebody set.
const PATH: &str = "set local search_path = pg_catalog";

/// The schema of one owner: the tables whose names begin with a word, and everything that bears on them.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Its roles.
    pub roles: RolePair,
    /// What the names of its tables begin with.
    pub prefix: &'static str,
    /// That it is as the migrations make it, in words.
    pub invariant: &'static str,
    /// What a database says of it that was just migrated: as [`Schema::describe`] gives it, a line each.
    pub expected: &'static str,
}

/// Something in the catalogue that is not as the migrations made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// What kind of thing: table, trigger, grant.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// As the migrations make it; absent for what they do not make.
    pub expected: Option<String>,
    /// As it is; absent for what is missing.
    pub found: Option<String>,
}

impl Difference {
    /// Whether it only lets somebody read, which changes nothing of what is told.
    pub fn is_note(&self) -> bool {
        self.kind == "reader"
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { kind, name, expected, found } = self;
        match (expected, found) {
            (Some(expected), Some(found)) => {
                let at = expected.chars().zip(found.chars()).take_while(|(one, other)| one == other).count();
                // Where they begin to differ: bodies of functions are long.
                let from = at.saturating_sub(40);
                let part = |text: &str| text.chars().skip(from).take(120).collect::<String>();
                write!(f, "{kind} {name} was changed from “{}” to “{}”", part(expected), part(found))
            }
            (Some(_), None) => write!(f, "{kind} {name} is missing"),
            (None, Some(found)) => {
                let found: String = found.chars().take(200).collect();
                write!(f, "{kind} {name} was added: {found}")
            }
            (None, None) => write!(f, "{kind} {name}"),
        }
    }
}

impl Schema {
    /// What the database says of it, a line each: kind, name and definition, apart by tabs.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn describe(&self, database: &Database) -> Result<String, PgError> {
        let transaction = database.begin_snapshot().await?;
        let lines = self.lines(&transaction).await;
        transaction.rollback().await?;
        lines
    }

    async fn lines(&self, transaction: &Transaction) -> Result<String, PgError> {
        let sql = DESCRIBE
            .replace("{owner}", self.roles.owner)
            .replace("{running}", self.roles.running)
            .replace("{prefix}", self.prefix);
        transaction.run(PATH).await?;
        let mut lines = Vec::new();
        for row in transaction.query_text(&sql).await? {
            let (kind, name, definition): (&str, &str, Option<&str>) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let one_line = |text: &str| text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
            let (name, definition) = (one_line(name), one_line(definition.unwrap_or_default()));
            lines.push(format!("{kind}\t{name}\t{definition}\n"));
        }
        // Databases sort text in many ways.
        lines.sort_unstable();
        Ok(lines.concat())
    }

    /// What differs from what is expected.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn differences(&self, database: &Database) -> Result<Vec<Difference>, PgError> {
        let found = self.describe(database).await?;
        Ok(differences(self.expected, &found))
    }
}

/// A line's kind and name, and its definition.
fn parts(line: &str) -> Option<((&str, &str), &str)> {
    let mut parts = line.splitn(3, '\t');
    Some(((parts.next()?, parts.next()?), parts.next().unwrap_or_default()))
}

fn differences(expected: &str, found: &str) -> Vec<Difference> {
    let both = [expected, found].map(|text| {
        let mut of: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for (key, definition) in text.lines().filter_map(parts) {
            of.entry(key).or_default().insert(definition);
        }
        of
    });
    let [expected, found] = &both;
    let keys: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let mut differences = Vec::new();
    for key in keys {
        let of = |all: &BTreeMap<(&str, &str), BTreeSet<&str>>| {
            all.get(key).map(|all| all.iter().copied().collect::<Vec<_>>().join("; "))
        };
        let (expected, found) = (of(expected), of(found));
        if expected != found {
            let (kind, name) = (key.0.to_owned(), key.1.to_owned());
            differences.push(Difference { kind, name, expected, found });
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_added_or_changed_is_named() {
        let found = differences("table\ta\tone\ntable\tb\tone\n", "table\tb\ttwo\ntable\tc\tone\n");
        let said: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            ["table a is missing", "table b was changed from “one” to “two”", "table c was added: one"]
        );
        assert_eq!(differences("table\ta\tone\n", "table\ta\tone\n"), []);
    }
}
