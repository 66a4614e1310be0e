//! The forms that files come in.

use services::bulk::{BadRow, Encoding, Format, Import, Kind};

use super::{assert_counts, load, plain, run, run_skipping, shop};
use crate::support::TestDatabase;

#[tokio::test]
async fn files_are_read_in_the_encodings_and_separators_of_spreadsheets() {
    for (number, separator) in [",", ";", "\t", "|"].into_iter().enumerate() {
        let database = TestDatabase::new().await;
        let text = "name,location\nKöln,Straße 1\n".replace(',', separator);
        let utf16: Vec<u8> =
            [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let western: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let bytes = [text.clone().into_bytes(), utf16, western, [b"\xEF\xBB\xBF", text.as_bytes()].concat()];
        let report = run(&database, &plain(Kind::Branches, &bytes[number])).await.unwrap();
        assert_counts(&report, 1, 0, 0);
        let stored: String = database.value("select name || location from services_branches").await;
        assert_eq!(stored, "KölnStraße 1");
    }
}

#[tokio::test]
async fn a_given_encoding_and_separator_are_taken_at_their_word() {
    let database = TestDatabase::new().await;
    let format =
        Format { encoding: Some(Encoding::WINDOWS_1252), separator: Some(b';'), ..Format::default() };
    let import = Import { format, ..plain(Kind::Branches, b"name;location\nA,B;C\n") };
    assert_counts(&run(&database, &import).await.unwrap(), 1, 0, 0);
    let name: String = database.value("select name from services_branches").await;
    assert_eq!(name, "A,B");
}

#[tokio::test]
async fn a_file_whose_header_is_wrong_is_refused_with_the_columns() {
    let database = TestDatabase::new().await;
    for (text, told) in [
        ("", "empty"),
        ("name,colour\nA,red\n", "there is no column \"colour\""),
        ("location\nA\n", "lacks the column name"),
        ("name,Name\nA,B\n", "twice"),
    ] {
        let error = run(&database, &plain(Kind::Branches, text.as_bytes())).await.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    let report = load(
        &database,
        Kind::Branches,
        "NAME, Time Zone \nA,UTC\n".replace("Time Zone", "timezone").as_str(),
    )
    .await;
    assert_counts(&report, 1, 0, 0);
}

#[tokio::test]
async fn rows_whose_lines_end_in_a_carriage_return_alone_have_numbers_of_their_own() {
    let database = shop().await;
    // As the old Macintosh wrote them. Were two rows of one number, a bad one would leave a good one out.
    let text = "branch,sku,quantity\rHarbour,NAIL,7\rHarbour,ROPE,x\r";
    let (report, rejects) = run_skipping(&database, plain(Kind::Stock, text.as_bytes())).await;
    let bad =
        BadRow { line: 3, column: Some("quantity"), reason: "\"x\" is not a decimal number".to_owned() };
    assert_eq!((report.bad, report.changed), (vec![bad], 1));
    assert_eq!(rejects.lines().skip(1).count(), 1, "{rejects}");
}
