//! Policies as callers, officers and documents meet them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod deep;
mod documents;
mod examples;
mod faults;
mod folder;
mod roles;

use std::path::{Path, PathBuf};

use domain::order::OrderStatus;
use domain::{BranchId, ItemId, OrderId, Quantity, StockKey};
use identity::{BranchScope, Caller, Role};
use policy::{Action, Authorizer, OrderFacts, PolicyFile, Resource};

const OWN: BranchId = BranchId(1);
const OTHER: BranchId = BranchId(2);

fn caller(id: &str, roles: &[Role], scope: BranchScope) -> Caller {
    Caller::known(id, "someone", roles.iter().copied().collect(), scope)
}

fn at_own(roles: &[Role]) -> Caller {
    caller("7", roles, BranchScope::only([OWN]))
}

fn authorizer(files: &[PolicyFile]) -> Authorizer {
    Authorizer::with(files.to_vec()).unwrap()
}

fn order(branch: BranchId) -> OrderFacts<'static> {
    OrderFacts {
        id: Some(OrderId(5)),
        branch,
        status: OrderStatus::Submitted,
        lines: 1,
        largest_line: Quantity::units(3),
        made_by: None,
        submitted_by: None,
    }
}

fn stock(branch: BranchId, units: i32) -> Resource<'static> {
    stock_after(branch, Quantity::ZERO, Quantity::units(units))
}

fn stock_after(branch: BranchId, earlier: Quantity, change: Quantity) -> Resource<'static> {
    Resource::Stock { key: StockKey { branch, item: ItemId(3) }, change, earlier }
}

/// What an action is asked about, at a branch.
fn resources(action: Action, branch: BranchId) -> Vec<Resource<'static>> {
    use Action as A;
    let (company, at) = (Resource::Company, Resource::Branch(branch));
    match action {
        A::ViewBranches | A::ViewItems | A::ViewStock | A::ViewMovements | A::ViewOrders | A::ViewAudit => {
            vec![company, at]
        }
        A::ManageBranches => vec![company, at],
        A::EditBranch => vec![at],
        A::AdjustStock => vec![stock(branch, 5), stock(branch, -5_000)],
        A::OverrideNegative => vec![stock(branch, -5), Resource::Order(order(branch))],
        A::DraftOrders => vec![at, Resource::Order(order(branch))],
        A::SubmitOrders | A::FulfillOrders | A::CancelOrders | A::CancelOwnDrafts => {
            let own = OrderFacts { made_by: Some("7"), submitted_by: Some("7"), ..order(branch) };
            vec![Resource::Order(order(branch)), Resource::Order(own)]
        }
        A::ViewMovementReasons
        | A::ManageItems
        | A::ManageUsers
        | A::ManageClients
        | A::ManageKeys
        | A::ViewPolicies
        | A::ViewHealth
        | A::ViewPortalAudit => vec![company],
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn examples() -> Vec<PolicyFile> {
    policy::read_folder(&root().join("policies/examples")).unwrap()
}

fn example(name: &str) -> PolicyFile {
    examples().into_iter().find(|file| *file.name == *name).unwrap()
}
