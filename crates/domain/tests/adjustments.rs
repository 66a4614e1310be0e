//! Adjustments: counting down what is closed, and undoing.

use domain::adjustment::{Before, SetStock, StockFacts, Target, Undone, decide};
use domain::{BranchId, ItemId, Levels, MovementId, Quantity, Refusal, StockKey, StockLevel};
use proptest::prelude::*;

const KEY: StockKey = StockKey { branch: BranchId(1), item: ItemId(1) };
const MOVEMENT: MovementId = MovementId(7);

fn levels(on_hand: i32) -> Levels {
    let level = StockLevel { quantity: Quantity::units(on_hand), ..StockLevel::default() };
    [(KEY, level)].into_iter().collect()
}

fn facts(active: bool, undone: Option<Undone>) -> StockFacts {
    StockFacts { branch_active: active, item_active: true, decimal_places: 0, undone }
}

/// What an adjustment moves.
fn moved(to: Target, facts: StockFacts, on_hand: i32) -> Result<Quantity, Refusal> {
    let set = SetStock { key: KEY, to, expected: None, override_negative: true };
    decide(&set, facts, &levels(on_hand)).map(|posting| posting.changes[0].quantity)
}

proptest! {
    #[test]
    fn at_a_closed_branch_stock_only_moves_toward_zero(on_hand in -9_i32..9, to in -9_i32..9) {
        let decided = moved(Target::Quantity(Quantity::units(to)), facts(false, None), on_hand);
        match decided {
            Ok(change) => {
                prop_assert_eq!(change, Quantity::units(to - on_hand));
                prop_assert!(to.abs() <= on_hand.abs() && on_hand != 0 && to * on_hand >= 0);
            }
            Err(refusal) => {
                prop_assert_eq!(refusal, Refusal::InactiveBranch);
                prop_assert!(to.abs() > on_hand.abs() || on_hand == 0 || to * on_hand < 0);
            }
        }
    }

    #[test]
    fn an_undo_moves_as_much_as_the_movement_did_the_other_way(on_hand in -9_i32..9, did in 1_i32..9, up: bool) {
        let did = Quantity::units(if up { did } else { -did });
        let undone = Undone { quantity: did, before: Before::No };
        let to = Target::Undo { movement: MOVEMENT, leaves: None };
        prop_assert_eq!(moved(to, facts(true, Some(undone)), on_hand), Ok(-did));
        let before = Before::By(MovementId(8));
        let refused = moved(to, facts(true, Some(Undone { before, ..undone })), on_hand);
        prop_assert_eq!(refused, Err(Refusal::UndoneBefore { movement: MOVEMENT, by: Some(MovementId(8)) }));
    }
}

#[test]
fn what_is_no_adjustment_of_the_level_is_not_undone() {
    let to = Target::Undo { movement: MOVEMENT, leaves: None };
    assert_eq!(moved(to, facts(true, None), 5).unwrap_err(), Refusal::NotUndoable);
}

#[test]
fn an_undo_leaves_what_was_expected_or_is_refused() {
    let undone = Undone { quantity: Quantity::units(2), before: Before::No };
    let leaves = |leaves| Target::Undo { movement: MOVEMENT, leaves: Some(Quantity::units(leaves)) };
    assert_eq!(moved(leaves(3), facts(true, Some(undone)), 5).unwrap(), Quantity::units(-2));
    assert_eq!(
        moved(leaves(4), facts(true, Some(undone)), 5).unwrap_err(),
        Refusal::UndoLeaves(Quantity::units(3))
    );
}
