//! The form of a draft: a new one, or a change of one at the version that was read. A line names its item by SKU or
//! barcode, as it is typed or scanned; a part of the name is enough where only one item has it.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use client::{ClientError, Key};
use contract::{BranchOut, ItemOut, LineIn, OrderIn, OrderOut, ProblemKind};
use domain::BranchId;
use domain::order::MAX_LINES;
use policy::{Action, Resource};
use serde::Deserialize;

use super::Items;
use super::order::must;
use crate::directory::Directory;
use crate::http::forms::CheckedForm;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::items::meant;
use crate::pages::refusal::Refusal;
use crate::pages::{DeleteForm, Trouble, page};

/// How many empty lines the form has to spare; without a script, more come with each send.
const SPARE: usize = 5;

/// The form, as it was typed: `item` and `quantity` once a line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DraftForm {
    branch: String,
    reference: String,
    note: String,
    item: Vec<String>,
    quantity: Vec<String>,
    /// `lines` asks for more lines, and nothing else.
    more: Option<String>,
    key: String,
    etag: String,
}

/// A line as the form shows it.
#[derive(Debug, Clone, Default)]
struct Line {
    item: String,
    quantity: String,
    /// What was found for it.
    name: String,
    error: Option<String>,
}

impl DraftForm {
    /// The lines that say something.
    fn filled(&self) -> impl Iterator<Item = Line> {
        let quantities = self.quantity.iter().map(String::as_str).chain(std::iter::repeat(""));
        let lines = self.item.iter().zip(quantities).map(|(item, quantity)| (item.trim(), quantity.trim()));
        lines.filter(|(item, quantity)| !item.is_empty() || !quantity.is_empty()).map(|(item, quantity)| {
            Line { item: item.to_owned(), quantity: quantity.to_owned(), ..Line::default() }
        })
    }
}

#[derive(Template)]
#[template(path = "orders/draft.html")]
struct DraftPage {
    frame: Frame,
    /// The order that is changed; none for a new one.
    id: Option<i64>,
    form: DraftForm,
    lines: Vec<Line>,
    branches: Vec<(i64, String)>,
    refusal: Option<Refusal>,
}

pub(crate) async fn new(visitor: OnBehalf) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Orders);
    let branches = branches(&visitor, None).await?;
    if branches.is_empty() {
        visitor.must(&[Action::DraftOrders], Resource::Company)?;
    }
    let form = DraftForm { key: visitor.frame.key(), ..DraftForm::default() };
    let (frame, lines) = (visitor.frame, vec![Line::default(); SPARE]);
    Ok(page(StatusCode::OK, &DraftPage { frame, id: None, form, lines, branches, refusal: None }))
}

pub(crate) async fn edit(visitor: OnBehalf, Path(id): Path<i64>) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Orders);
    let (form, lines) = current(&visitor, id).await?;
    let branches = branches(&visitor, form.branch.parse().ok()).await?;
    let frame = visitor.frame;
    Ok(page(StatusCode::OK, &DraftPage { frame, id: Some(id), form, lines, branches, refusal: None }))
}

pub(crate) async fn create(
    visitor: OnBehalf,
    CheckedForm(form): CheckedForm<DraftForm>,
) -> Result<Response, Trouble> {
    send(visitor, None, form).await
}

pub(crate) async fn save(
    visitor: OnBehalf,
    Path(id): Path<i64>,
    CheckedForm(form): CheckedForm<DraftForm>,
) -> Result<Response, Trouble> {
    send(visitor, Some(id), form).await
}

async fn send(visitor: OnBehalf, id: Option<i64>, form: DraftForm) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Orders);
    let asking = visitor.asking();
    let filled: Vec<Line> = form.filled().collect();
    if filled.len() > MAX_LINES {
        let words = format!("must have at most {MAX_LINES} lines");
        let refusal = Refusal::of_field("/lines", &words, &visitor.frame);
        return answer(visitor, id, form, filled, Some(refusal)).await;
    }
    let found = read_lines(&asking, &form, filled, &visitor.frame).await;
    let (mut lines, order) = found.map_err(|error| visitor.refused(error))?;
    let key = Key::kept(&form.key);
    if form.more.is_some() {
        lines.extend(vec![Line::default(); SPARE]);
        return answer(visitor, id, form, lines, None).await;
    }
    let Some(order) = order else {
        let words = if form.item.iter().all(|item| item.trim().is_empty()) {
            visitor.frame.say("fault-no-lines")
        } else {
            String::new()
        };
        let refusal = Refusal::of_field("/lines", &words, &visitor.frame);
        return answer(visitor, id, form, lines, Some(refusal)).await;
    };
    let (services, call) = (asking.services(), asking.call());
    let made = match id {
        None => visitor.made(services.create_order(call, &key, &order)).await?,
        Some(id) => {
            let version = (id, Some(form.etag.as_str()));
            visitor.made(services.update_order(call, &key, version, &order)).await?
        }
    };
    let refusal = match made {
        Ok(order) => {
            let done = if id.is_none() { "order-drafted" } else { "order-saved" };
            let to = format!("/orders/{}/?done={done}", order.value.id);
            return Ok(Redirect::to(&to).into_response());
        }
        Err(refusal) => refusal,
    };
    if let Some(id) = id.filter(|_| refusal.is(ProblemKind::PreconditionFailed)) {
        let (form, lines) = current(&visitor, id).await?;
        return answer(visitor, Some(id), form, lines, Some(refusal)).await;
    }
    mark(&mut lines, &refusal);
    let form = DraftForm { key: refusal.key(&key), ..form };
    answer(visitor, id, form, lines, Some(refusal)).await
}

async fn answer(
    visitor: OnBehalf,
    id: Option<i64>,
    form: DraftForm,
    lines: Vec<Line>,
    refusal: Option<Refusal>,
) -> Result<Response, Trouble> {
    let own = form.branch.parse().ok().filter(|_| id.is_some());
    let branches = branches(&visitor, own).await?;
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    let frame = visitor.frame;
    Ok(page(status, &DraftPage { frame, id, form, lines, branches, refusal }))
}

/// The branches where the user may draft, and the one of the draft that is changed, which may be closed by now.
async fn branches(visitor: &OnBehalf, own: Option<i64>) -> Result<Vec<(i64, String)>, Trouble> {
    let asking = visitor.asking();
    let directory = Directory::read(&asking).await.map_err(|error| visitor.refused(error))?;
    let may = |id| visitor.may(Action::DraftOrders, Resource::Branch(BranchId(id)));
    let offered = |branch: &&BranchOut| Some(branch.id) == own || branch.active && may(branch.id);
    let branches = directory.all().iter().filter(offered);
    Ok(branches.map(|branch| (branch.id, branch.name.clone())).collect())
}

/// The form of a draft as it is now.
async fn current(visitor: &OnBehalf, id: i64) -> Result<(DraftForm, Vec<Line>), Trouble> {
    let asking = visitor.asking();
    let read =
        asking.services().get_order(asking.call(), id).await.map_err(|error| visitor.refused(error))?;
    let order: OrderOut = read.value;
    must(visitor, &[Action::DraftOrders], &order)?;
    let items = Items::of(&asking, &order).await.map_err(|error| visitor.refused(error))?;
    let mut lines: Vec<Line> = order
        .lines
        .iter()
        .map(|line| Line {
            item: items.sku(&line.item_id).to_owned(),
            quantity: visitor.frame.typed(&line.requested_qty),
            name: items.name(&line.item_id),
            error: None,
        })
        .collect();
    lines.push(Line::default());
    let form = DraftForm {
        branch: order.branch_id.to_string(),
        reference: order.reference.unwrap_or_default(),
        note: order.note.unwrap_or_default(),
        key: visitor.frame.key(),
        etag: read.etag,
        ..DraftForm::default()
    };
    Ok((form, lines))
}

/// The lines with what was found for each, and the order when nothing is wrong with them.
async fn read_lines(
    asking: &Asking,
    form: &DraftForm,
    filled: Vec<Line>,
    frame: &Frame,
) -> Result<(Vec<Line>, Option<OrderIn>), ClientError> {
    let (mut lines, mut read) = (Vec::new(), Vec::new());
    for mut line in filled {
        let amount = frame.quantity_of(&line.quantity).ok().filter(|quantity| quantity.is_positive());
        match (find(asking, &line.item).await?, amount) {
            (Ok(found), Some(requested_qty)) => {
                (line.item, line.name) = (found.sku, found.name);
                read.push(LineIn { item_id: found.id, requested_qty });
            }
            (Ok(found), None) => {
                (line.item, line.name) = (found.sku, found.name);
                line.error = Some(frame.say("line-quantity"));
            }
            (Err(0), _) => line.error = Some(frame.say("line-no-item")),
            (Err(_), _) => line.error = Some(frame.say("line-many-items")),
        }
        lines.push(line);
    }
    let is_whole = !read.is_empty() && read.len() == lines.len();
    lines.push(Line::default());
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let order = is_whole.then(|| OrderIn {
        branch_id: form.branch.trim().parse().unwrap_or(0),
        reference: text(&form.reference),
        note: text(&form.note),
        lines: read,
    });
    Ok((lines, order))
}

/// The item of a SKU or barcode, or the only one in whose name the text is; else how many there are, 0 or more than 1.
async fn find(asking: &Asking, text: &str) -> Result<Result<ItemOut, usize>, ClientError> {
    if text.is_empty() {
        return Ok(Err(0));
    }
    let found = meant(asking, text).await?;
    let count = found.len();
    Ok(match found.into_iter().next() {
        Some(item) if count == 1 => Ok(item),
        _ => Err(count),
    })
}

/// Puts what the services say of a line beside it: `/lines/2/requested_qty`.
fn mark(lines: &mut [Line], refusal: &Refusal) {
    for field in refusal.fields() {
        let rest = field.pointer.strip_prefix("/lines/");
        let number = rest.and_then(|rest| rest.split('/').next()).and_then(|number| number.parse().ok());
        if let Some(line) = number.and_then(|number: usize| lines.get_mut(number)) {
            line.error = Some(field.detail.clone());
        }
    }
}

pub(crate) async fn delete(
    visitor: OnBehalf,
    Path(id): Path<i64>,
    CheckedForm(form): CheckedForm<DeleteForm>,
) -> Result<Response, Trouble> {
    let key = Key::kept(&form.key);
    let asking = visitor.asking();
    let version = (id, Some(form.etag.as_str()));
    match visitor.made(asking.services().delete_order(asking.call(), &key, version)).await? {
        Ok(()) => Ok(Redirect::to("/orders/?done=order-deleted").into_response()),
        Err(refusal) => {
            let visitor = visitor.within(Section::Orders);
            let (form, lines) = current(&visitor, id).await?;
            answer(visitor, Some(id), form, lines, Some(refusal)).await
        }
    }
}

impl DraftPage {
    fn error(&self, pointer: &str) -> Option<&str> {
        self.refusal.as_ref()?.field(pointer)
    }

    fn is_at(&self, branch: &i64) -> bool {
        self.form.branch == branch.to_string() || self.branches.len() == 1
    }

    fn action(&self) -> String {
        self.id.map_or_else(|| "/orders/new/".to_owned(), |id| format!("/orders/{id}/edit/"))
    }

    fn back(&self) -> String {
        self.id.map_or_else(|| "/orders/".to_owned(), |id| format!("/orders/{id}/"))
    }
}
