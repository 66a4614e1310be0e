//! The plot: for every workload that pgbench does too, how many times its rate the services reach.

use super::Row;
use super::svg::{Scale, WIDTH, frame};

/// Where bars begin and end.
const LEFT: f64 = 220.0;
const RIGHT: f64 = 780.0;
const TOP: f64 = 78.0;
const BAR: f64 = 20.0;
const STEP: f64 = 25.0;
/// Between workloads.
const GAP: f64 = 14.0;
/// Both 0.3 and 30 have to be seen.
const SCALE: Scale = Scale { values: (0.1, 100.0), places: (LEFT, RIGHT) };
const TICKS: &[f64] = &[0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];

const STYLE: &str = ".tick { text-anchor: middle } .name { text-anchor: end } .more { fill: #2b7a4b } .less { fill: #b3541e }";

/// The plot as SVG: bars to the right of the line at 1 are faster than pgbench, those to its left slower.
pub fn svg(rows: &[Row]) -> String {
    let mut bars = String::new();
    let (mut y, mut before) = (TOP, None);
    for row in rows {
        let Some(ratio) = row.ratio() else { continue };
        if before.is_some_and(|workload| workload != row.workload) {
            y += GAP;
        }
        before = Some(row.workload);
        bars.push_str(&bar(row, ratio, y));
        y += STEP;
    }
    let bottom = y + 6.0;
    let height = bottom + 34.0;
    let grid: String = TICKS.iter().map(|tick| tick_at(*tick, bottom)).collect();
    let title = "Rate of the services over HTTP, as a multiple of pgbench's";
    let about =
        "Same work, same server, same number of connections. Logarithmic scale; 1 is as fast as pgbench.";
    frame((WIDTH, height), (title, about), STYLE, &(grid + &bars))
}

fn bar(row: &Row, ratio: f64, y: f64) -> String {
    let (one, end) = (SCALE.place(1.0), SCALE.place(ratio));
    let (left, width) = (one.min(end), (end - one).abs().max(1.0));
    let class = if ratio >= 1.0 { "more" } else { "less" };
    let (name, connections) = (row.workload.name(), row.connections);
    let (name_x, label_x, text_y) = (LEFT - 12.0, one.max(end) + 8.0, y + 15.0);
    let many = if connections == 1 { "connection" } else { "connections" };
    format!(
        "<text class=\"name\" x=\"{name_x}\" y=\"{text_y}\">{name}, {connections}</text>\n\
         <rect class=\"{class}\" x=\"{left:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\">\
         <title>{name}, {connections} {many}: {ratio:.2} times pgbench</title></rect>\n\
         <text x=\"{label_x:.1}\" y=\"{text_y}\">{ratio:.2}</text>\n"
    )
}

fn tick_at(value: f64, bottom: f64) -> String {
    let (x, top, text_y) = (SCALE.place(value), TOP - 8.0, bottom + 20.0);
    let class = if value == 1.0 { "one" } else { "grid" };
    format!(
        "<line class=\"{class}\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\n\
         <text class=\"tick\" x=\"{x:.1}\" y=\"{text_y}\">{value}</text>\n"
    )
}
