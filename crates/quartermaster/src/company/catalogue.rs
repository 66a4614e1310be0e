//! The company's items: families of building supplies, each in several makes and sizes.

use domain::Quantity;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use services::bulk::Kind;

use super::{File, csv_file};

/// An item, and how it is traded.
pub(super) struct Item {
    pub sku: String,
    name: String,
    unit: &'static str,
    decimal_places: u8,
    barcode: String,
    pub minimum: Quantity,
    /// The smallest amount that is sold, in thousandths of a unit.
    pub step: i64,
}

struct Family {
    prefix: &'static str,
    unit: &'static str,
    decimal_places: u8,
    /// The smallest amount that is sold, in thousandths of a unit.
    step: i64,
    makes: &'static [&'static str],
    sizes: &'static [&'static str],
}

const fn pieces(
    prefix: &'static str,
    makes: &'static [&'static str],
    sizes: &'static [&'static str],
) -> Family {
    Family { prefix, unit: "pcs", decimal_places: 0, step: 1_000, makes, sizes }
}

const fn kilograms(
    prefix: &'static str,
    makes: &'static [&'static str],
    sizes: &'static [&'static str],
) -> Family {
    Family { prefix, unit: "kg", decimal_places: 3, step: 250, makes, sizes }
}

const fn metres(
    prefix: &'static str,
    makes: &'static [&'static str],
    sizes: &'static [&'static str],
) -> Family {
    Family { prefix, unit: "m", decimal_places: 1, step: 500, makes, sizes }
}

const FAMILIES: &[Family] = &[
    pieces("HMR", &["Claw hammer", "Club hammer", "Rubber mallet"], &["300 g", "500 g", "800 g", "1 kg"]),
    pieces(
        "SDR",
        &["Screwdriver slotted", "Screwdriver Phillips", "Screwdriver Torx"],
        &["size 1", "size 2", "size 3", "size 4"],
    ),
    pieces(
        "DRB",
        &["Masonry drill bit", "Wood drill bit", "Steel drill bit"],
        &["4 mm", "5 mm", "6 mm", "8 mm", "10 mm", "12 mm"],
    ),
    pieces(
        "SAW",
        &["Saw blade wood", "Saw blade metal", "Saw blade laminate"],
        &["165 mm", "190 mm", "210 mm", "250 mm"],
    ),
    pieces("BRU", &["Flat brush", "Radiator brush", "Paint roller"], &["25 mm", "50 mm", "75 mm", "100 mm"]),
    pieces(
        "PNT",
        &["Wall paint white", "Wall paint grey", "Primer", "Wood varnish"],
        &["1 l", "2.5 l", "5 l", "10 l"],
    ),
    pieces("TAP", &["Masking tape", "Duct tape", "Insulating tape"], &["19 mm", "25 mm", "38 mm", "50 mm"]),
    pieces(
        "PLG",
        &["Wall plug nylon", "Wall plug universal", "Cavity plug"],
        &["5 mm", "6 mm", "8 mm", "10 mm", "12 mm"],
    ),
    pieces("HNG", &["Butt hinge", "Strap hinge", "Piano hinge"], &["40 mm", "60 mm", "80 mm", "100 mm"]),
    pieces("LCK", &["Padlock", "Door lock", "Cam lock"], &["30 mm", "40 mm", "50 mm", "60 mm"]),
    pieces(
        "LMP",
        &["LED bulb warm", "LED bulb neutral", "LED tube"],
        &["5 W", "8 W", "11 W", "15 W", "18 W"],
    ),
    pieces(
        "SOC",
        &["Socket single", "Socket double", "Light switch", "Dimmer"],
        &["white", "ivory", "anthracite"],
    ),
    pieces(
        "FIT",
        &["Elbow fitting", "Tee fitting", "Coupling", "Reducer"],
        &["15 mm", "18 mm", "22 mm", "28 mm"],
    ),
    pieces(
        "GLV",
        &["Work gloves leather", "Work gloves nitrile", "Work gloves winter"],
        &["size 8", "size 9", "size 10", "size 11"],
    ),
    kilograms(
        "NAI",
        &["Wire nails", "Roofing nails", "Finishing nails"],
        &["25 mm", "40 mm", "50 mm", "65 mm", "90 mm"],
    ),
    kilograms(
        "SCR",
        &["Wood screws", "Drywall screws", "Decking screws"],
        &["3 × 30", "4 × 40", "5 × 60", "6 × 80", "8 × 120"],
    ),
    kilograms(
        "BLT",
        &["Hex bolts", "Carriage bolts", "Threaded nuts", "Washers"],
        &["M6", "M8", "M10", "M12"],
    ),
    kilograms("CEM", &["Cement", "Tile adhesive", "Plaster", "Grout"], &["standard", "rapid", "flexible"]),
    kilograms("SND", &["Sand", "Gravel", "Pebbles"], &["fine", "medium", "coarse"]),
    kilograms("SED", &["Lawn seed", "Fertiliser"], &["shade", "sport", "universal"]),
    metres(
        "CAB",
        &["Cable flexible", "Cable solid", "Speaker cable"],
        &["1.5 mm²", "2.5 mm²", "4 mm²", "6 mm²"],
    ),
    metres(
        "ROP",
        &["Rope polyester", "Rope hemp", "Steel wire rope"],
        &["4 mm", "6 mm", "8 mm", "10 mm", "12 mm"],
    ),
    metres("HOS", &["Garden hose", "Air hose", "Drain hose"], &["13 mm", "19 mm", "25 mm"]),
    metres("CHN", &["Chain galvanised", "Chain stainless"], &["3 mm", "4 mm", "5 mm", "6 mm", "8 mm"]),
    metres(
        "PRF",
        &["Skirting oak", "Skirting white", "Edge profile", "Cable duct"],
        &["20 mm", "40 mm", "60 mm"],
    ),
    metres("FOI", &["Building film", "Weed fabric", "Bubble film"], &["1 m wide", "2 m wide", "4 m wide"]),
    pieces(
        "SND-P",
        &["Sanding disc", "Sanding sheet", "Sanding belt"],
        &["grit 40", "grit 80", "grit 120", "grit 180", "grit 240"],
    ),
    pieces("BOX", &["Storage box", "Tool box", "Crate"], &["10 l", "20 l", "45 l", "60 l"]),
    pieces("SIL", &["Silicone clear", "Silicone white", "Acrylic filler"], &["80 ml", "300 ml", "310 ml"]),
    pieces("CLM", &["Bar clamp", "Spring clamp", "Corner clamp"], &["100 mm", "150 mm", "300 mm", "600 mm"]),
    pieces("ANC", &["Wedge anchor", "Frame anchor", "Eye bolt"], &["6 mm", "8 mm", "10 mm", "12 mm"]),
    pieces("PIP", &["Pipe clip", "Pipe insulation", "Pipe cutter"], &["15 mm", "18 mm", "22 mm", "28 mm"]),
    pieces("LAD", &["Step ladder", "Extension ladder"], &["3 rungs", "5 rungs", "7 rungs", "9 rungs"]),
];

pub(super) fn items(random: &mut ChaCha8Rng) -> Vec<Item> {
    let mut items = Vec::new();
    for family in FAMILIES {
        let kinds = family.makes.iter().flat_map(|make| family.sizes.iter().map(move |size| (make, size)));
        for (number, (make, size)) in kinds.enumerate() {
            let position = i64::try_from(items.len()).unwrap_or_default();
            let steps = random.random_range(2..=12) * 4;
            items.push(Item {
                sku: format!("{}-{:03}", family.prefix, number + 1),
                name: format!("{make} {size}"),
                unit: family.unit,
                decimal_places: family.decimal_places,
                barcode: if family.unit == "pcs" { ean13(400_120_000_000 + position) } else { String::new() },
                minimum: Quantity::from_thousandths(steps * family.step).unwrap_or_default(),
                step: family.step,
            });
        }
    }
    items
}

/// Twelve digits with the check digit of EAN-13 (GS1 General Specifications, 7.9).
fn ean13(digits: i64) -> String {
    let text = format!("{digits:012}");
    let sum: u32 = text
        .bytes()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    format!("{text}{}", (10 - sum % 10) % 10)
}

pub(super) fn file(items: &[Item]) -> crate::Result<File> {
    let rows = items.iter().map(|item| {
        vec![
            item.sku.as_str().into(),
            item.name.as_str().into(),
            item.unit.into(),
            item.decimal_places.to_string().into(),
            item.barcode.as_str().into(),
            item.minimum.to_string().into(),
        ]
    });
    csv_file(Kind::Items, &["sku", "name", "unit", "decimal_places", "barcode", "min_stock_level"], rows)
}

#[cfg(test)]
mod tests {
    #[test]
    fn barcodes_have_the_check_digit_of_their_kind() {
        // The example of the GS1 General Specifications, and a book's.
        assert_eq!(super::ean13(629_104_150_021), "6291041500213");
        assert_eq!(super::ean13(978_030_640_615), "9780306406157");
    }
}
