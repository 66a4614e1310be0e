//! Which orders are drafted: of which branch, with lines of which items.

use contract::{LineIn, OrderIn};
use domain::Quantity;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// How many branches there are; their ids count from 1.
pub const BRANCHES: i64 = 20;
/// How many items there are, each at every branch; their ids count from 1.
pub const ITEMS: i64 = 1_000;
/// Lines of every order that has more than one.
pub const LINES: usize = 3;

/// The kinds of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any items of any branch, all as likely.
    Spread,
    /// One item of one branch, the same for all.
    Hot,
    /// Items of two branches, the nth as likely as 1/n.
    Zipf,
}

/// Makes up orders, the same ones for the same seed.
pub struct Orders {
    shape: Shape,
    random: ChaCha8Rng,
    /// For each item the sum of the weights up to it.
    weights: Vec<f64>,
}

impl Orders {
    /// Orders of a kind.
    pub fn new(shape: Shape, seed: u64) -> Orders {
        let weights = (1..=1_000_u32).scan(0.0, |sum, rank| {
            *sum += 1.0 / f64::from(rank);
            Some(*sum)
        });
        Orders { shape, random: ChaCha8Rng::seed_from_u64(seed), weights: weights.collect() }
    }

    /// The branch and the items of another order.
    pub fn another(&mut self) -> (i64, Vec<i64>) {
        match self.shape {
            Shape::Hot => (1, vec![1]),
            Shape::Spread => (self.random.random_range(1..=BRANCHES), self.items()),
            Shape::Zipf => (self.random.random_range(1..=2), self.items()),
        }
    }

    /// The body of a request that drafts another order, of one unit a line.
    pub fn request(&mut self, reference: Option<String>) -> String {
        let (branch_id, items) = self.another();
        let lines = items.into_iter().map(|item_id| LineIn { item_id, requested_qty: Quantity::units(1) });
        let order = OrderIn { branch_id, reference, note: None, lines: lines.collect() };
        serde_json::to_string(&order).unwrap_or_default()
    }

    fn items(&mut self) -> Vec<i64> {
        let mut items = Vec::with_capacity(LINES);
        while items.len() < LINES {
            let item = self.item();
            if !items.contains(&item) {
                items.push(item);
            }
        }
        items
    }

    fn item(&mut self) -> i64 {
        if self.shape != Shape::Zipf {
            return self.random.random_range(1..=ITEMS);
        }
        let total = self.weights.last().copied().unwrap_or(1.0);
        let point = self.random.random_range(0.0..total);
        let rank = self.weights.partition_point(|sum| *sum <= point);
        i64::try_from(rank + 1).unwrap_or(ITEMS).min(ITEMS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_have_lines_of_different_items_that_exist() {
        for (shape, branches, lines) in
            [(Shape::Spread, BRANCHES, LINES), (Shape::Hot, 1, 1), (Shape::Zipf, 2, LINES)]
        {
            let mut orders = Orders::new(shape, 1);
            for (branch, mut items) in (0..500).map(|_| orders.another()) {
                items.sort_unstable();
                items.dedup();
                assert_eq!(items.len(), lines);
                assert!((1..=branches).contains(&branch));
                assert!(items.iter().all(|item| (1..=ITEMS).contains(item)));
            }
        }
    }

    #[test]
    fn under_zipf_the_first_item_is_asked_for_most() {
        let mut orders = Orders::new(Shape::Zipf, 1);
        let items: Vec<i64> = (0..2_000).flat_map(|_| orders.another().1).collect();
        let count = |item| items.iter().filter(|other| **other == item).count();
        assert!(
            count(1) > 2 * count(4) && count(4) > 2 * count(30),
            "{} {} {}",
            count(1),
            count(4),
            count(30)
        );
    }
}
