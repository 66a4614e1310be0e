//! Codes: what a scanner reads. Those that mean one article are one code, and a scan is never how many there are.

use std::collections::HashMap;

use domain::{Quantity, gtin};
use identity::Caller;
use platform::pg::{PgError, Queries};
use platform::text::fold;
use policy::Action;

use crate::answer::Answer;
use crate::error::Error;
use crate::request::RequestContext;
use crate::services::Services;
use crate::store::items;
use crate::valid::Faults;
use crate::work::{Begun, Work};

/// How many thousandths the least quantity has that may be a code: 8 digits.
const LEAST: i64 = 10_000_000 * 1_000;

/// A SKU or barcode as codes are compared: [`gtin::same_code`].
pub(crate) fn same_code(code: &str) -> String {
    gtin::same_code(code, fold)
}

/// The codes that a scanner types the digits of such a quantity for. None where it has fewer digits than codes have.
fn scanned(quantity: Quantity) -> Option<[String; 2]> {
    let thousandths = quantity.thousandths();
    if thousandths < LEAST || thousandths % 1_000 != 0 {
        return None;
    }
    let digits = (thousandths / 1_000).to_string();
    Some([format!("{digits:0>14}"), digits])
}

/// The fault of each quantity that is the code of an item. Asks the database about long numbers alone.
pub(crate) async fn faults_of(
    conn: &Queries,
    quantities: &[Quantity],
) -> Result<Vec<Option<String>>, PgError> {
    let asked: Vec<String> = quantities.iter().filter_map(|quantity| scanned(*quantity)).flatten().collect();
    if asked.is_empty() {
        return Ok(vec![None; quantities.len()]);
    }
    let held = items::of_codes(conn, &asked).await?;
    let fault = |quantity: &Quantity| {
        let sku = scanned(*quantity)?.iter().find_map(|code| held.get(code))?;
        Some(format!("is the code of item {sku}; type how many there are"))
    };
    Ok(quantities.iter().map(fault).collect())
}

/// Refuses quantities that are the code of an item. `pointer` names the field of the nth.
///
/// # Errors
/// [`Error::Invalid`] with each that is.
pub(crate) async fn refuse_scans(
    conn: &Queries,
    quantities: &[Quantity],
    pointer: impl Fn(usize) -> String,
) -> Result<(), Error> {
    let mut faults = Faults::default();
    for (n, fault) in faults_of(conn, quantities).await?.into_iter().enumerate() {
        if let Some(fault) = fault {
            faults.add(pointer(n), fault);
        }
    }
    faults.finish()
}

/// The same before a request is posted. One that was answered before, when no item had that code, is answered so again.
pub(crate) async fn refuse_scans_or_replay(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    view: Action,
    quantities: &[Quantity],
    pointer: impl Fn(usize) -> String,
) -> Result<Option<Answer>, Error> {
    if quantities.iter().all(|quantity| scanned(*quantity).is_none()) {
        return Ok(None);
    }
    let refused = refuse_scans(&*services.database.get().await?, quantities, pointer).await;
    let Err(refused) = refused else { return Ok(None) };
    match Work::begin(services, caller, context, view).await? {
        Begun::Answered(answer) => Ok(Some(answer)),
        Begun::Work(work) => {
            work.give_up().await;
            Err(refused)
        }
    }
}

/// Things by their SKUs, found whatever the case of the SKU.
#[derive(Debug)]
pub(crate) struct BySku<T> {
    things: HashMap<String, T>,
    /// The SKU of each code.
    spelled: HashMap<String, String>,
}

impl<T> BySku<T> {
    /// Of things with their SKUs.
    pub(crate) fn new(things: impl Iterator<Item = (String, T)>) -> BySku<T> {
        let mut by_sku = BySku { things: HashMap::new(), spelled: HashMap::new() };
        things.for_each(|(sku, thing)| by_sku.insert(sku, thing));
        by_sku
    }

    pub(crate) fn insert(&mut self, sku: String, thing: T) {
        self.spelled.entry(same_code(&sku)).or_insert_with(|| sku.clone());
        self.things.insert(sku, thing);
    }

    /// The thing with that SKU; where none spells the SKU so, the one that spells it otherwise.
    pub(crate) fn find(&self, sku: &str) -> Option<&T> {
        self.things.get(sku).or_else(|| self.things.get(self.spelled.get(&same_code(sku))?))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.things.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_of_eight_digits_and_more_may_be_scans() {
        let quantity = |text: &str| text.parse::<Quantity>().unwrap();
        assert_eq!(scanned(quantity("9999999")), None);
        assert_eq!(scanned(quantity("12345678.5")), None);
        assert_eq!(scanned(quantity("-96385074")), None);
        let codes = scanned(quantity("96385074")).unwrap();
        assert!(codes.contains(&same_code("96385074")), "{codes:?}");
        let codes = scanned(quantity("36000291452")).unwrap();
        assert!(codes.contains(&same_code("036000291452")), "{codes:?}");
        let codes = scanned(quantity("123456789")).unwrap();
        assert!(codes.contains(&same_code("123456789")), "{codes:?}");
    }
}
