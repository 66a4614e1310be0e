//! The registry of every SQL statement the program can send.

use linkme::distributed_slice;

/// Every statement of every crate linked into the program, in no particular order.
///
/// A test prepares each one as its owner's role against the migrated schema, so that a misspelt column cannot ship.
#[distributed_slice]
pub static STATEMENTS: [Statement];

/// One SQL statement, written down once and prepared once per connection.
#[derive(Debug)]
pub struct Statement {
    /// The name of the static that holds it, for logs and tests.
    pub name: &'static str,
    /// Who may send it: the name of the half of the program that owns the tables it touches.
    pub owner: &'static str,
    /// The text, with `$1`-style parameters.
    pub sql: &'static str,
}

/// Defines documented, registered [`Statement`] statics.
///
/// ```
/// platform::statement! {
///     /// The answer of the server to the question of how many fingers these are.
///     pub(crate) COUNT_FINGERS: "hands" = "select $1::bigint as fingers";
/// }
/// assert_eq!(COUNT_FINGERS.name, "COUNT_FINGERS");
/// ```
///
/// The text may also be `include_str!("lock_orders.sql")`, or a `concat!` of literals.
#[macro_export]
macro_rules! statement {
    ($($(#[$attribute:meta])* $visibility:vis $name:ident : $owner:literal = $sql:expr;)+) => {
        $(
            $(#[$attribute])*
            #[$crate::pg::linkme::distributed_slice($crate::pg::STATEMENTS)]
            #[linkme(crate = $crate::pg::linkme)]
            $visibility static $name: $crate::pg::Statement =
                $crate::pg::Statement { name: stringify!($name), owner: $owner, sql: $sql };
        )+
    };
}
