//! The examples, each by itself.

use identity::{BranchScope, Owners, Role};
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
    let owners = [("client-3".to_owned(), "7".to_owned())];
    authorizer.know_owners(Owners::of(owners.into_iter().collect()));
    assert!(!may("client-3", submitted) && !may("client-4", submitted), "no client fulfils");
    let by_client = |id| OrderFacts { submitted_by: Some(id), ..order(OWN) };
    assert!(!may("7", by_client("client-3")) && may("8", by_client("client-3")));
    assert!(!may("7", by_client("client-4")) && !may("8", by_client("client-4")), "nobody answers for it");
    assert!(may("7", order(OWN)), "an imported order was submitted by nobody");
    let draft = OrderFacts { status: OrderStatus::Draft, ..order(OWN) };
    assert!(!may("7", draft) && !may("8", draft));
}

#[test]
fn adjustments_of_more_than_a_hundred_units_need_an_admin() {
    let authorizer = authorizer(&[example("large-adjustments.cedar")]);
    let after = |role, earlier, thousandths| {
        let [earlier, change] = [earlier, thousandths].map(|n| Quantity::from_thousandths(n).unwrap());
        authorizer.allows(&at_own(&[role]), Action::AdjustStock, stock_after(OWN, earlier, change))
    };
    let may = |role, thousandths| after(role, 0, thousandths);
    assert!(after(Role::Manager, 60_000, -40_000) && !after(Role::Manager, 60_000, -40_001));
    assert!(after(Role::Admin, 60_000, -40_001));
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
    let client = |role| caller("client-3", &[role], BranchScope::only([OWN]));
    let client_may = |role| authorizer.allows(&client(role), fulfil, Resource::Order(order(OWN)));
    assert!(!client_may(Role::Manager) && client_may(Role::Admin));
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

#[test]
fn a_manager_of_some_branches_keeps_the_catalogue_and_no_more() {
    let authorizer = authorizer(&[example("branch-managers-keep-the-catalogue.cedar")]);
    let may = |role, action| authorizer.allows(&at_own(&[role]), action, Resource::Company);
    assert!(may(Role::Manager, Action::ManageItems));
    assert!(!may(Role::Worker, Action::ManageItems) && !may(Role::Manager, Action::ManageBranches));
}

#[test]
fn an_admin_of_some_branches_administers_people_and_programs_and_no_more() {
    let authorizer = authorizer(&[example("branch-admins-administer.cedar")]);
    let may = |role, action| authorizer.allows(&at_own(&[role]), action, Resource::Company);
    for action in [Action::ManageUsers, Action::ManageClients] {
        assert!(may(Role::Admin, action) && !may(Role::Manager, action));
    }
    for action in [Action::ManageKeys, Action::ViewPolicies, Action::ViewHealth, Action::ViewPortalAudit] {
        assert!(!may(Role::Admin, action), "{action}");
    }
}
