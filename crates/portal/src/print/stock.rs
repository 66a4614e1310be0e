//! What labels are printed on: sheets as they are sold, and rolls with one label after the other.

use super::sheet::MM;

/// A sheet of labels, or one label of a roll. Lengths are in tenths of a millimetre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stock {
    /// Its name in addresses.
    pub word: &'static str,
    /// The name of the paper; empty for a roll.
    pub paper: &'static str,
    page: (u16, u16),
    pub columns: u16,
    pub rows: u16,
    /// Width and height of a label.
    pub label: (u16, u16),
    /// Where the first label begins.
    first: (u16, u16),
    /// From the beginning of one label to that of the next.
    step: (u16, u16),
}

const A4: (u16, u16) = (2100, 2970);
const LETTER: (u16, u16) = (2159, 2794);

const fn a4(
    word: &'static str,
    (columns, rows): (u16, u16),
    label: (u16, u16),
    first: (u16, u16),
    step: (u16, u16),
) -> Stock {
    Stock { word, paper: "A4", page: A4, columns, rows, label, first, step }
}

const fn letter(
    word: &'static str,
    (columns, rows): (u16, u16),
    label: (u16, u16),
    first: (u16, u16),
    step: (u16, u16),
) -> Stock {
    Stock { word, paper: "Letter", page: LETTER, columns, rows, label, first, step }
}

const fn roll(word: &'static str, label: (u16, u16)) -> Stock {
    Stock { word, paper: "", page: label, columns: 1, rows: 1, label, first: (0, 0), step: label }
}

impl Stock {
    /// Those to choose from. The first is taken where none is chosen.
    pub(crate) const ALL: &[Stock] = &[
        a4("a4-3x8", (3, 8), (700, 370), (0, 5), (700, 370)),
        a4("a4-3x7", (3, 7), (635, 381), (72, 151), (660, 381)),
        a4("a4-2x7", (2, 7), (991, 381), (47, 151), (1016, 381)),
        a4("a4-2x8", (2, 8), (991, 339), (47, 129), (1016, 339)),
        a4("a4-2x4", (2, 4), (991, 677), (47, 131), (1016, 677)),
        a4("a4-4x10", (4, 10), (485, 254), (80, 215), (485, 254)),
        a4("a4-4x12", (4, 12), (457, 212), (98, 213), (483, 212)),
        a4("a4-5x13", (5, 13), (381, 212), (48, 107), (406, 212)),
        letter("letter-3x10", (3, 10), (667, 254), (48, 127), (699, 254)),
        letter("letter-2x5", (2, 5), (1016, 508), (40, 127), (1064, 508)),
        roll("roll-62x29", (620, 290)),
        roll("roll-57x32", (570, 320)),
        roll("roll-89x36", (890, 360)),
        roll("roll-50x25", (500, 250)),
        roll("roll-100x50", (1000, 500)),
        roll("roll-102x152", (1020, 1520)),
    ];

    /// The stock of that name; the first one where there is none.
    pub(crate) fn named(word: Option<&str>) -> Stock {
        let named = Stock::ALL.iter().find(|stock| Some(stock.word) == word);
        named.or(Stock::ALL.first()).copied().unwrap_or(roll("", (700, 370)))
    }

    /// How many labels a page has.
    pub(crate) const fn labels(self) -> usize {
        self.columns as usize * self.rows as usize
    }

    /// How far, in millimetres, all may be moved in any direction and still be on the paper.
    pub(crate) const fn farthest(self) -> f32 {
        if self.first.0 < 30 { 2.0 } else { 5.0 }
    }

    pub(super) fn page(self) -> (f32, f32) {
        (points(self.page.0), points(self.page.1))
    }

    pub(super) fn label(self) -> (f32, f32) {
        (points(self.label.0), points(self.label.1))
    }

    /// How much of a label stays free at its edges: more where labels begin at the edge of the paper, which printers do not
    /// reach.
    pub(super) fn margins(self) -> (f32, f32) {
        let at_edge = !self.paper.is_empty() && self.first.0 < 30;
        let small = self.label.1 < 230;
        let sides = match (at_edge, small) {
            (true, _) => 50,
            (false, true) => 15,
            (false, false) => 20,
        };
        (points(sides), points(if small { 15 } else { 25 }))
    }

    /// Where a label of a page is, counted from the upper left one row after row.
    pub(super) fn place(self, n: usize) -> (f32, f32) {
        let n = u16::try_from(n % self.labels().max(1)).unwrap_or(0);
        let (column, row) = (n % self.columns, n / self.columns);
        (points(self.first.0 + column * self.step.0), points(self.first.1 + row * self.step.1))
    }
}

fn points(tenths: u16) -> f32 {
    f32::from(tenths) * MM / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_reaches_over_its_page_or_another_label() {
        for stock in Stock::ALL {
            let right = stock.first.0 + (stock.columns - 1) * stock.step.0 + stock.label.0;
            let below = stock.first.1 + (stock.rows - 1) * stock.step.1 + stock.label.1;
            assert!(right <= stock.page.0 && below <= stock.page.1, "{stock:?}");
            assert!(stock.label.0 <= stock.step.0 && stock.label.1 <= stock.step.1, "{stock:?}");
            // What is left at the right and below is what is left at the left and above, to a millimetre.
            assert!(stock.first.0.abs_diff(stock.page.0 - right) <= 10, "{stock:?}");
            assert!(stock.first.1.abs_diff(stock.page.1 - below) <= 10, "{stock:?}");
        }
    }
}
