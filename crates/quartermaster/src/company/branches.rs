//! The company's branches: two warehouses, depots and shops of a trader in building supplies.

use services::bulk::Kind;

use super::{File, csv_file};

/// What kind of place it is, which decides how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Warehouse,
    Depot,
    Shop,
}

pub(super) struct Branch {
    pub name: &'static str,
    pub code: &'static str,
    location: &'static str,
    timezone: &'static str,
    pub size: Size,
}

const fn branch(
    name: &'static str,
    code: &'static str,
    location: &'static str,
    timezone: &'static str,
    size: Size,
) -> Branch {
    Branch { name, code, location, timezone, size }
}

pub(super) const BRANCHES: &[Branch] = &[
    branch("Hamburg Warehouse", "HAM", "Hafenstrasse 12, Hamburg", "Europe/Berlin", Size::Warehouse),
    branch("Rotterdam Warehouse", "RTM", "Waalhaven 40, Rotterdam", "Europe/Amsterdam", Size::Warehouse),
    branch("Berlin Depot", "BER", "Gartenfelder Strasse 3, Berlin", "Europe/Berlin", Size::Depot),
    branch("Leeds Depot", "LDS", "Canal Road 88, Leeds", "Europe/London", Size::Depot),
    branch("Lyon Depot", "LYS", "Rue de Gerland 19, Lyon", "Europe/Paris", Size::Depot),
    branch("Porto Depot", "OPO", "Rua do Freixo 7, Porto", "Europe/Lisbon", Size::Depot),
    branch("Altona Shop", "ALT", "Grosse Bergstrasse 5, Hamburg", "Europe/Berlin", Size::Shop),
    branch("Kreuzberg Shop", "KRB", "Oranienstrasse 61, Berlin", "Europe/Berlin", Size::Shop),
    branch("Delft Shop", "DLF", "Oude Delft 102, Delft", "Europe/Amsterdam", Size::Shop),
    branch("Headingley Shop", "HDG", "Otley Road 27, Leeds", "Europe/London", Size::Shop),
    branch("York Shop", "YRK", "Foss Islands Road 9, York", "Europe/London", Size::Shop),
    branch("Croix-Rousse Shop", "CRX", "Grande Rue 33, Lyon", "Europe/Paris", Size::Shop),
    branch("Ribeira Shop", "RIB", "Rua da Alfandega 2, Porto", "Europe/Lisbon", Size::Shop),
    branch("Turku Shop", "TKU", "Linnankatu 14, Turku", "Europe/Helsinki", Size::Shop),
];

pub(super) fn file() -> crate::Result<File> {
    let rows = BRANCHES.iter().map(|branch| {
        vec![branch.name.into(), branch.code.into(), branch.location.into(), branch.timezone.into()]
    });
    csv_file(Kind::Branches, &["name", "code", "location", "timezone"], rows)
}
