//! What a decision costs: the policies that ship, and all examples beside them.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use domain::order::OrderStatus;
use domain::{BranchId, ItemId, OrderId, Quantity, StockKey};
use identity::{BranchScope, Caller, Role};
use policy::{Action, Authorizer, OrderFacts, Resource};

use crate::{Result, output};

/// How often each question is asked.
const TIMES: u32 = 20_000;
/// Rounds; their median counts.
const ROUNDS: usize = 5;

/// Which policies.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Policies to ask beside those that ship
    #[arg(long, value_name = "DIR", default_value = "policies/examples")]
    policies: PathBuf,
}

/// Asks questions of the hot path and of the lists, and prints what an answer takes.
///
/// # Errors
/// When the policies are bad.
pub fn measure(args: &Args) -> Result<()> {
    let branch = BranchId(3);
    let manager =
        Caller::known("7", "mia", [Role::Manager].into_iter().collect(), BranchScope::only([branch]));
    let order = Resource::Order(OrderFacts {
        id: Some(OrderId(5)),
        branch,
        status: OrderStatus::Submitted,
        lines: 3,
        largest_line: Quantity::units(2),
        made_by: Some("8"),
        submitted_by: Some("9"),
    });
    let stock = Resource::Stock {
        key: StockKey { branch, item: ItemId(4) },
        change: Quantity::units(-2),
        earlier: Quantity::ZERO,
    };
    let questions = [
        ("see orders", Action::ViewOrders, Resource::Branch(branch)),
        ("fulfil an order", Action::FulfillOrders, order),
        ("adjust stock", Action::AdjustStock, stock),
    ];
    let sets = [
        ("policies that ship", Authorizer::open(None)?),
        ("with the examples", Authorizer::open(Some(&args.policies))?),
    ];
    output::line(format_args!(
        "{:<20} {:<16} {:>14} {:>14}",
        "policies", "question", "as asked", "asked anew"
    ));
    for (set, authorizer) in &sets {
        for (question, action, resource) in questions {
            let asked = median(|| {
                black_box(authorizer.authorize(black_box(&manager), action, resource).is_ok());
            });
            let anew = median(|| {
                black_box(authorizer.explain(black_box(&manager), action, resource));
            });
            output::line(format_args!("{set:<20} {question:<16} {asked:>11} ns {anew:>11} ns"));
        }
    }
    Ok(())
}

/// Nanoseconds that `work` takes.
fn median(mut work: impl FnMut()) -> u128 {
    let mut rounds: Vec<u128> = std::iter::repeat_with(|| {
        let began = Instant::now();
        for _ in 0..TIMES {
            work();
        }
        began.elapsed().as_nanos() / u128::from(TIMES)
    })
    .take(ROUNDS)
    .collect();
    rounds.sort_unstable();
    rounds.get(ROUNDS / 2).copied().unwrap_or_default()
}
