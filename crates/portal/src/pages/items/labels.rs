//! Labels to print: of one item, or of those that the list shows.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use client::ClientError;
use contract::ItemOut;
use domain::Quantity;
use serde::Deserialize;

use super::list::{ItemsQuery, ask};
use crate::http::on_behalf::OnBehalf;
use crate::pages::frame::{Frame, Section};
use crate::pages::query::Asked;
use crate::pages::{Trouble, page};
use crate::print;
use crate::print::labels::{Layout, MOST, labels};
use crate::print::stock::Stock;

/// The form, as it was filled in. What is empty is as if it were not there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LabelsQuery {
    copies: String,
    sheet: String,
    start: String,
    right: String,
    down: String,
}

/// The form for labels, on the pages of an item and of the list.
#[derive(Debug)]
pub(crate) struct LabelsForm {
    pub action: String,
    /// What else its address asks for.
    pub hidden: Vec<(&'static str, String)>,
    /// Of each item.
    pub copies: String,
    pub start: String,
    pub right: String,
    pub down: String,
    sheet: String,
    /// The fields that are wrong, each with what to do.
    faults: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "items/labels.html")]
struct LabelsPage {
    frame: Frame,
    form: LabelsForm,
}

/// Labels of one item.
pub(crate) async fn of_item(
    visitor: OnBehalf,
    Path(id): Path<i64>,
    Asked(query): Asked<LabelsQuery>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Items);
    let asking = visitor.asking();
    let read: Result<ItemOut, ClientError> =
        asking.services().get_item(asking.call(), id).await.map(|item| item.value);
    let item = read.map_err(|error| visitor.refused(error))?;
    answer(visitor.frame, LabelsForm::of_item(id, &query), &[item], &format!("labels-{id}"))
}

/// Labels of each item of a page of the list.
pub(crate) async fn of_list(
    visitor: OnBehalf,
    Asked(shown): Asked<ItemsQuery>,
    Asked(query): Asked<LabelsQuery>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Items);
    let items = ask(visitor.asking(), &shown).await.map_err(|error| visitor.refused(error))?;
    answer(visitor.frame, LabelsForm::of_list(&shown, &query), &items.rows, "labels")
}

/// The labels, or the form again with what is wrong in it.
fn answer(frame: Frame, mut form: LabelsForm, items: &[ItemOut], name: &str) -> Result<Response, Trouble> {
    match form.read(items.len(), &frame) {
        Some((copies, layout)) => print::answer(name, labels(items, copies, layout, &frame)),
        None => Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &LabelsPage { frame, form })),
    }
}

impl LabelsForm {
    /// The form for one item.
    pub(crate) fn of_item(id: i64, query: &LabelsQuery) -> LabelsForm {
        LabelsForm::new(format!("/items/{id}/labels/"), Vec::new(), query)
    }

    /// The same with another number of labels.
    pub(crate) fn with_copies(self, copies: usize) -> LabelsForm {
        LabelsForm { copies: copies.to_string(), ..self }
    }

    /// The form for the items that a page of the list shows.
    pub(crate) fn of_list(shown: &ItemsQuery, query: &LabelsQuery) -> LabelsForm {
        LabelsForm::new("/items/labels/".to_owned(), shown.fields(), query)
    }

    fn new(action: String, hidden: Vec<(&'static str, String)>, query: &LabelsQuery) -> LabelsForm {
        let or = |typed: &str, otherwise: &str| match typed.trim() {
            "" => otherwise.to_owned(),
            typed => typed.to_owned(),
        };
        LabelsForm {
            action,
            hidden,
            copies: or(&query.copies, "1"),
            start: or(&query.start, "1"),
            right: or(&query.right, "0"),
            down: or(&query.down, "0"),
            sheet: query.sheet.trim().to_owned(),
            faults: Vec::new(),
        }
    }

    /// What the form asks for; none where a field is wrong, which it says from then on.
    fn read(&mut self, items: usize, frame: &Frame) -> Option<(usize, Layout)> {
        let stock = Stock::named(Some(&self.sheet));
        let farthest = stock.farthest();
        let copies = self.whole("copies", MOST / items.clamp(1, MOST), frame);
        let start = self.whole("start", stock.labels(), frame);
        let right = self.millimetres("right", farthest, frame);
        let down = self.millimetres("down", farthest, frame);
        Some((copies?, Layout { stock, gone: start?.saturating_sub(1), moved: (right?, down?) }))
    }

    fn whole(&mut self, field: &'static str, most: usize, frame: &Frame) -> Option<usize> {
        let typed = if field == "copies" { &self.copies } else { &self.start };
        let number = typed.parse().ok().filter(|number| (1..=most).contains(number));
        if number.is_none() {
            self.faults.push((field, frame.about("labels-fault-whole", "most", most)));
        }
        number
    }

    fn millimetres(&mut self, field: &'static str, most: f32, frame: &Frame) -> Option<f32> {
        let typed = if field == "right" { &self.right } else { &self.down };
        let number = typed.replace(',', ".").replace('\u{2212}', "-").parse::<f32>().ok();
        let number = number.filter(|number| number.abs() <= most);
        if number.is_none() {
            self.faults.push((field, frame.about("labels-fault-millimetres", "most", most)));
        }
        number
    }

    pub(crate) fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|(wrong, _)| *wrong == field).map(|(_, fault)| fault.as_str())
    }

    /// The sheets to choose from: the word, the name, and whether it is the chosen one.
    pub(crate) fn sheets(&self, frame: &Frame) -> Vec<(&'static str, String, bool)> {
        let chosen = Stock::named(Some(&self.sheet));
        Stock::ALL.iter().map(|stock| (stock.word, name(stock, frame), *stock == chosen)).collect()
    }
}

fn name(stock: &Stock, frame: &Frame) -> String {
    let length = |tenths: u16| {
        let length = Quantity::from_thousandths(i64::from(tenths) * 100);
        frame.quantity(&length.unwrap_or(Quantity::ZERO))
    };
    let (width, height) = (length(stock.label.0), length(stock.label.1));
    if stock.paper.is_empty() {
        return frame.about_all("labels-roll", &[("width", &width), ("height", &height)]);
    }
    let (columns, rows) = (stock.columns, stock.rows);
    let things: [(&str, &dyn std::fmt::Display); 5] = [
        ("paper", &stock.paper),
        ("columns", &columns),
        ("rows", &rows),
        ("width", &width),
        ("height", &height),
    ];
    frame.about_all("labels-on-sheet", &things)
}
