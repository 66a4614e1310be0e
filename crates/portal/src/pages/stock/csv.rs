//! What the list of stock shows, as a file for a spreadsheet.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use client::{ClientError, Paging};
use contract::StockSummaryOut;
use contract::page::MAX_LIMIT;

use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::Trouble;
use crate::pages::query::Asked;
use crate::pages::stock::list::StockQuery;

/// A spreadsheet takes a million rows; a file of a page's list stays far below.
const MOST_PAGES: usize = 100;

/// All rows of the list, up to 50,000, in its order and with its columns.
pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<StockQuery>) -> Result<Response, Trouble> {
    let levels = read(&visitor.asking(), &query).await.map_err(Trouble::of_services)?;
    let mut file = csv::Writer::from_writer(Vec::new());
    let written = write(&mut file, &query, &levels).and_then(|()| file.flush().map_err(Into::into));
    let bytes = match (written, file.into_inner()) {
        (Ok(()), Ok(bytes)) => bytes,
        _ => return Err(Trouble::Internal),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"stock.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((StatusCode::OK, headers, bytes).into_response())
}

async fn read(asking: &Asking, query: &StockQuery) -> Result<Vec<StockSummaryOut>, ClientError> {
    let filter = query.filter();
    let (mut levels, mut paging) = (Vec::new(), Paging::first(MAX_LIMIT));
    for _ in 0..MOST_PAGES {
        let page = asking.services().stock_summary(asking.call(), &filter, paging).await?;
        levels.extend(page.rows);
        let Some(next) = page.next else { break };
        paging = Paging::after(next, MAX_LIMIT);
    }
    Ok(levels)
}

/// Numbers and times are written for programs, whatever the language; the column names are the API's.
fn write(
    file: &mut csv::Writer<Vec<u8>>,
    query: &StockQuery,
    levels: &[StockSummaryOut],
) -> Result<(), csv::Error> {
    type Cell = fn(&StockSummaryOut) -> String;
    let columns: [(&str, &str, Cell); 8] = [
        ("", "branch", |level| safe(&level.branch_name)),
        ("", "item", |level| safe(&level.item_name)),
        ("sku", "sku", |level| safe(&level.sku)),
        ("quantity", "quantity", |level| level.quantity.to_string()),
        ("reserved", "reserved", |level| level.reserved.to_string()),
        ("available", "available", |level| level.available.to_string()),
        ("minimum", "min_stock_level", |level| level.min_stock_level.to_string()),
        ("updated", "updated_at", |level| level.updated_at.to_string()),
    ];
    let shown: Vec<_> = columns.iter().filter(|(word, ..)| query.shows(word)).collect();
    file.write_record(shown.iter().map(|(_, name, _)| *name))?;
    for level in levels {
        file.write_record(shown.iter().map(|(_, _, cell)| cell(level)))?;
    }
    Ok(())
}

/// A text that a spreadsheet takes for a text: one that begins as a formula does gets an apostrophe before it
/// (OWASP, "CSV injection").
pub(crate) fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
