//! The lists, at their beginning, middle and end, with filters that find much, little and nothing.

use contract::Cursor;
use jiff::SignedDuration;

use crate::million::Million;

/// A list and where it is.
pub struct Case {
    /// What it is, in words.
    pub what: &'static str,
    /// Path and query.
    pub path: String,
}

fn cases<const N: usize>(cases: [(&'static str, String); N]) -> Vec<Case> {
    cases.into_iter().map(|(what, path)| Case { what, path }).collect()
}

/// The services' lists.
pub fn of_services(million: Million) -> Vec<Case> {
    let (middle, end, counted) = (million.before(55), million.before_orders(), million.before_counting());
    let (order, first, second) =
        (million.middle_order(), million.at(0), million.at(0) + SignedDuration::from_hours(24));
    let (day, from) = (million.at(45), million.at(31));
    let to = from + SignedDuration::from_hours(7 * 24);
    let at = |text: &str| text.to_owned();
    let mut all = cases([
        ("orders", at("/v1/orders")),
        ("orders, middle page", format!("/v1/orders?cursor={middle}")),
        ("orders, last page", format!("/v1/orders?cursor={end}")),
        ("orders, drafts", at("/v1/orders?status=draft")),
        ("orders, fulfilled, one branch", at("/v1/orders?status=fulfilled&branch_id=20")),
        ("orders, a day at the beginning", format!("/v1/orders?created_from={first}&created_to={second}")),
        ("orders, one reference", format!("/v1/orders?reference=PO-{order}")),
        ("orders, a reference that none has", at("/v1/orders?reference=NONE")),
        ("orders, short", at("/v1/orders?short=true")),
        ("orders, asking for an item", at("/v1/orders?asking_for=7")),
        ("orders, smallest branch", at("/v1/orders?branch_id=50")),
        ("movements", at("/v1/stock/movements")),
        ("movements, middle page", format!("/v1/stock/movements?cursor={middle}")),
        ("movements, last page", format!("/v1/stock/movements?cursor={counted}")),
        ("movements, adjustments of one branch", at("/v1/stock/movements?kind=adjustment&branch_id=20")),
        ("movements, one item", at("/v1/stock/movements?item_id=7")),
        ("movements, a day at the beginning", format!("/v1/stock/movements?from={first}&to={second}")),
        ("audit", at("/v1/audit")),
        ("audit, middle page", format!("/v1/audit?cursor={middle}")),
        ("audit, last page", format!("/v1/audit?cursor={counted}")),
        ("audit, one person", at("/v1/audit?actor=user-7")),
        ("audit, a person that is not", at("/v1/audit?actor=nobody")),
        ("audit, one order", format!("/v1/audit?entity_type=order&entity_id={order}")),
        ("audit, one branch", at("/v1/audit?branch_id=20")),
        ("audit, one request", format!("/v1/audit?request_id=submitted-{}-user-1", order - 1)),
        ("audit, an address that is not", at("/v1/audit?ip=192.0.2.1")),
    ]);
    all.extend(cases([
        ("stock", at("/v1/stock")),
        ("stock, last page", format!("/v1/stock?cursor={}", Cursor { first: 50, second: 19_960 })),
        ("stock, below the minimum", at("/v1/stock?below_min=true")),
        ("summary", at("/v1/stock/summary")),
        ("summary, 500 rows of one branch", at("/v1/stock/summary?branch_id=20&limit=500")),
        ("summary, a word", at("/v1/stock/summary?q=hinge")),
        ("summary, a word that none has", at("/v1/stock/summary?q=crane")),
        ("summary, a word, one branch", at("/v1/stock/summary?q=hinge&branch_id=20")),
        ("summary, zero", at("/v1/stock/summary?zero=true")),
        ("summary, reserved, one branch", at("/v1/stock/summary?reserved=true&branch_id=20")),
        ("summary, the least first", at("/v1/stock/summary?sort=quantity&branch_id=20")),
        ("stock as of a day, one branch", format!("/v1/stock?branch_id=20&as_of={day}")),
        ("stock as of a day, all branches", format!("/v1/stock?as_of={day}")),
        ("changes of a week, one branch", format!("/v1/stock/changes?branch_id=20&from={from}&to={to}")),
        ("items", at("/v1/items")),
        ("items, last page", format!("/v1/items?cursor={}", Cursor::of(19_960))),
        ("items, a word that none has", at("/v1/items?q=crane")),
        ("item of a code", at("/v1/items?code=4000000000007")),
        ("branches", at("/v1/branches")),
    ]));
    all
}

/// The portal's pages that show a list.
pub fn of_portal(million: Million) -> Vec<Case> {
    let (middle, counted) = (million.before(55), million.before_counting());
    let order = million.middle_order();
    let at = |text: &str| text.to_owned();
    cases([
        ("dashboard", at("/")),
        ("dashboard, one branch", at("/?branch=20")),
        ("stock", at("/stock/")),
        ("stock, last page", format!("/stock/?cursor={}", Cursor { first: 50, second: 19_960 })),
        ("stock, one branch", at("/stock/?branch=20")),
        ("stock, a word", at("/stock/?q=hinge")),
        ("stock, a word that none has", at("/stock/?q=crane")),
        ("stock, below the minimum", at("/stock/?show=below")),
        ("stock as of a day", at("/stock/as-of/?branch=20&at=2026-02-15T00:00")),
        ("difference of two days", at("/stock/as-of/?branch=20&at=2026-02-01T00:00&until=2026-02-08T00:00")),
        ("orders", at("/orders/")),
        ("orders, middle page", format!("/orders/?cursor={middle}")),
        ("orders, submitted", at("/orders/?state=submitted")),
        ("orders, short", at("/orders/?state=short")),
        ("one order", format!("/orders/{order}/")),
        ("items", at("/items/")),
        ("items, a word", at("/items/?q=hinge")),
        ("one item", at("/items/7/")),
        ("branches", at("/branches/")),
        ("audit", at("/audit/")),
        ("audit, middle page", format!("/audit/?cursor={middle}")),
        ("audit, last page", format!("/audit/?cursor={counted}")),
        ("audit, one person", at("/audit/?person=user-7")),
        ("search, a word", at("/search/?q=hinge")),
        ("search, a number", format!("/search/?q={order}")),
        ("scan", at("/scan/?branch=20&code=4000000000007")),
    ])
}
