//! Names in the order in which people look for them: letters of both cases and with accents together, as the services'
//! lists have them too.

use std::cmp::Ordering;
use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};

/// The root collation of Unicode (CLDR). Its data is in the program: were it not, names would sort by their characters.
static COLLATOR: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| Collator::try_new(CollatorPreferences::default(), CollatorOptions::default()).ok());

/// Sorts by name; what has the same name stays in its order.
pub(crate) fn sort_by_name<T>(rows: &mut [T], name: impl Fn(&T) -> &str) {
    rows.sort_by(|one, other| compare(name(one), name(other)));
}

fn compare(one: &str, other: &str) -> Ordering {
    let by_letters = COLLATOR.as_ref().map_or(Ordering::Equal, |collator| collator.compare(one, other));
    by_letters.then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_people_sort_them() {
        let mut names = ["Zürich", "Äußere Straße", "bern", "Übersee", "Aachen", "Bern", "Łódź", "Lyon", "2"];
        sort_by_name(&mut names, |name| name);
        assert_eq!(
            names,
            ["2", "Aachen", "Äußere Straße", "bern", "Bern", "Łódź", "Lyon", "Übersee", "Zürich"]
        );
    }
}
