//! Leading several orders on at once: each is decided by itself, and has its own result.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use client::Key;
use contract::FulfillIn;
use serde::Deserialize;

use super::verb::Verb;
use crate::http::forms::CheckedForm;
use crate::http::local_path::local_path;
use crate::http::on_behalf::OnBehalf;
use crate::pages::frame::{Frame, Section};
use crate::pages::{Trouble, page};

/// As many as a page of the list has.
const MOST: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct BulkForm {
    id: Vec<i64>,
    verb: String,
    key: String,
    back: String,
}

/// What became of one order.
struct Done {
    id: i64,
    /// Why it was not done.
    refused: Option<String>,
}

#[derive(Template)]
#[template(path = "orders/bulk.html")]
struct BulkPage {
    frame: Frame,
    verb: Verb,
    orders: Vec<Done>,
    back: String,
}

pub(crate) async fn post(
    visitor: OnBehalf,
    CheckedForm(form): CheckedForm<BulkForm>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Orders);
    let verb = Verb::parse(&form.verb).ok_or(Trouble::NoSuchPage)?;
    let asking = visitor.asking();
    let mut orders = Vec::new();
    for (n, id) in form.id.iter().copied().enumerate() {
        if n >= MOST {
            let refused = Some(visitor.frame.about("bulk-too-many", "most", MOST));
            orders.push(Done { id, refused });
            continue;
        }
        // One key for each order: a form that is sent twice leads each on once.
        let key = Key::kept(&format!("{}-{id}", form.key));
        let made = visitor.made(verb.ask(&asking, &key, id, FulfillIn::default())).await?;
        orders.push(Done { id, refused: made.err().map(|refusal| refusal.message) });
    }
    let back = local_path(&form.back).to_owned();
    Ok(page(StatusCode::OK, &BulkPage { frame: visitor.frame, verb, orders, back }))
}

impl BulkPage {
    fn succeeded(&self) -> usize {
        self.orders.iter().filter(|order| order.refused.is_none()).count()
    }
}
