//! What the plots share.

/// How wide they are.
pub const WIDTH: f64 = 860.0;

const STYLE: &str = "text { font: 14px sans-serif; fill: #222 } .title { font-size: 17px; font-weight: bold } \
    .tick { fill: #555 } .grid { stroke: #ddd } .one { stroke: #222; stroke-width: 2 }";

/// A logarithmic scale: values from the lowest to the highest, and the places of these two.
pub struct Scale {
    /// The lowest and the highest value.
    pub values: (f64, f64),
    /// Where they are.
    pub places: (f64, f64),
}

impl Scale {
    /// Where a value is; what is beyond the ends is there.
    pub fn place(&self, value: f64) -> f64 {
        let Scale { values: (lowest, highest), places: (first, last) } = self;
        let share = (value.clamp(*lowest, *highest) / lowest).log10() / (highest / lowest).log10();
        first + share * (last - first)
    }
}

/// A plot with a title and a line about it.
pub fn frame((width, height): (f64, f64), (title, about): (&str, &str), style: &str, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE} {style}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text class=\"title\" x=\"20\" y=\"30\">{title}</text>\n<text x=\"20\" y=\"52\">{about}</text>\n{body}</svg>\n"
    )
}
