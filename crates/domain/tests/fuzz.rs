//! Every text that might be a quantity: `make fuzz` makes them, guided by what of the code they reach.

use bolero::check;
use domain::Quantity;

#[test]
fn what_is_read_as_a_quantity_is_written_and_read_as_the_same() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let Ok(quantity) = text.parse::<Quantity>() else { return };
        assert!((Quantity::MIN..=Quantity::MAX).contains(&quantity), "{text:?}");
        let written = quantity.to_string();
        assert_eq!(written.parse(), Ok(quantity), "{text:?}");
        // Whoever else reads the number, sees the same, as far as a binary float can tell.
        let (ours, theirs) = (written.parse::<f64>(), text.parse::<f64>());
        assert_eq!(ours.ok(), theirs.ok().map(|number| number + 0.0), "{text:?}");
    });
}

#[test]
fn every_quantity_comes_back_from_its_text() {
    check!().with_type::<i64>().cloned().for_each(|thousandths| {
        let Some(quantity) = Quantity::from_thousandths(thousandths) else { return };
        assert_eq!(quantity.to_string().parse(), Ok(quantity));
    });
}
