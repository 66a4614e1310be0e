//! Random sequences of commands, held against everything that must hold after each of them.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use domain::order::{OrderCommand, OrderStatus};
use domain::{Change, Levels, Movement, MovementKind, Posting, Quantity, Refusal, StockLevel};
use proptest::prelude::*;

use self::world::{ITEMS, PLACES, Step, World, key};

/// Halves of a unit: few enough that stock is often just enough, and often just not.
fn halves(count: std::ops::Range<i64>) -> impl Strategy<Value = Quantity> {
    count.prop_map(|halves| Quantity::from_thousandths(halves * 500).unwrap())
}

fn order_command() -> impl Strategy<Value = OrderCommand> {
    prop_oneof![
        3 => Just(OrderCommand::Submit),
        3 => prop::bool::weighted(0.2).prop_map(|override_negative| OrderCommand::Fulfil { override_negative }),
        1 => Just(OrderCommand::Cancel),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let item = 0..ITEMS;
    let line = (item.clone(), halves(1..8));
    prop_oneof![
        4 => (0..PLACES, prop::collection::vec(line, 1..4)).prop_map(|(place, lines)| Step::Draft { place, lines }),
        8 => (any::<prop::sample::Index>(), order_command()).prop_map(|(order, command)| Step::Order { order, command }),
        3 => (0..PLACES, item.clone(), halves(-4..24), prop::bool::weighted(0.2))
            .prop_map(|(place, item, quantity, override_negative)| Step::Count { place, item, quantity, override_negative }),
        1 => (item, any::<bool>()).prop_map(|(item, active)| Step::Item { item, active }),
        1 => (0..PLACES, any::<bool>()).prop_map(|(place, active)| Step::Branch { place, active }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_commanded_every_invariant_holds_after_each_step(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::stocked();
        for step in &steps {
            let _ = world.take(step);
            world.assert_sound(step);
        }
    }

    #[test]
    fn a_refused_command_changes_nothing_and_an_allowed_one_is_not_refused(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::stocked();
        for step in &steps {
            let (expected, before) = (world.expects(step), world.clone());
            let answer = world.take(step);
            prop_assert_eq!(answer.is_ok(), expected, "{:?}: {:?}", step, answer);
            if answer.is_err() {
                prop_assert_eq!(&world, &before);
            }
        }
    }

    #[test]
    fn a_refusal_for_want_of_stock_names_exactly_the_lines_that_are_short(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::stocked();
        for step in &steps {
            let short = world.short_lines(step);
            if let Err(Refusal::InsufficientStock(named)) = world.take(step) {
                prop_assert_eq!(named, short);
            }
        }
    }

    #[test]
    fn what_has_ended_never_changes_again(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::stocked();
        for step in &steps {
            let before: Vec<OrderStatus> = world.statuses().collect();
            let _ = world.take(step);
            for (before, after) in before.into_iter().zip(world.statuses()) {
                let ended = matches!(before, OrderStatus::Fulfilled | OrderStatus::Cancelled);
                prop_assert!(!ended || before == after, "{:?} became {:?}", before, after);
            }
        }
    }

    #[test]
    fn promised_stock_can_be_shipped_as_long_as_it_is_on_hand(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::stocked();
        for step in &steps {
            let _ = world.take(step);
        }
        for order in world.submitted() {
            let enough = world.on_hand_covers(order);
            let fulfil = OrderCommand::Fulfil { override_negative: false };
            prop_assert_eq!(world.command(order, fulfil).is_ok(), enough);
        }
    }

    #[test]
    fn more_than_is_promised_cannot_be_released(promised in 0_i64..50, more in 1_i64..50) {
        let mut levels = levels_of(Quantity::units(9), promised);
        let released = post_one(&mut levels, Quantity::ZERO, Quantity::from_thousandths(-promised - more).unwrap());
        prop_assert_eq!(released, Err(Refusal::Inconsistent));
        prop_assert_eq!(levels.get(key(0, 0)).reserved.thousandths(), promised);
    }

    #[test]
    fn sums_that_leave_the_range_of_quantities_are_refused(more in 1_i64..1_000) {
        let mut levels = levels_of(Quantity::MAX, 0);
        let added = post_one(&mut levels, Quantity::from_thousandths(more).unwrap(), Quantity::ZERO);
        prop_assert_eq!(added, Err(Refusal::OutOfRange));
        prop_assert_eq!(levels.get(key(0, 0)).quantity, Quantity::MAX);
    }
}

/// One level, of which so many thousandths are promised.
fn levels_of(quantity: Quantity, promised: i64) -> Levels {
    let reserved = Quantity::from_thousandths(promised).unwrap();
    [(key(0, 0), StockLevel { quantity, reserved })].into_iter().collect()
}

fn post_one(levels: &mut Levels, quantity: Quantity, reserved: Quantity) -> Result<Vec<Movement>, Refusal> {
    let change = Change { key: key(0, 0), quantity, reserved, override_negative: true };
    levels.post(&Posting { kind: MovementKind::Adjustment, changes: vec![change] })
}
