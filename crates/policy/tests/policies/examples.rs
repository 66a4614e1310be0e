//! The examples, each by itself.

use identity::{BranchScope, Role};
use policy::{Action, OrderFacts, Resource};

use super::*;

#[test]
fn nobody_both_submits_and_fulfils_an_order() {
    let authorizer = authorizer(&[example("four-eyes.cedar")]);
    let may = |id, order| {
        authorizer.allows(
            &caller(id, &[Role::Admin], BranchScope::All),
            Action::FulfillOrders,
            Resource::Order(order),
        )
    };
    let submitted = OrderFacts { submitted_by: Some("7"), ..order(OWN) };
    assert!(!may("7", submitted) && may("8", submitted));
    assert!(may("7", order(OWN)), "an imported order was submitted by nobody");
    let draft = OrderFacts { status: OrderStatus::Draft, ..order(OWN) };
    assert!(!may("7", draft) && !may("8", draft));
}

#[test]
fn adjustments_of_more_than_a_hundred_units_need_an_admin() {
    let authorizer = authorizer(&[example("large-adjustments.cedar")]);
    let may = |role, thousandths| {
        let change = Quantity::from_thousandths(thousandths).unwrap();
        let resource = Resource::Stock { key: StockKey { branch: OWN, item: ItemId(3) }, change };
        authorizer.allows(&at_own(&[role]), Action::AdjustStock, resource)
    };
    for (thousandths, manager) in [
        (100_000, true),
        (-100_000, true),
        (100_001, false),
        (-100_001, false),
        (0, true),
        (i64::MAX / 100_000, false),
    ] {
        assert_eq!(may(Role::Manager, thousandths), manager, "{thousandths}");
        assert!(may(Role::Admin, thousandths) && !may(Role::Worker, thousandths));
    }
}

#[test]
fn a_manager_fulfils_at_own_branches_only() {
    let authorizer = authorizer(&[example("managers-fulfil-at-own-branches.cedar")]);
    let may = |roles: &[Role], scope, action| {
        authorizer.allows(&caller("7", roles, scope), action, Resource::Order(order(OWN)))
    };
    let fulfil = Action::FulfillOrders;
    assert!(may(&[Role::Manager], BranchScope::only([OWN, OTHER]), fulfil));
    assert!(!may(&[Role::Manager], BranchScope::only([OTHER]), fulfil));
    assert!(!may(&[Role::Manager], BranchScope::All, fulfil));
    assert!(may(&[Role::Manager], BranchScope::All, Action::SubmitOrders));
    assert!(may(&[Role::Admin], BranchScope::All, fulfil));
    assert!(may(&[Role::Admin, Role::Manager], BranchScope::All, fulfil));
}

#[test]
fn a_worker_sees_movements_and_not_their_reasons() {
    let authorizer = authorizer(&[example("workers-see-no-reasons.cedar")]);
    let may = |roles: &[Role], action| authorizer.allows(&at_own(roles), action, Resource::Company);
    assert!(may(&[Role::Worker], Action::ViewMovements));
    assert!(!may(&[Role::Worker], Action::ViewMovementReasons));
    assert!(may(&[Role::Worker, Role::Manager], Action::ViewMovementReasons));
    assert!(may(&[Role::Auditor], Action::ViewMovementReasons));
}
