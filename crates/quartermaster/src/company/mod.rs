//! A believable company: branches, items and 90 days of trade, made from a seed.
//!
//! It is made as files and loaded by the same import as anybody's: an opening count, then week by week what was
//! delivered and counted and what was ordered.

mod branches;
mod catalogue;
mod history;

use jiff::civil::Date;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use services::bulk::Kind;

/// The days of trade.
pub const DAYS: i32 = 91;

/// A file of the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What it holds.
    pub kind: Kind,
    /// The CSV.
    pub bytes: Vec<u8>,
}

/// The files of the company, in the order of loading. The last day of trade is the one before `until`. The same seed
/// and day always make the same files.
///
/// # Errors
/// When the days lead out of the calendar.
pub fn files(seed: u64, until: Date) -> crate::Result<Vec<File>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let items = catalogue::items(&mut random);
    let mut files = vec![branches::file()?, catalogue::file(&items)?];
    files.extend(history::files(&items, until, &mut random)?);
    Ok(files)
}

/// A CSV file of rows.
fn csv_file<'r>(
    kind: Kind,
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<std::borrow::Cow<'r, str>>>,
) -> crate::Result<File> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.iter().map(AsRef::as_ref))?;
    }
    Ok(File { kind, bytes: writer.into_inner().map_err(csv::IntoInnerError::into_error)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = jiff::civil::date(2026, 11, 1);

    #[test]
    fn the_same_seed_and_day_make_the_same_company() {
        assert_eq!(files(7, DAY).unwrap(), files(7, DAY).unwrap());
        assert_ne!(files(7, DAY).unwrap(), files(8, DAY).unwrap());
    }

    #[test]
    fn the_company_has_twelve_branches_four_hundred_items_and_several_units() {
        let files = files(1, DAY).unwrap();
        let lines = |kind| -> Vec<&str> {
            let of_kind = files.iter().filter(move |file| file.kind == kind);
            of_kind.flat_map(|file| std::str::from_utf8(&file.bytes).unwrap().lines().skip(1)).collect()
        };
        assert!(lines(Kind::Branches).len() >= 12);
        let items = lines(Kind::Items);
        assert!(items.len() >= 400, "{}", items.len());
        for unit in [",pcs,", ",kg,", ",m,"] {
            assert!(items.iter().any(|line| line.contains(unit)), "{unit}");
        }
        assert!(lines(Kind::Orders).len() > 5_000);
    }
}
