//! A catalogue from a file: first what it would change is shown, row by row, then it is done, row by row.

pub(crate) mod rows;
mod told;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, ItemFilter, Key, Paging};
use contract::{ItemIn, ItemOut};
use platform::text::composed;
use policy::{Action, Resource};
use serde::Deserialize;
use tabular::{Decimal, Encoding, Format, items};

use crate::http::forms::CheckedUpload;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::{Trouble, page};
use rows::{ItemRow, Unreadable};

/// What a row would do, or did.
enum Effect {
    /// A new item.
    New,
    /// These fields of an item, from what to what.
    Change(Vec<(&'static str, String, String)>),
    /// Nothing: it is so already.
    Same,
    /// It cannot be: the column, and why.
    Wrong(Vec<(&'static str, String)>),
    /// It was done.
    Done,
    /// It was refused by the services.
    Refused(String),
}

/// A row as the page shows it.
struct Shown {
    line: u64,
    sku: String,
    effect: Effect,
}

#[derive(Template)]
#[template(path = "items/import.html")]
struct ImportPage {
    frame: Frame,
    form: ImportForm,
    /// Why the file cannot be read at all.
    unreadable: Option<String>,
    rows: Vec<Shown>,
    /// The rows were carried out.
    is_done: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ImportForm {
    text: String,
    key: String,
    /// The name of the file's encoding; empty where it is to be found out.
    encoding: String,
    /// `point` or `comma`; empty where it is to be found out.
    decimal: String,
    /// `apply` carries the good rows out.
    step: String,
}

pub(crate) async fn get(visitor: OnBehalf) -> Result<Response, Trouble> {
    visitor.must(&[Action::ManageItems], Resource::Company)?;
    let frame = visitor.within(Section::Items).frame;
    let form = ImportForm { key: frame.key(), ..ImportForm::default() };
    Ok(page(StatusCode::OK, &ImportPage { frame, form, unreadable: None, rows: Vec::new(), is_done: false }))
}

pub(crate) async fn post(
    visitor: OnBehalf,
    CheckedUpload { mut form, file }: CheckedUpload<ImportForm>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Items);
    let asking = visitor.asking();
    let is_done = form.step == "apply";
    let (mut unreadable, mut shown) = (None, Vec::new());
    match form.read(file.as_deref()) {
        Err(why) => unreadable = Some(told::unreadable(&why, &visitor.frame)),
        Ok(rows) => {
            for row in rows {
                let found =
                    compare(&asking, &row, &visitor.frame).await.map_err(|error| visitor.refused(error))?;
                let effect = match (&row.item, found) {
                    (Ok(item), (Effect::New | Effect::Change(_), known)) if is_done => {
                        // One key for each row: a file that is sent twice is carried out once.
                        let key = Key::kept(&format!("{}-{}", form.key, row.line));
                        carry_out(&visitor, &key, item, known).await?
                    }
                    (_, (effect, _)) => effect,
                };
                shown.push(Shown { line: row.line, sku: row.sku, effect });
            }
        }
    }
    let status = if unreadable.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    form.key = Key::kept(&form.key).as_str().to_owned();
    let frame = visitor.frame;
    Ok(page(status, &ImportPage { frame, form, unreadable, rows: shown, is_done }))
}

impl ImportForm {
    /// The rows of the file, or of the text where there is no file. The text of a file is kept, to be looked at, mended
    /// and carried out.
    fn read(&mut self, file: Option<&[u8]>) -> Result<Vec<ItemRow>, Unreadable> {
        let decimal = match self.decimal.as_str() {
            "point" => Some(Decimal::Point),
            "comma" => Some(Decimal::Comma),
            _ => None,
        };
        let format = Format { encoding: Encoding::named(&self.encoding), decimal, ..Format::default() };
        self.text = match file {
            Some(file) => rows::text_of(file, format)?,
            // Browsers end the lines of a text field in both characters, whatever stood there.
            None => self.text.replace("\r\n", "\n"),
        };
        rows::read(&self.text, format)
    }
}

/// The item that a row is about.
struct Known {
    id: i64,
    etag: String,
    sku: String,
}

/// What a row would change of what there is, with the item's id and version where there is one.
async fn compare(
    asking: &Asking,
    row: &ItemRow,
    frame: &Frame,
) -> Result<(Effect, Option<Known>), ClientError> {
    let item = match &row.item {
        Ok(item) => item,
        Err(faults) => {
            let wrong = faults.iter().map(|fault| told::wrong(fault, frame)).collect();
            return Ok((Effect::Wrong(wrong), None));
        }
    };
    let filter = ItemFilter { sku: Some(item.sku.clone()), ..ItemFilter::default() };
    let found = asking.services().list_items(asking.call(), &filter, Paging::first(1)).await?;
    let Some(known) = found.rows.into_iter().next() else { return Ok((Effect::New, None)) };
    let changes = changes(&known, item);
    if changes.is_empty() {
        return Ok((Effect::Same, None));
    }
    let read = asking.services().get_item(asking.call(), known.id).await?;
    Ok((Effect::Change(changes), Some(Known { id: known.id, etag: read.etag, sku: known.sku })))
}

/// The fields that a row says otherwise than the item has them.
fn changes(known: &ItemOut, item: &ItemIn) -> Vec<(&'static str, String, String)> {
    let barcode = known.barcode.clone().unwrap_or_default();
    let fields = [
        ("name", known.name.clone(), Some(item.name.clone())),
        ("description", lines(&known.description), item.description.as_deref().map(lines)),
        ("unit", known.unit.clone(), item.unit.clone()),
        ("barcode", barcode, item.barcode.clone().flatten()),
        ("min_stock_level", known.min_stock_level.to_string(), item.min_stock_level.map(|q| q.to_string())),
        ("decimal_places", known.decimal_places.to_string(), item.decimal_places.map(|n| n.to_string())),
        ("active", known.active.to_string(), item.active.map(|active| active.to_string())),
    ];
    let changed = |(name, before, after): (&'static str, String, Option<String>)| {
        let after = after.filter(|after| composed(after) != before)?;
        Some((name, before, after))
    };
    fields.into_iter().filter_map(changed).collect()
}

/// Text whose lines end alike.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

async fn carry_out(
    visitor: &OnBehalf,
    key: &Key,
    item: &ItemIn,
    known: Option<Known>,
) -> Result<Effect, Trouble> {
    let asking = visitor.asking();
    let (services, call) = (asking.services(), asking.call());
    let made = match known {
        None => visitor.made(services.create_item(call, key, item)).await?,
        Some(Known { id, etag, sku }) => {
            // An item keeps its SKU as it was written first.
            let item = ItemIn { sku, ..item.clone() };
            visitor.made(services.update_item(call, key, (id, Some(&etag)), &item)).await?
        }
    };
    Ok(match made {
        Ok(_) => Effect::Done,
        Err(refusal) => {
            let fields = refusal.fields().iter();
            let fields: Vec<String> = fields
                .map(|field| format!("{}: {}", field.pointer.trim_start_matches('/'), field.detail))
                .collect();
            Effect::Refused(format!("{} {}", refusal.message, fields.join("; ")))
        }
    })
}

impl ImportPage {
    fn columns(&self) -> String {
        items::COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// The encodings that a person may choose, by their names.
    fn encodings(&self) -> &'static [&'static str] {
        &[
            "UTF-8",
            "UTF-16LE",
            "UTF-16BE",
            "windows-1252",
            "windows-1250",
            "windows-1251",
            "windows-1253",
            "windows-1254",
            "windows-1255",
            "windows-1256",
            "windows-1257",
            "ISO-8859-2",
            "ISO-8859-15",
            "macintosh",
            "KOI8-R",
            "Shift_JIS",
            "EUC-KR",
            "Big5",
            "gb18030",
        ]
    }

    fn count(&self, is: fn(&Effect) -> bool) -> usize {
        self.rows.iter().filter(|row| is(&row.effect)).count()
    }

    fn summary(&self) -> String {
        if self.is_done {
            let done = self.count(|effect| matches!(effect, Effect::Done));
            return self.frame.count("import-done", done);
        }
        let new = self.count(|effect| matches!(effect, Effect::New));
        let change = self.count(|effect| matches!(effect, Effect::Change(_)));
        let same = self.count(|effect| matches!(effect, Effect::Same));
        let wrong = self.count(|effect| matches!(effect, Effect::Wrong(_)));
        let counts: [(&str, &dyn std::fmt::Display); 4] =
            [("new", &new), ("change", &change), ("same", &same), ("wrong", &wrong)];
        self.frame.about_all("import-summary", &counts)
    }

    /// Whether something can be carried out.
    fn can_apply(&self) -> bool {
        !self.is_done && self.count(|effect| matches!(effect, Effect::New | Effect::Change(_))) > 0
    }

    fn has_wrong(&self) -> bool {
        self.count(|effect| matches!(effect, Effect::Wrong(_))) > 0
    }
}
