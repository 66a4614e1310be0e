//! The form of an item: a new one, or a change of one at the version that was read.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use client::{Key, Versioned};
use contract::{ItemIn, ItemOut, ProblemKind, RemainingOut};
use domain::Quantity;
use policy::{Action, Resource};
use serde::Deserialize;

use crate::http::forms::CheckedForm;
use crate::http::on_behalf::OnBehalf;
use crate::pages::frame::{Frame, Section};
use crate::pages::refusal::Refusal;
use crate::pages::{DeleteForm, Trouble, page};

/// The form, as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ItemForm {
    name: String,
    sku: String,
    barcode: String,
    description: String,
    unit: String,
    decimal_places: String,
    min_stock_level: String,
    active: Option<String>,
    key: String,
    etag: String,
}

#[derive(Template)]
#[template(path = "items/edit.html")]
struct EditPage {
    frame: Frame,
    /// The item that is changed; none for a new one.
    id: Option<i64>,
    form: ItemForm,
    refusal: Option<Refusal>,
    /// What there still is, where it was just closed.
    remaining: Option<RemainingOut>,
}

pub(crate) async fn new(visitor: OnBehalf) -> Result<Response, Trouble> {
    visitor.must(&[Action::ManageItems], Resource::Company)?;
    let frame = visitor.within(Section::Items).frame;
    let form = ItemForm {
        unit: "pcs".to_owned(),
        decimal_places: "0".to_owned(),
        min_stock_level: "0".to_owned(),
        active: Some("1".to_owned()),
        key: frame.key(),
        ..ItemForm::default()
    };
    Ok(page(StatusCode::OK, &EditPage { frame, id: None, form, refusal: None, remaining: None }))
}

pub(crate) async fn create(
    visitor: OnBehalf,
    CheckedForm(form): CheckedForm<ItemForm>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Items);
    let key = Key::kept(&form.key);
    let asking = visitor.asking();
    let made = match form.read(&visitor.frame) {
        Ok(item) => visitor.made(asking.services().create_item(asking.call(), &key, &item)).await?,
        Err(refusal) => Err(refusal),
    };
    Ok(match made {
        Ok(item) => Redirect::to(&format!("/items/{}/?done=item-created", item.value.id)).into_response(),
        Err(refusal) => {
            let form = ItemForm { key: refusal.key(&key), ..form };
            let (status, frame) = (refusal.status, visitor.frame);
            page(status, &EditPage { frame, id: None, form, refusal: Some(refusal), remaining: None })
        }
    })
}

pub(crate) async fn edit(visitor: OnBehalf, Path(id): Path<i64>) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Items);
    visitor.must(&[Action::ManageItems], Resource::Company)?;
    let form = current(&visitor, id).await?;
    Ok(page(
        StatusCode::OK,
        &EditPage { frame: visitor.frame, id: Some(id), form, refusal: None, remaining: None },
    ))
}

pub(crate) async fn save(
    visitor: OnBehalf,
    Path(id): Path<i64>,
    CheckedForm(form): CheckedForm<ItemForm>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Items);
    let key = Key::kept(&form.key);
    let asking = visitor.asking();
    let made = match form.read(&visitor.frame) {
        Ok(item) => {
            let version = (id, Some(form.etag.as_str()));
            visitor.made(asking.services().update_item(asking.call(), &key, version, &item)).await?
        }
        Err(refusal) => Err(refusal),
    };
    Ok(match made {
        // Sent once more, the form is answered as before: no other page needs to know what there was.
        Ok(Versioned { value, etag }) if value.remaining.as_ref().is_some_and(|left| !left.is_nothing()) => {
            let remaining = value.remaining.clone();
            let form = ItemForm::of(value, etag, &visitor.frame);
            let frame = visitor.frame;
            page(StatusCode::OK, &EditPage { frame, id: Some(id), form, refusal: None, remaining })
        }
        Ok(_) => Redirect::to(&format!("/items/{id}/?done=item-saved")).into_response(),
        Err(refusal) => {
            let form = if refusal.is(ProblemKind::PreconditionFailed) {
                current(&visitor, id).await?
            } else {
                ItemForm { key: refusal.key(&key), ..form }
            };
            let (status, frame) = (refusal.status, visitor.frame);
            page(status, &EditPage { frame, id: Some(id), form, refusal: Some(refusal), remaining: None })
        }
    })
}

pub(crate) async fn delete(
    visitor: OnBehalf,
    Path(id): Path<i64>,
    CheckedForm(form): CheckedForm<DeleteForm>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Items);
    let key = Key::kept(&form.key);
    let asking = visitor.asking();
    let version = (id, Some(form.etag.as_str()));
    match visitor.made(asking.services().delete_item(asking.call(), &key, version)).await? {
        Ok(()) => Ok(Redirect::to("/items/?done=item-deleted").into_response()),
        Err(refusal) => {
            let form = current(&visitor, id).await?;
            let (status, frame) = (refusal.status, visitor.frame);
            Ok(page(status, &EditPage { frame, id: Some(id), form, refusal: Some(refusal), remaining: None }))
        }
    }
}

/// The form of an item as it is now.
async fn current(visitor: &OnBehalf, id: i64) -> Result<ItemForm, Trouble> {
    let asking = visitor.asking();
    let read = asking.services().get_item(asking.call(), id).await.map_err(|error| visitor.refused(error))?;
    Ok(ItemForm::of(read.value, read.etag, &visitor.frame))
}

impl ItemForm {
    fn of(item: ItemOut, etag: String, frame: &Frame) -> ItemForm {
        ItemForm {
            name: item.name,
            sku: item.sku,
            barcode: item.barcode.unwrap_or_default(),
            description: item.description,
            unit: item.unit,
            decimal_places: item.decimal_places.to_string(),
            min_stock_level: frame.typed(&item.min_stock_level),
            active: item.active.then(|| "1".to_owned()),
            key: frame.key(),
            etag,
        }
    }

    /// What was typed, as the services take it. What is wrong with a text is theirs to say.
    fn read(&self, frame: &Frame) -> Result<ItemIn, Refusal> {
        let minimum: Quantity = match self.min_stock_level.trim() {
            "" => Quantity::ZERO,
            typed => frame
                .quantity_of(typed)
                .map_err(|error| Refusal::of_field("/min_stock_level", &error.to_string(), frame))?,
        };
        let places = self.decimal_places.trim().parse().unwrap_or(0);
        let barcode = Some(self.barcode.trim().to_owned()).filter(|barcode| !barcode.is_empty());
        Ok(ItemIn {
            sku: self.sku.trim().to_owned(),
            name: self.name.trim().to_owned(),
            description: Some(self.description.trim().to_owned()),
            unit: Some(self.unit.trim().to_owned()).filter(|unit| !unit.is_empty()),
            decimal_places: Some(places),
            barcode: Some(barcode),
            min_stock_level: Some(minimum),
            active: Some(self.active.is_some()),
        })
    }
}

impl EditPage {
    fn left_on_hand(&self, left: &RemainingOut) -> String {
        let quantity = self.frame.quantity(&left.quantity);
        self.frame.about_all("item-left-on-hand", &[("levels", &left.levels), ("quantity", &quantity)])
    }

    fn left_promised(&self, left: &RemainingOut) -> String {
        let quantity = self.frame.quantity(&left.reserved);
        self.frame.about_all("left-promised", &[("orders", &left.submitted), ("quantity", &quantity)])
    }

    fn error(&self, pointer: &str) -> Option<&str> {
        self.refusal.as_ref()?.field(pointer)
    }

    /// What a barcode is, and what is odd about the one that is there.
    fn barcode_hint(&self) -> String {
        let hint = self.frame.say("item-barcode-hint");
        match super::check_digit_hint(self.form.barcode.trim(), &self.frame) {
            Some(odd) => format!("{odd} {hint}"),
            None => hint,
        }
    }

    fn places(&self) -> [&'static str; 4] {
        ["0", "1", "2", "3"]
    }

    fn has_places(&self, places: &str) -> bool {
        self.form.decimal_places == places
    }

    fn action(&self) -> String {
        self.id.map_or_else(|| "/items/new/".to_owned(), |id| format!("/items/{id}/edit/"))
    }

    fn back(&self) -> String {
        self.id.map_or_else(|| "/items/".to_owned(), |id| format!("/items/{id}/"))
    }
}
