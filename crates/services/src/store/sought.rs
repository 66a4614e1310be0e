//! Orders sought by id, each within the branches that its asker sees: what is outside is neither read nor locked.

use domain::OrderId;
use identity::BranchScope;
use platform::pg::types::ToSql;

/// Which orders, each within what its asker sees: `$1` to `$4` of [`Sought`], for a table's columns of the order and of its
/// branch. What is outside is neither read nor locked.
macro_rules! sought {
    ($order:literal, $branch:literal) => {
        concat!(
            $order,
            " = any($1::bigint[]) and (($2::bigint[])[array_position($1::bigint[], ",
            $order,
            ")] = 0 or (($2::bigint[])[array_position($1::bigint[], ",
            $order,
            ")], ",
            $branch,
            ") in (select k.scope, k.branch_id from unnest($3::bigint[], $4::bigint[]) k(scope, branch_id)))"
        )
    };
}
pub(super) use sought;

/// Orders by id, each within what its asker sees. Scopes are few where orders are many, so each is sent once.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    /// Each once.
    pub(super) ids: Vec<i64>,
    /// The number of each one's scope; 0 for every branch.
    scope_of: Vec<i64>,
    /// The scopes other than every branch, from number 1 on.
    scopes: Vec<BranchScope>,
    /// Their branches: of which scope, and which.
    numbers: Vec<i64>,
    branches: Vec<i64>,
}

impl Sought {
    /// An order, as far as it is at a branch of `scope`. One that is sought by several is there if one of them sees it.
    pub(crate) fn add(&mut self, order: OrderId, scope: &BranchScope) {
        let known = self.ids.iter().position(|id| *id == order.0);
        let before = known.and_then(|at| self.scope_of.get(at).copied());
        let number = match before {
            None => self.number(scope),
            Some(before) => {
                let before = before.checked_sub(1).and_then(|n| self.scopes.get(usize::try_from(n).ok()?));
                let both = match (before, scope) {
                    (Some(BranchScope::Only(before)), BranchScope::Only(branches)) => {
                        BranchScope::only(before.iter().chain(branches.iter()).copied())
                    }
                    _ => BranchScope::All,
                };
                self.number(&both)
            }
        };
        match known.and_then(|at| self.scope_of.get_mut(at)) {
            Some(scope_of) => *scope_of = number,
            None => {
                self.ids.push(order.0);
                self.scope_of.push(number);
            }
        }
    }

    /// The number of a scope, which is sent if it was not yet.
    fn number(&mut self, scope: &BranchScope) -> i64 {
        let BranchScope::Only(branches) = scope else { return 0 };
        let known = self.scopes.iter().position(|known| known == scope);
        let index = known.unwrap_or(self.scopes.len());
        let number = i64::try_from(index).map_or(i64::MAX, |index| index.saturating_add(1));
        if known.is_none() {
            self.scopes.push(scope.clone());
            self.numbers.extend(branches.iter().map(|_| number));
            self.branches.extend(branches.iter().map(|branch| branch.0));
        }
        number
    }

    /// Whether none is sought.
    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The parameters of [`sought`].
    pub(super) fn params(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.ids, &self.scope_of, &self.numbers, &self.branches]
    }
}
