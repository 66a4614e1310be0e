//! Labels of items: three by eight on a page of A4, 70 by 37 millimetres each, as they are sold.

use contract::ItemOut;

use super::NotPrinted;
use super::sheet::{Sheet, bold, cut, document, plain};

const COLUMNS: usize = 3;
const ROWS: usize = 8;
/// 70 by 37 mm.
const LABEL: (f32, f32) = (198.43, 104.88);
const MARGIN: f32 = 14.0;
/// As many labels as one document may have.
pub(crate) const MOST: usize = 480;

/// So many labels of each item; no more than [`MOST`] in all.
pub(crate) fn labels(items: &[ItemOut], copies: usize) -> Result<Vec<u8>, NotPrinted> {
    let labels: Vec<&ItemOut> =
        items.iter().flat_map(|item| std::iter::repeat_n(item, copies)).take(MOST).collect();
    let sheets: Vec<Sheet> = labels.chunks(COLUMNS * ROWS).map(page).collect();
    document(&sheets)
}

fn page(labels: &[&ItemOut]) -> Sheet {
    let mut sheet = Sheet::default();
    let places = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (column, row)));
    for (item, (column, row)) in labels.iter().zip(places) {
        let at = |n: usize, length: f32| f32::from(u16::try_from(n).unwrap_or(0)) * length;
        label(&mut sheet, item, (at(column, LABEL.0), at(row, LABEL.1)));
    }
    sheet
}

fn label(sheet: &mut Sheet, item: &ItemOut, (x, y): (f32, f32)) {
    let width = LABEL.0 - 2.0 * MARGIN;
    let (name, sku) = (bold(9.0), plain(8.0));
    sheet.text(x + MARGIN, y + 24.0, name, cut(&item.name, name, width));
    sheet.text(x + MARGIN, y + 36.0, sku, cut(&item.sku, sku, width));
    let code = item.barcode.as_deref().unwrap_or(&item.sku);
    if sheet.barcode((x + MARGIN, y + 44.0), (width, 34.0), code) {
        sheet.text(x + MARGIN, y + 88.0, plain(7.0), cut(code, plain(7.0), width));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_any_name_are_printed_a_page_for_each_24() {
        let item = |name: &str, barcode: Option<&str>| ItemOut {
            id: 1,
            sku: "HMR-001".to_owned(),
            name: name.to_owned(),
            description: String::new(),
            unit: "pcs".to_owned(),
            decimal_places: 0,
            barcode: barcode.map(str::to_owned),
            min_stock_level: domain::Quantity::ZERO,
            active: true,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            remaining: None,
        };
        let long = "Молоток гвоздодёр 300 г ".repeat(9);
        let pdf = labels(&[item(&long, Some("ключ")), item("Hammer\n\u{0}", Some("4006381333931"))], 13);
        let pdf = pdf.unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        let pages =
            pdf.windows(12).filter(|bytes| bytes == b"/Type /Page\n" || bytes == b"/Type/Page\n/").count();
        assert!(pages <= 2, "{pages}");
        assert!(labels(&[], 3).is_ok());
    }
}
