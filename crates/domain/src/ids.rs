//! Identifiers: 64-bit integers given by the server, one type per kind so that they cannot be mixed up.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A branch: a place that holds stock.
    BranchId
);
id!(
    /// An item: what is stocked.
    ItemId
);
id!(
    /// An order.
    OrderId
);
id!(
    /// One line of an order.
    LineId
);
id!(
    /// A movement: one line of the stock ledger.
    MovementId
);
