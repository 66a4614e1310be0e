//! Quantities as PostgreSQL's `numeric`.

use std::error::Error;

use bytes::BytesMut;
use domain::Quantity;
use rust_decimal::Decimal;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// A quantity on its way to or from a `numeric(15,3)` column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Num(pub Quantity);

impl ToSql for Num {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Decimal::new(self.0.thousandths(), 3).to_sql(ty, out)
    }

    accepts!(NUMERIC);
    to_sql_checked!();
}

impl FromSql<'_> for Num {
    fn from_sql(ty: &Type, raw: &[u8]) -> Result<Num, Box<dyn Error + Sync + Send>> {
        let mut decimal = Decimal::from_sql(ty, raw)?;
        decimal.rescale(3);
        let thousandths = i64::try_from(decimal.mantissa())?;
        Quantity::from_thousandths(thousandths)
            .map(Num)
            .ok_or_else(|| "a stored quantity is out of range".into())
    }

    accepts!(NUMERIC);
}
