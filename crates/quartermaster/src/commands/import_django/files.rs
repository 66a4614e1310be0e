//! The same tables as CSV files, and the file of branches.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use portal::accounts::django_users::DjangoUser;

use crate::Result;

/// A file with a first line of column names.
struct Table<'a> {
    path: &'a Path,
    columns: BTreeMap<String, usize>,
    rows: Vec<csv::StringRecord>,
}

/// One row of it.
struct Row<'a> {
    table: &'a Table<'a>,
    record: &'a csv::StringRecord,
}

impl Table<'_> {
    fn read(path: &Path) -> Result<Table<'_>> {
        let told = |error: csv::Error| format!("{}: {error}", path.display());
        let mut reader = csv::Reader::from_path(path).map_err(told)?;
        let headers = reader.headers().map_err(told)?.clone();
        let columns = headers.iter().enumerate();
        let columns =
            columns.map(|(at, name)| (name.trim_start_matches('\u{feff}').to_owned(), at)).collect();
        let rows = reader.records().collect::<std::result::Result<_, _>>().map_err(told)?;
        Ok(Table { path, columns, rows })
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row { table: self, record })
    }
}

impl<'a> Row<'a> {
    fn text(&self, column: &str) -> Result<&'a str> {
        let at = self.table.columns.get(column);
        let at = at.ok_or_else(|| format!("{} has no column {column}", self.table.path.display()))?;
        Ok(self.record.get(*at).unwrap_or_default())
    }

    fn parse<T>(&self, column: &str, must: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
        let text = self.text(column)?;
        Ok(parse(text).ok_or_else(|| {
            let line = self.record.position().map_or(0, csv::Position::line);
            format!("{}, line {line}: {column} must be {must}, not {text:?}", self.table.path.display())
        })?)
    }

    fn id(&self, column: &str) -> Result<i64> {
        self.parse(column, "a whole number", |text| text.parse().ok())
    }

    fn flag(&self, column: &str) -> Result<bool> {
        self.parse(column, "true or false", |text| match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" => Some(true),
            "f" | "false" | "0" => Some(false),
            _ => None,
        })
    }

    fn time(&self, column: &str) -> Result<Option<Timestamp>> {
        if self.text(column)?.is_empty() {
            return Ok(None);
        }
        self.parse(column, "a time such as 2024-05-01 08:00:00+00", time).map(Some)
    }
}

/// A time with its offset, or without one in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let zoned = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse::<Timestamp>().ok().or_else(zoned)
}

/// Users of the files of `auth_user`, `auth_group` and `auth_user_groups`.
pub fn users(users: &Path, groups: &Path, memberships: &Path) -> Result<Vec<DjangoUser>> {
    let mut names = BTreeMap::new();
    for row in Table::read(groups)?.rows() {
        names.insert(row.id("id")?, row.text("name")?.to_owned());
    }
    let mut of_users: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for row in Table::read(memberships)?.rows() {
        let group = row.id("group_id")?;
        let name = names.get(&group);
        let name = name.ok_or_else(|| format!("{} has no group {group}", groups.display()))?;
        of_users.entry(row.id("user_id")?).or_default().push(name.clone());
    }
    let user = |row: Row<'_>| -> Result<DjangoUser> {
        let id = row.id("id")?;
        let display_name = [row.text("first_name")?, row.text("last_name")?].join(" ").trim().to_owned();
        let joined = row.time("date_joined")?;
        Ok(DjangoUser {
            id,
            username: row.text("username")?.to_owned(),
            password: row.text("password")?.to_owned(),
            display_name,
            active: row.flag("is_active")?,
            superuser: row.flag("is_superuser")?,
            joined: joined.ok_or_else(|| format!("{}: date_joined is empty", users.display()))?,
            last_sign_in: row.time("last_login")?,
            groups: of_users.get(&id).cloned().unwrap_or_default(),
        })
    };
    Table::read(users)?.rows().map(user).collect()
}

/// The lines of a file with the columns username and branch.
pub fn branches(path: &Path) -> Result<Vec<(String, String)>> {
    let table = Table::read(path)?;
    let line =
        |row: Row<'_>| Ok((row.text("username")?.trim().to_owned(), row.text("branch")?.trim().to_owned()));
    table.rows().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_are_read_as_databases_write_them() {
        let expected = "2024-05-01T08:00:00.25Z".parse().ok();
        for text in [
            "2024-05-01 08:00:00.25+00",
            "2024-05-01T10:00:00.25+02:00",
            "2024-05-01 08:00:00.25",
            "2024-05-01T08:00:00.25Z",
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
        assert_eq!(time("yesterday"), None);
    }
}
