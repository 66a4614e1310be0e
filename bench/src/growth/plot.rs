//! The plot: how many times as long everything takes at each number of orders as at the one before the largest.

use super::{MOST, Row};
use crate::report::svg::{Scale, WIDTH, frame};

const HEIGHT: f64 = 460.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 790.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 410.0;
const SCALE: Scale = Scale { values: (0.1, 10.0), places: (BOTTOM, TOP) };
const TICKS: &[f64] = &[0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

const STYLE: &str = ".tick { text-anchor: end } .size { text-anchor: middle; fill: #555 } \
    .row { fill: none; stroke: #2b7a4b; stroke-opacity: 0.5 } .more { stroke: #b3541e; stroke-opacity: 1 }";

/// The plot as SVG: a line for everything that was measured, level where it does not grow.
pub fn svg(orders: &[i64], rows: &[Row]) -> String {
    let mut body: String = TICKS.iter().map(|tick| tick_at(*tick)).collect();
    for (n, orders) in orders.iter().enumerate() {
        let (x, y) = (place(n, rows), BOTTOM + 28.0);
        body.push_str(&format!("<text class=\"size\" x=\"{x:.1}\" y=\"{y}\">{orders} orders</text>\n"));
    }
    body.extend(rows.iter().map(|row| line(row, rows)));
    let about = "Time of an answer, as a multiple of what it takes at the number before the largest. Logarithmic scale.";
    frame((WIDTH, HEIGHT), ("How everything grows with the number of orders", about), STYLE, &body)
}

fn line(row: &Row, rows: &[Row]) -> String {
    let unit = row.millis.iter().rev().nth(1).or(row.millis.last()).copied().unwrap_or(1.0);
    let points = row.millis.iter().enumerate();
    let points: Vec<String> = points
        .map(|(n, millis)| format!("{:.1},{:.1}", place(n, rows), SCALE.place(millis / unit.max(1e-6))))
        .collect();
    let class = if row.growth().is_some_and(|growth| growth > MOST) { "row more" } else { "row" };
    let (points, what) = (points.join(" "), &row.what);
    format!("<polyline class=\"{class}\" points=\"{points}\"><title>{what}</title></polyline>\n")
}

/// Where the nth number of orders is.
fn place(n: usize, rows: &[Row]) -> f64 {
    let steps = rows.iter().map(|row| row.millis.len()).max().unwrap_or(0).saturating_sub(1).max(1);
    let float = |count: usize| u32::try_from(count).map_or(0.0, f64::from);
    LEFT + (RIGHT - LEFT) * float(n) / float(steps)
}

fn tick_at(value: f64) -> String {
    let (y, class) = (SCALE.place(value), if value == 1.0 { "one" } else { "grid" });
    let (x, text_y) = (LEFT - 8.0, y + 5.0);
    format!(
        "<line class=\"{class}\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>\n\
         <text class=\"tick\" x=\"{x}\" y=\"{text_y:.1}\">{value}</text>\n"
    )
}
