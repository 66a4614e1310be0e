//! Actions: what may be asked. The schema says of each what it is for and what it is asked about.

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $action:ident,)+) => {
        /// What a caller may want to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[doc = $doc])+ $action,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Action] = &[$(Action::$action,)+];

            /// Its name, in policies, in the audit and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Action::$action => stringify!($action),)+ }
            }
        }
    };
}

actions! {
    /// See branches.
    ViewBranches,
    /// See items.
    ViewItems,
    /// See stock levels.
    ViewStock,
    /// See the ledger.
    ViewMovements,
    /// See the reasons in the ledger.
    ViewMovementReasons,
    /// See orders.
    ViewOrders,
    /// See the audit of the services.
    ViewAudit,
    /// Create and delete branches.
    ManageBranches,
    /// Change a branch.
    EditBranch,
    /// Create, change and delete items.
    ManageItems,
    /// Set what is on hand.
    AdjustStock,
    /// Let what is on hand fall below zero.
    OverrideNegative,
    /// Create, change and delete drafts.
    DraftOrders,
    /// Submit orders.
    SubmitOrders,
    /// Fulfil orders.
    FulfillOrders,
    /// Cancel any order.
    CancelOrders,
    /// Cancel a draft, asked of who may not cancel any order.
    CancelOwnDrafts,
    /// Add and change users, and end their sessions and tokens.
    ManageUsers,
    /// Add and change API clients.
    ManageClients,
    /// Make, switch and retire signing keys.
    ManageKeys,
    /// See the policies in force.
    ViewPolicies,
    /// See how the parts of the program are.
    ViewHealth,
    /// See the audit of the portal.
    ViewPortalAudit,
}

impl Action {
    /// The action of that name, whatever its case.
    pub fn parse(name: &str) -> Option<Action> {
        Action::ALL.iter().copied().find(|action| action.name().eq_ignore_ascii_case(name))
    }

    /// Whether it shows the services' data. A list shows many branches' rows at once, so that a view is decided for
    /// the company as a whole; its rows are those of the branches in the caller's scope.
    pub(crate) const fn is_view(self) -> bool {
        matches!(
            self,
            Action::ViewBranches
                | Action::ViewItems
                | Action::ViewStock
                | Action::ViewMovements
                | Action::ViewMovementReasons
                | Action::ViewOrders
                | Action::ViewAudit
        )
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
