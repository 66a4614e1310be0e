//! A list as a file for spreadsheets: CSV, which any program reads, and XLSX, which opens right in every language.

mod sheet;

use std::future::Future;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use client::{ClientError, Page, Paging};
use contract::page::MAX_LIMIT;
use domain::Quantity;
use jiff::Timestamp;

use self::sheet::{Sheet, Unwritable};
use crate::http::on_behalf::OnBehalf;
use crate::pages::Trouble;
use crate::words::Words;

/// How many rows a file has at most: a spreadsheet takes a million, but nobody should wait for them.
pub(crate) const MOST_ROWS: usize = 50_000;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Xlsx,
}

impl Format {
    const fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// The last part of the address says it.
impl<S: Sync> FromRequestParts<S> for Format {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Format, Trouble> {
        let last = parts.uri.path().rsplit('/').next();
        let format = [Format::Csv, Format::Xlsx].into_iter().find(|format| last == Some(format.ending()));
        format.ok_or(Trouble::NoSuchPage)
    }
}

/// The content of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    Quantity(Quantity),
    /// A whole number, such as that of an order.
    Number(i64),
    /// A moment, and the time zone of the branch that the row is about.
    Time(Timestamp, String),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    pub(crate) fn maybe(text: Option<&str>) -> Cell {
        text.map_or(Cell::Empty, Cell::text)
    }
}

/// A column: its name for programs, the message that names it for people, and what each row has in it.
struct Column<'a, R> {
    name: &'static str,
    message: &'static str,
    /// Whether times stand in it, whose zone its heading tells.
    times: bool,
    cell: Box<dyn Fn(&R) -> Cell + Send + Sync + 'a>,
}

/// The columns of a list, in order.
pub(crate) struct Columns<'a, R>(Vec<Column<'a, R>>);

impl<'a, R> Columns<'a, R> {
    pub(crate) fn new() -> Columns<'a, R> {
        Columns(Vec::new())
    }

    /// One more, of anything but times.
    #[must_use]
    pub(crate) fn with(
        mut self,
        name: &'static str,
        message: &'static str,
        cell: impl Fn(&R) -> Cell + Send + Sync + 'a,
    ) -> Columns<'a, R> {
        self.0.push(Column { name, message, times: false, cell: Box::new(cell) });
        self
    }

    /// One more, of times, each with the zone of its row.
    #[must_use]
    pub(crate) fn with_time(
        mut self,
        name: &'static str,
        message: &'static str,
        cell: impl Fn(&R) -> Option<(Timestamp, String)> + Send + Sync + 'a,
    ) -> Columns<'a, R> {
        let cell = move |row: &R| cell(row).map_or(Cell::Empty, |(at, zone)| Cell::Time(at, zone));
        self.0.push(Column { name, message, times: true, cell: Box::new(cell) });
        self
    }

    /// Those of them that are wanted, by their names.
    #[must_use]
    pub(crate) fn only(mut self, is_wanted: impl Fn(&str) -> bool) -> Columns<'a, R> {
        self.0.retain(|column| is_wanted(column.name));
        self
    }
}

/// A list to write.
pub(crate) struct Table<'a, R> {
    /// The name of the file, without its ending.
    pub name: &'static str,
    /// The message that names the list.
    pub title: &'static str,
    /// The time zone of the times in a file for people: one for all rows.
    pub zone: &'a str,
    pub columns: Columns<'a, R>,
}

impl<R> Table<'_, R> {
    /// Writes what the services list, page by page, as far as a file goes. Where the list goes on, the last row says so.
    pub(crate) async fn of_services<F: Future<Output = Result<Page<R>, ClientError>>>(
        &self,
        format: Format,
        visitor: &OnBehalf,
        read: impl Fn(Paging) -> F,
    ) -> Result<Response, Trouble> {
        let mut file = self.begin(format, visitor.frame.words)?;
        let mut paging = Paging::first(MAX_LIMIT);
        loop {
            let page = read(paging).await.map_err(|error| visitor.refused(error))?;
            if !file.rows(&page.rows, page.next.is_some())? {
                break;
            }
            let Some(next) = page.next else { break };
            paging = Paging::after(next, MAX_LIMIT);
        }
        file.finish().await
    }

    /// Begins a file, to write rows to.
    pub(crate) fn begin(&self, format: Format, words: Words) -> Result<File<'_, R>, Trouble> {
        let heading = |column: &Column<'_, R>| {
            let words = words.say(column.message);
            if column.times { format!("{words} ({})", self.zone) } else { words }
        };
        let sheet = match format {
            Format::Csv => Sheet::csv(self.columns.0.iter().map(|column| column.name)),
            Format::Xlsx => {
                Sheet::xlsx(&words.say(self.title), self.zone, self.columns.0.iter().map(heading))
            }
        };
        Ok(File { table: self, format, words, sheet: sheet?, rows: 0 })
    }
}

/// A file that rows are written to.
pub(crate) struct File<'t, R> {
    table: &'t Table<'t, R>,
    format: Format,
    words: Words,
    sheet: Sheet,
    rows: usize,
}

impl<R> File<'_, R> {
    /// Writes rows, as far as the file goes; says whether it takes those that come next, where there are any. Where they do
    /// not fit, its last row says that the list goes on.
    pub(crate) fn rows(&mut self, rows: &[R], more: bool) -> Result<bool, Trouble> {
        let room = MOST_ROWS.saturating_sub(self.rows);
        for row in rows.iter().take(room) {
            self.sheet.row(self.table.columns.0.iter().map(|column| (column.cell)(row)))?;
        }
        self.rows += rows.len().min(room);
        let goes_on = rows.len() > room || (more && self.rows == MOST_ROWS);
        if goes_on {
            let told = Cell::Text(self.words.count("table-goes-on", self.rows));
            let rest = self.table.columns.0.iter().skip(1).map(|_| Cell::Empty);
            self.sheet.row([told].into_iter().chain(rest))?;
        }
        Ok(more && !goes_on)
    }

    /// The file as an answer.
    pub(crate) async fn finish(self) -> Result<Response, Trouble> {
        let File { table, format, sheet, .. } = self;
        // Packing a large file takes a while.
        let bytes =
            tokio::task::spawn_blocking(move || sheet.bytes()).await.map_err(|_| Trouble::Internal)??;
        let disposition = format!("attachment; filename=\"{}.{}\"", table.name, format.ending());
        let headers = [
            (header::CONTENT_TYPE, format.media_type()),
            (header::CONTENT_DISPOSITION, disposition.as_str()),
            (header::CACHE_CONTROL, "no-store"),
        ];
        Ok((StatusCode::OK, headers, bytes).into_response())
    }
}

impl From<Unwritable> for Trouble {
    fn from(error: Unwritable) -> Trouble {
        tracing::error!(%error, "a file of a list could not be written");
        Trouble::Internal
    }
}
