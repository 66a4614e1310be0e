//! What the list of stock shows, as a file for a spreadsheet.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use client::ClientError;
use contract::StockSummaryOut;
use platform::cells::guarded;
use platform::zones;

use crate::directory::Directory;
use crate::http::on_behalf::{Asking, OnBehalf, every_page};
use crate::pages::Trouble;
use crate::pages::query::Asked;
use crate::pages::stock::list::StockQuery;

/// A spreadsheet takes a million rows; a file of a page's list stays far below.
const MOST_PAGES: usize = 100;

/// All rows of the list, up to 50,000, in its order and with its columns.
pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<StockQuery>) -> Result<Response, Trouble> {
    let (directory, levels) =
        read(&visitor.asking(), &query).await.map_err(|error| visitor.refused(error))?;
    let mut file = csv::Writer::from_writer(Vec::new());
    let written =
        write(&mut file, &query, &directory, &levels).and_then(|()| file.flush().map_err(Into::into));
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

async fn read(asking: &Asking, query: &StockQuery) -> Result<(Directory, Vec<StockSummaryOut>), ClientError> {
    let filter = query.filter();
    let levels =
        every_page(MOST_PAGES, |paging| asking.services().stock_summary(asking.call(), &filter, paging));
    tokio::try_join!(Directory::read(asking), levels)
}

/// When a level last changed: RFC 3339 by the clock of its branch.
fn changed_at(level: &StockSummaryOut, directory: &Directory) -> String {
    let zone = zones::or_utc(directory.zone(&level.branch_id));
    level.updated_at.display_with_offset(zone.to_offset(level.updated_at)).to_string()
}

/// Numbers and times are written for programs, whatever the language; the column names are the API's.
fn write(
    file: &mut csv::Writer<Vec<u8>>,
    query: &StockQuery,
    directory: &Directory,
    levels: &[StockSummaryOut],
) -> Result<(), csv::Error> {
    type Cell = fn(&StockSummaryOut, &Directory) -> String;
    let columns: [(&str, &str, Cell); 8] = [
        ("", "branch", |level, _| guarded(&level.branch_name).into_owned()),
        ("", "item", |level, _| guarded(&level.item_name).into_owned()),
        ("sku", "sku", |level, _| guarded(&level.sku).into_owned()),
        ("quantity", "quantity", |level, _| level.quantity.to_string()),
        ("reserved", "reserved", |level, _| level.reserved.to_string()),
        ("available", "available", |level, _| level.available.to_string()),
        ("minimum", "min_stock_level", |level, _| level.min_stock_level.to_string()),
        ("updated", "updated_at", changed_at),
    ];
    let shown: Vec<_> = columns.iter().filter(|(word, ..)| query.shows(word)).collect();
    file.write_record(shown.iter().map(|(_, name, _)| *name))?;
    for level in levels {
        file.write_record(shown.iter().map(|(_, _, cell)| cell(level, directory)))?;
    }
    Ok(())
}
