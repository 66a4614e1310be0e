//! Labels, pick lists and packing slips, read from the documents that the pages give.

mod pdf;
mod reader;

use qrcodegen::{QrCode, QrCodeEcc};
use reqwest::Client;
use serde_json::{Value, json};

use crate::support::portal::{Browser, Company};
use pdf::{Area, MM, Page, pages};
use reader::read;

/// A company with a signed-in Admin.
struct Office {
    company: Company,
    browser: Browser,
    token: String,
}

impl Office {
    async fn open() -> Office {
        let company = Company::start().await;
        company.admin("mia").await;
        let browser = company.signed_in("mia").await;
        let token = browser.token().await;
        Office { company, browser, token }
    }

    async fn post(&self, path: &str, body: Value) -> i64 {
        let request = Client::new().post(format!("{}{path}", self.company.services)).bearer_auth(&self.token);
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json::<Value>().await.unwrap()["id"].as_i64().unwrap()
    }

    async fn item(&self, sku: &str, name: &str, barcode: Option<&str>) -> i64 {
        self.post("/v1/items", json!({ "sku": sku, "name": name, "barcode": barcode })).await
    }

    async fn pages(&self, path: &str) -> Vec<Page> {
        let answer = self.browser.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/pdf");
        pages(&answer.bytes().await.unwrap())
    }

    /// The sheets and rolls that the page of an item offers.
    async fn sheets(&self, item: i64) -> Vec<String> {
        let page = self.browser.page(&format!("/items/{item}/")).await;
        let select = page.split("name=\"sheet\"").nth(1).unwrap().split("</select>").next().unwrap();
        let words = select.split("value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        words.collect()
    }
}

/// Nothing stands over anything else, and everything is on the paper.
#[track_caller]
fn assert_apart(page: &Page) {
    for (n, line) in page.lines.iter().enumerate() {
        assert!(line.area.is_within(&page.area), "not on the paper: {line:?}");
        for (left, right, letter) in &line.letters {
            let inside = *left >= line.area.left - 1.0 && *right <= line.area.right + 1.0;
            assert!(inside, "{letter:?} is out of its line: {line:?}");
        }
        for other in &page.lines[n + 1..] {
            assert!(!line.area.overlaps(&other.area), "{line:?}\nand {other:?}");
        }
        for area in &page.black {
            assert!(!line.area.overlaps(area) || area.is_within(&line.area), "{line:?}\nand {area:?}");
        }
    }
    for area in &page.black {
        assert!(area.is_within(&page.area), "not on the paper: {area:?}");
    }
}

#[tokio::test]
async fn numbers_and_codes_in_hebrew_and_arabic_texts_are_read_as_they_were_typed() {
    let office = Office::open().await;
    let hebrew = office.item("SCR-HEB", "מברגה חשמלית 18V", None).await;
    let arabic = office.item("SCR-ARA", "مفتاح ربط ١٢ مم", None).await;
    let place = json!({ "name": "מחסן 7B", "location": "רחוב הרצל 12-14" });
    let branch = office.post("/v1/branches", place).await;
    let lines =
        [json!({ "item_id": hebrew, "requested_qty": 3 }), json!({ "item_id": arabic, "requested_qty": 4 })];
    let order = json!({ "branch_id": branch, "reference": "הזמנה 42-A", "note": "נא לאסוף עד 18:30, דלת 3", "lines": lines });
    let order = office.post("/v1/orders", order).await;

    let label = office.pages(&format!("/items/{hebrew}/labels/")).await[0].text();
    assert!(label.contains("18V תילמשח הגרבמ"), "{label}");
    let label = office.pages(&format!("/items/{arabic}/labels/")).await[0].text();
    assert!(label.contains("١٢"), "{label}");
    for paper in ["pick-list", "packing-slip"] {
        let page = office.pages(&format!("/orders/{order}/print/{paper}/")).await.remove(0);
        let text = page.text();
        for typed in
            ["18V תילמשח הגרבמ", "١٢", "42-A הנמזה", "18:30 דע ףוסאל אנ", "7B ןסחמ", "12-14 לצרה בוחר"]
        {
            assert!(text.contains(typed), "{typed} is not in {text}");
        }
        assert_apart(&page);
    }
}

#[tokio::test]
async fn a_code_among_words_of_another_direction_keeps_its_order() {
    let office = Office::open().await;
    // Each with what stands on the paper from left to right: words of Hebrew in a Latin text, and the other way around.
    for (n, (name, left_to_right)) in [
        ("Box מברגה 18V", "Box הגרבמ 18V"),
        ("Box 42-A מברגה M12x120", "Box 42-A הגרבמ M12x120"),
        // Parentheses are mirrored: the one that opens stands at the right.
        ("בורג (M8) 5%", "5% )M8( גרוב"),
        ("בורג -5 +3", "+3 -5 גרוב"),
        ("בורג DIN 933", "DIN 933 גרוב"),
        ("12 ברגים", "םיגרב 12"),
    ]
    .into_iter()
    .enumerate()
    {
        let item = office.item(&format!("S-{n}"), name, None).await;
        let text = office.pages(&format!("/items/{item}/labels/")).await[0].text();
        assert_eq!(text.lines().next(), Some(left_to_right));
    }
}

#[tokio::test]
async fn letters_of_many_scripts_are_printed() {
    let office = Office::open().await;
    for (n, name) in [
        "Größe ½″ Đặng ǅ Ấ",
        "Κάδος ΚΑΔΟΣ",
        "Молоток гвоздодёр Ґ",
        "Դրիլ დრელი",
        "מַבְרֵגָה",
        "مِفْتَاح ڤ پ",
        "สว่านไฟฟ้า น้ำ",
        "ສະຫວ່ານ",
        "कॉर्डलेस ड्रिल क्षत्रिय",
        "ড্রিল",
        "ડ્રીલ",
        "ਡ੍ਰਿਲ",
        "ಡ್ರಿಲ್",
        "ഡ്രിൽ",
        "ଡ୍ରିଲ୍",
        "துளை",
        "డ్రిల్",
        "සරඹය",
        "ម៉ាស៊ីនខួង",
        "ပါဝါ",
        "ድሪል",
        "ޑްރިލް",
        "无线电钻 無線電鑽",
        "ドリル 電動",
        "무선 드릴",
        "🔨 👨‍👩‍👧 ❤️",
        "ʻōhiʻa",
        "Mu\u{308}ller e\u{301}",
    ]
    .into_iter()
    .enumerate()
    {
        let item = office.item(&format!("S-{n}"), name, None).await;
        let page = office.pages(&format!("/items/{item}/labels/")).await.remove(0);
        let text = page.text();
        assert!(!text.contains("cannot be printed"), "{name}: {text}");
        assert!(page.lines.iter().all(|line| !line.letters.is_empty()), "{name}");
        assert_apart(&page);
    }
}

#[tokio::test]
async fn letters_that_no_font_has_are_boxes_and_the_paper_says_which() {
    let office = Office::open().await;
    let item = office.item("OLD-1", "Stone 𓀀 𓁐 12", None).await;
    let branch = office.post("/v1/branches", json!({ "name": "Depot 𐤀" })).await;
    let lines = [json!({ "item_id": item, "requested_qty": 3 })];
    let order = office.post("/v1/orders", json!({ "branch_id": branch, "lines": lines })).await;
    let label = office.pages(&format!("/items/{item}/labels/")).await.remove(0);
    let list = office.pages(&format!("/orders/{order}/print/pick-list/")).await.remove(0);
    assert!(label.text().contains("Some letters cannot be printed: U+13000, U+13050"), "{}", label.text());
    assert!(
        list.text().contains("Some letters cannot be printed: U+10900, U+13000, U+13050"),
        "{}",
        list.text()
    );
    for page in [label, list] {
        let name = page.lines.iter().find(|line| line.text().contains("Stone")).unwrap();
        let boxes = page.black.iter().filter(|area| area.is_within(&name.area)).count();
        assert_eq!((name.text().as_str(), boxes), ("Stone   12", 2));
    }
}

#[tokio::test]
async fn nothing_on_an_order_stands_over_anything_else_however_long_it_is() {
    let office = Office::open().await;
    let word = |letters: usize| "W".repeat(letters);
    let zalgo: String = "Zange"
        .chars()
        .flat_map(|c| [c].into_iter().chain(('\u{300}'..'\u{30f}').cycle().take(30)))
        .collect();
    let mut lines = Vec::new();
    for (n, (sku, name, unit)) in [
        (
            "WMW-BLACK-XXL-0001234567",
            "STAINLESS HEXAGON SCREWS M12X120 DIN 933 WIDE WASHER MOUNTED".to_owned(),
            "pcs",
        ),
        (&word(64), word(200), &word(16)),
        ("ZALGO", zalgo, "Stück"),
        ("HE", "מברגה חשמלית ".repeat(15), "יחידות"),
        ("TH", "สว่านไฟฟ้าไร้สาย".repeat(12), "ชิ้น"),
        ("CN", "无线电钻".repeat(50), "件"),
        ("KM", "ម៉ាស៊ីនខួង ".repeat(18), "ဃဏ္ဍ"),
        ("EM", "👨‍👩‍👧🔨".repeat(25), "🔨"),
    ]
    .into_iter()
    .enumerate()
    {
        let name: String = name.chars().take(200).collect();
        let item =
            json!({ "sku": sku, "name": name.trim(), "unit": unit, "decimal_places": 3, "barcode": null });
        let item = office.post("/v1/items", item).await;
        let quantity = if n % 2 == 0 { json!("999999999999.999") } else { json!("12345678") };
        lines.push(json!({ "item_id": item, "requested_qty": quantity }));
    }
    let note = format!("{}\n\n\n{}\n{}", "ab cd ".repeat(60), word(300), "נא לאסוף עד 18:30\nx\n".repeat(60));
    let branch = office.post("/v1/branches", json!({ "name": word(100), "location": word(200) })).await;
    let order = json!({ "branch_id": branch, "reference": word(100), "note": note, "lines": lines });
    let order = office.post("/v1/orders", order).await;
    for paper in ["pick-list", "packing-slip"] {
        let pages = office.pages(&format!("/orders/{order}/print/{paper}/")).await;
        pages.iter().for_each(assert_apart);
        let text = pages.iter().map(Page::text).collect::<Vec<_>>().join("\n");
        assert_eq!(text.matches("18:30").count(), 60, "{text}");
        // Without the blanks that lines end in, nothing of the note is lost.
        assert_eq!(text.matches("ab cd").count() + text.matches("ab\n").count(), 60, "{text}");
        let number = if paper == "pick-list" { "999,999,999,999.999" } else { "0" };
        assert!(text.lines().filter(|line| *line == number).count() >= 4, "{text}");
    }
}

#[tokio::test]
async fn every_page_of_a_long_order_has_its_heading_and_its_number() {
    let office = Office::open().await;
    let mut lines = Vec::new();
    for n in 0..130 {
        let item = office.item(&format!("SKU-{n:03}"), &format!("Screw of size {n:03}"), None).await;
        lines.push(json!({ "item_id": item, "requested_qty": n + 1 }));
    }
    let branch = office.post("/v1/branches", json!({ "name": "Depot" })).await;
    let order = office.post("/v1/orders", json!({ "branch_id": branch, "lines": lines })).await;
    let pages = office.pages(&format!("/orders/{order}/print/pick-list/")).await;
    assert!(pages.len() > 2, "{}", pages.len());
    for (n, page) in pages.iter().enumerate() {
        assert_apart(page);
        let text = page.text();
        for heading in [
            "SKU",
            "Item",
            "Quantity",
            &format!("Order {order}"),
            &format!("Page {} of {}", n + 1, pages.len()),
        ] {
            assert!(text.lines().any(|line| line == heading), "{heading} is not on page {n}: {text}");
        }
    }
    let text = pages.iter().map(Page::text).collect::<Vec<_>>().join("\n");
    for n in 0..130 {
        assert_eq!(text.matches(&format!("SKU-{n:03}")).count(), 1);
    }
    assert_eq!(text.matches("Date and signature").count(), 1);
}

#[tokio::test]
async fn labels_keep_to_their_boxes_on_every_sheet_and_roll() {
    let office = Office::open().await;
    let word = |letters: usize| "W".repeat(letters);
    let zalgo: String = "Zange"
        .chars()
        .flat_map(|c| [c].into_iter().chain(('\u{300}'..'\u{30f}').cycle().take(30)))
        .collect();
    for (sku, name, barcode) in [
        (
            "WMW-BLACK-XXL-0001234567",
            "STAINLESS HEXAGON SCREWS M12X120 DIN 933 WIDE WASHER MOUNTED".to_owned(),
            None,
        ),
        (word(64).as_str(), word(200), Some("4006381333931")),
        ("ZALGO", zalgo, Some("96385074")),
        ("HE", "מברגה חשמלית 18V ".repeat(12), Some("ключ")),
        ("KM", "ម៉ាស៊ីនខួង ပါဝါ ".repeat(10), Some("12345678901234")),
        ("EM", "👨‍👩‍👧🔨𓀀𓁐".repeat(15), Some("X")),
    ] {
        let name: String = name.chars().take(200).collect();
        office.item(sku, name.trim(), barcode).await;
    }
    let sheets = office.sheets(1).await;
    assert!(sheets.len() > 10, "{sheets:?}");
    for sheet in sheets {
        let pages = office.pages(&format!("/items/labels/?sheet={sheet}&copies=3")).await;
        for page in &pages {
            assert_apart(page);
            // The narrowest module is a quarter of a millimetre.
            let narrowest = page.black.iter().map(Area::width).fold(f32::INFINITY, f32::min);
            assert!(narrowest > 0.249 * MM, "{sheet}: {}", narrowest / MM);
            assert!(page.text().contains("EM") || pages.len() > 1, "{sheet}");
        }
    }
}

#[tokio::test]
async fn barcodes_are_read_as_they_were_entered() {
    let office = Office::open().await;
    for (n, (code, read_as)) in [
        ("4006381333931", "4006381333931"),
        ("0036000291452", "0036000291452"),
        // UPC-A is EAN-13 with a leading zero.
        ("012345678905", "0012345678905"),
        ("96385074", "96385074"),
        ("14006381333938", "14006381333938"),
        // A wrong check digit is no EAN.
        ("4006381333932", "4006381333932"),
        ("12345678", "12345678"),
        ("A1234567C", "A1234567C"),
        ("7", "7"),
        ("42", "42"),
        ("~{a|^`z", "~{a|^`z"),
    ]
    .into_iter()
    .enumerate()
    {
        let item = office.item(&format!("S-{n}"), "Screw", Some(code)).await;
        for sheet in ["a4-3x8", "a4-5x13", "roll-62x29"] {
            let page = office.pages(&format!("/items/{item}/labels/?sheet={sheet}")).await.remove(0);
            let barcodes = page.barcodes();
            assert_eq!(barcodes.len(), 1, "{code} on {sheet}");
            let (text, module) = read(&barcodes[0]);
            assert_eq!(text, read_as, "{sheet}");
            assert!(module > 0.249 * MM && module < 0.51 * MM, "{module}");
            // The quiet zone: nothing is beside it for ten modules, and the paper goes on.
            let (first, last) = (barcodes[0][0], barcodes[0].last().unwrap());
            let quiet = if text.len() == 8 { 7.0 } else { 10.0 } * module;
            let zone = Area { left: first.left - quiet, right: last.right + quiet, ..first };
            assert!(zone.is_within(&page.area), "{code} on {sheet}");
            assert!(!page.lines.iter().any(|line| line.area.overlaps(&zone)), "{code} on {sheet}");
        }
    }
    let branch = office.post("/v1/branches", json!({ "name": "Depot" })).await;
    let lines = [json!({ "item_id": 1, "requested_qty": 3 })];
    let order = office.post("/v1/orders", json!({ "branch_id": branch, "lines": lines })).await;
    let page = office.pages(&format!("/orders/{order}/print/pick-list/")).await.remove(0);
    assert_eq!(read(&page.barcodes()[0]).0, order.to_string());
}

#[tokio::test]
async fn a_code_that_has_no_room_as_bars_is_a_qr_code_and_one_that_has_none_at_all_is_told() {
    let office = Office::open().await;
    for code in ["WMW-BLACK-XXL-0001234567-SPECIAL", "ключ 12"] {
        let item = office.item(&format!("S{}", code.len()), "Screw", Some(code)).await;
        let page = office.pages(&format!("/items/{item}/labels/")).await.remove(0);
        let square = QrCode::encode_text(code, QrCodeEcc::Medium).unwrap();
        let first = page.black[0];
        // The first run of a QR code is the upper edge of a finder pattern, seven modules wide.
        let module = first.width() / 7.0;
        assert!(module > 0.37 * MM, "{module}");
        let is_dark = |x: i32, y: i32| {
            let (x, y) = (first.left + (x as f32 + 0.5) * module, first.top + (y as f32 + 0.5) * module);
            page.black.iter().any(|area| area.left < x && x < area.right && area.top < y && y < area.bottom)
        };
        for (x, y) in (0..square.size()).flat_map(|y| (0..square.size()).map(move |x| (x, y))) {
            assert_eq!(is_dark(x, y), square.get_module(x, y), "{code}: {x}, {y}");
        }
        assert!(page.text().replace('\n', "").contains(code), "{}", page.text());
        assert_apart(&page);
    }
    let item = office.item("S", "Screw", Some(&"電".repeat(64))).await;
    let page = office.pages(&format!("/items/{item}/labels/?sheet=a4-5x13")).await.remove(0);
    assert!(page.black.is_empty());
    let text = page.text().replace('\n', " ");
    assert!(text.contains("The code is too long for a label of this size."), "{text}");
}

#[tokio::test]
async fn a_partly_used_sheet_begins_at_the_label_that_is_asked_for() {
    let office = Office::open().await;
    let item = office.item("SCR-1", "Screw", None).await;
    let pages = office
        .pages(&format!("/items/{item}/labels/?sheet=a4-3x7&start=5&copies=18&right=1.5&down=-2"))
        .await;
    let places: Vec<Vec<(f32, f32)>> = pages
        .iter()
        .map(|page| {
            let names = page.lines.iter().filter(|line| line.text() == "Screw");
            names.map(|line| (line.area.left / MM, line.area.top / MM)).collect()
        })
        .collect();
    // Three by seven: 17 are left from the fifth on.
    assert_eq!(places.iter().map(Vec::len).collect::<Vec<_>>(), [17, 1]);
    // The fifth is the second of the second row; labels are 66 by 38.1 mm apart.
    let (fifth, first) = (places[0][0], places[1][0]);
    assert!((fifth.0 - first.0 - 66.0).abs() < 0.01 && (fifth.1 - first.1 - 38.1).abs() < 0.01);
    let straight = office.pages(&format!("/items/{item}/labels/?sheet=a4-3x7")).await.remove(0).lines[0].area;
    assert!(
        (first.0 - straight.left / MM - 1.5).abs() < 0.01 && (first.1 - straight.top / MM + 2.0).abs() < 0.01
    );
}

#[tokio::test]
async fn what_is_wrong_in_the_form_for_labels_is_told_and_the_form_is_kept() {
    let office = Office::open().await;
    let item = office.item("SCR-1", "Screw", None).await;
    for (query, told) in [
        ("sheet=a4-3x7&start=22&copies=9", "Enter a whole number from 1 to 21."),
        ("sheet=roll-62x29&start=2&copies=9", "Enter a whole number from 1 to 1."),
        ("copies=481&start=9", "Enter a whole number from 1 to 480."),
        ("copies=x", "Enter a whole number from 1 to 480."),
        ("right=40", "Enter millimetres from -2 to 2 for this sheet."),
        ("down=NaN&sheet=a4-3x7", "Enter millimetres from -5 to 5 for this sheet."),
    ] {
        for path in [format!("/items/{item}/labels/?{query}"), format!("/items/labels/?q=Screw&{query}")] {
            let answer = office.browser.get(&path).await;
            assert_eq!(answer.status(), 422, "{path}");
            let page = answer.text().await.unwrap();
            assert!(page.contains(told), "{path}: {page}");
            for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                let kept = format!("name=\"{name}\" value=\"{value}\"");
                assert!(name == "sheet" || page.contains(&kept), "{kept}: {page}");
                assert!(name != "sheet" || page.contains(&format!("value=\"{value}\" selected")), "{page}");
            }
            assert!(!path.contains("q=") || page.contains("name=\"q\" value=\"Screw\""), "{page}");
        }
    }
}

#[tokio::test]
async fn a_barcode_with_a_wrong_check_digit_is_saved_and_told() {
    let office = Office::open().await;
    let form = |barcode| {
        let (name, sku) = (format!("Screw {barcode}"), format!("S-{barcode}"));
        [
            ("name", name),
            ("sku", sku),
            ("barcode", barcode),
            ("unit", "pcs".to_owned()),
            ("active", "1".to_owned()),
        ]
    };
    for (barcode, digit) in [
        ("4006381333932", Some('1')),
        ("12345678", Some('0')),
        ("036000291450", Some('2')),
        ("14006381333930", Some('8')),
        ("4006381333931", None),
        ("123456789", None),
        ("ABCDEFGH", None),
    ] {
        let form = form(barcode.to_owned());
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = office.browser.post("/items/new/", &form).await;
        assert_eq!(answer.status(), 303);
        let item = crate::support::portal::location(&answer).split('/').nth(2).unwrap().to_owned();
        for path in [format!("/items/{item}/"), format!("/items/{item}/edit/")] {
            let page = office.browser.page(&path).await;
            let told = digit.map(|digit| format!("which ask for {digit}"));
            assert_eq!(page.contains("does not fit the others"), told.is_some(), "{barcode}");
            assert!(told.is_none_or(|told| page.contains(&told)), "{barcode}: {page}");
        }
    }
}
