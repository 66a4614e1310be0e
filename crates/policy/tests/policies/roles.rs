//! What each role may do by the policies that ship, and what no policy changes.

use identity::{BranchScope, Role};
use policy::{Action, Answer, Denied, OrderFacts, Resource};

use super::*;

#[test]
fn each_role_may_do_what_the_contract_says_and_what_is_the_companys_at_all_branches_alone() {
    use Action as A;
    let authorizer = authorizer(&[]);
    let reads = [
        A::ViewBranches,
        A::ViewItems,
        A::ViewStock,
        A::ViewMovements,
        A::ViewMovementReasons,
        A::ViewOrders,
    ];
    let manages = [
        A::EditBranch,
        A::ManageItems,
        A::AdjustStock,
        A::DraftOrders,
        A::SubmitOrders,
        A::FulfillOrders,
        A::CancelOrders,
    ];
    let audits = [A::ViewAudit, A::ViewPortalAudit];
    let of_company = [
        A::ManageBranches,
        A::ManageItems,
        A::ManageUsers,
        A::ManageClients,
        A::ManageKeys,
        A::ViewPolicies,
        A::ViewHealth,
        A::ViewPortalAudit,
    ];
    for role in Role::ALL {
        for action in Action::ALL.iter().filter(|action| **action != A::CancelOwnDrafts) {
            let allowed = match role {
                Role::Admin => true,
                Role::Manager => reads.contains(action) || manages.contains(action),
                Role::Worker => reads.contains(action) || *action == A::DraftOrders,
                Role::Auditor => reads.contains(action) || audits.contains(action),
            };
            for resource in resources(*action, OWN) {
                for id in ["7", "client-7"] {
                    let may = |scope| authorizer.allows(&caller(id, &[role], scope), *action, resource);
                    assert_eq!(may(BranchScope::All), allowed, "{role} {action} {resource}");
                    let at_own = may(BranchScope::only([OWN]));
                    assert_eq!(at_own, allowed && !of_company.contains(action), "{role} {action} {resource}");
                }
            }
        }
    }
}

#[test]
fn a_worker_may_cancel_a_draft_that_it_made_and_no_other() {
    let authorizer = authorizer(&[]);
    let may = |made_by| {
        let order = Resource::Order(OrderFacts { made_by, ..order(OWN) });
        authorizer.allows(&at_own(&[Role::Worker]), Action::CancelOwnDrafts, order)
    };
    assert!(may(Some("7")));
    assert!(!may(Some("8")) && !may(None));
}

#[test]
fn a_branch_outside_the_scope_is_hidden_whatever_the_roles_and_policies_say() {
    let all = PolicyFile::new("all.cedar", "permit (principal, action, resource);");
    let authorizer = authorizer(&[all]);
    for action in Action::ALL {
        for resource in resources(*action, OTHER).into_iter().filter(|it| it.branch().is_some()) {
            let denied = authorizer.authorize(&at_own(&Role::ALL), *action, resource).unwrap_err();
            assert!(matches!(denied, Denied::Hidden(_)), "{action} {resource}");
            assert!(!authorizer.allows(&at_own(&Role::ALL), *action, resource));
        }
    }
}

#[test]
fn a_caller_without_a_role_may_do_nothing() {
    let authorizer = authorizer(&[]);
    let nobody = caller("7", &[], BranchScope::All);
    for action in Action::ALL {
        for resource in resources(*action, OWN) {
            assert!(!authorizer.allows(&nobody, *action, resource), "{action} {resource}");
        }
    }
}

#[test]
fn an_answer_names_the_policies_that_decided() {
    let authorizer = authorizer(&[example("large-adjustments.cedar")]);
    let asked = |units, role| {
        let decision = authorizer.explain(&at_own(&[role]), Action::AdjustStock, stock(OWN, units));
        let names: Vec<String> = decision.policies.iter().map(|policy| policy.name.to_string()).collect();
        (decision.answer, names)
    };
    let shipped = "shipped/roles.cedar#manager-runs-its-branches".to_owned();
    let forbids = "large-adjustments.cedar#large-adjustments-need-an-admin".to_owned();
    assert_eq!(asked(100, Role::Manager), (Answer::Allowed, vec![shipped]));
    assert_eq!(asked(101, Role::Manager), (Answer::Forbidden, vec![forbids]));
    assert_eq!(asked(1, Role::Worker), (Answer::Forbidden, vec![]));
    let denied =
        authorizer.authorize(&at_own(&[Role::Manager]), Action::AdjustStock, stock(OWN, -101)).unwrap_err();
    let refused = denied.refused();
    assert_eq!((refused.resource.as_str(), refused.branch), ("stock:1:3", Some(OWN)));
    assert_eq!(refused.policies.len(), 1);
}

/// Answers that are kept, and answers that are not, are the same for every caller and question.
#[test]
fn what_is_kept_is_what_is_decided() {
    let one_user = r#"forbid (principal == User::"9", action == Action::"SubmitOrders", resource);
        forbid (principal, action == Action::"CancelOrders", resource in Branch::"2");
        permit (principal is Client, action == Action::"ManageItems", resource);
        forbid (principal, action == Action::"ManageKeys", resource) unless { principal.all_branches };
        forbid (principal, action == Action::"ViewHealth", resource) when { !principal.all_branches };
        permit (principal in Role::"Worker", action == Action::"ViewHealth", resource) when { principal.all_branches };"#;
    for files in [vec![], examples(), vec![PolicyFile::new("mine.cedar", one_user)]] {
        let authorizer = authorizer(&files);
        let mut allowed = 0;
        // Twice: the second time by what the first has kept.
        for _ in 0..2 {
            for roles in 0..16_usize {
                let roles: Vec<Role> = Role::ALL
                    .into_iter()
                    .enumerate()
                    .filter(|(n, _)| roles >> n & 1 == 1)
                    .map(|(_, r)| r)
                    .collect();
                for (id, scope) in [
                    ("7", BranchScope::All),
                    ("9", BranchScope::only([OWN, OTHER])),
                    ("client-9", BranchScope::only([OTHER])),
                    ("client-9", BranchScope::All),
                ] {
                    let caller = caller(id, &roles, scope);
                    for action in Action::ALL {
                        for resource in resources(*action, OWN).into_iter().chain(resources(*action, OTHER)) {
                            let anew = authorizer.explain(&caller, *action, resource);
                            let may = authorizer.allows(&caller, *action, resource);
                            assert_eq!(
                                may,
                                anew.answer == Answer::Allowed,
                                "{id} {roles:?} {action} {resource}"
                            );
                            assert!(anew.errors.is_empty(), "{:?}", anew.errors);
                            allowed += usize::from(may);
                        }
                    }
                }
            }
        }
        assert!(allowed > 1_000, "{allowed}");
    }
}

#[test]
fn a_policy_that_cannot_be_asked_allows_nothing() {
    let overflow = r#"forbid (principal, action == Action::"AdjustStock", resource)
        when { context.units * 9223372036854775807 > 5 };"#;
    let authorizer = authorizer(&[PolicyFile::new("overflow.cedar", overflow)]);
    let admin = at_own(&[Role::Admin]);
    assert!(authorizer.allows(&admin, Action::AdjustStock, stock(OWN, 1)).eq(&false));
    assert!(!authorizer.allows(&admin, Action::AdjustStock, stock(OWN, 2)));
    let decision = authorizer.explain(&admin, Action::AdjustStock, stock(OWN, 2));
    assert_eq!(decision.answer, Answer::Forbidden);
    assert!(decision.errors[0].contains("overflow.cedar#1"), "{:?}", decision.errors);
}
