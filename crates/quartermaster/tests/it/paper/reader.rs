//! A reader of barcodes, from the bars that are printed (ISO/IEC 15417 and 15420).

use super::pdf::Area;

/// Each symbol of Code 128 as the widths of its bars and spaces.
const CODE_128: &str = "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 \
    122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 \
    212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 \
    113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 \
    431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 \
    241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 \
    131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 233111";
/// The digits of an EAN's right half as widths; those of the left half are the same or the same turned around.
const EAN: [&str; 10] = ["3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112"];
/// Which digits of the left half are turned around, for each first digit.
const TURNED: [&str; 10] =
    ["000000", "001011", "001101", "001110", "010011", "011001", "011100", "010101", "010110", "011010"];

/// What bars say, and how wide their modules are.
pub fn read(bars: &[Area]) -> (String, f32) {
    let module = bars.iter().map(Area::width).fold(f32::INFINITY, f32::min);
    let mut widths = String::new();
    for (bar, next) in bars.iter().zip(bars.iter().skip(1).map(Some).chain([None])) {
        let mut push = |width: f32| {
            let modules = width / module;
            assert!((modules - modules.round()).abs() < 0.05, "{modules} modules");
            widths.push_str(&modules.round().to_string());
        };
        push(bar.width());
        if let Some(next) = next {
            push(next.left - bar.right);
        }
    }
    let text = match widths.len() {
        59 if widths.starts_with("111") => ean(&widths, 6),
        43 if widths.starts_with("111") => ean(&widths, 4),
        _ => code_128(&widths),
    };
    (text, module)
}

fn ean(widths: &str, half: usize) -> String {
    let digits = |from: usize| (0..half).map(move |n| &widths[from + 4 * n..from + 4 * n + 4]);
    let digit = |pattern: &str| EAN.iter().position(|known| *known == pattern);
    let mut turned = String::new();
    let mut text = String::new();
    for pattern in digits(3) {
        let around: String = pattern.chars().rev().collect();
        turned.push(if digit(pattern).is_some() { '0' } else { '1' });
        text.push_str(&digit(pattern).or_else(|| digit(&around)).unwrap().to_string());
    }
    text.extend(digits(3 + 4 * half + 5).map(|pattern| digit(pattern).unwrap().to_string()));
    if half == 6 {
        let first = TURNED.iter().position(|known| *known == turned).unwrap();
        text.insert_str(0, &first.to_string());
    }
    text
}

fn code_128(widths: &str) -> String {
    let known: Vec<&str> = CODE_128.split_whitespace().collect();
    let body = widths.strip_suffix("2331112").unwrap_or_else(|| panic!("no end: {widths}"));
    let symbols: Vec<usize> = (0..body.len() / 6)
        .map(|n| known.iter().position(|known| *known == &body[6 * n..6 * n + 6]).unwrap())
        .collect();
    let (check, symbols) = symbols.split_last().unwrap();
    let sum: usize = symbols.iter().enumerate().map(|(n, symbol)| n.max(1) * symbol).sum();
    assert_eq!(sum % 103, *check);
    let mut text = String::new();
    let mut in_pairs = false;
    for symbol in symbols {
        match symbol {
            99 if !in_pairs => in_pairs = true,
            105 => in_pairs = true,
            100 | 104 => in_pairs = false,
            pair if in_pairs => text.push_str(&format!("{pair:02}")),
            letter => text.push(char::from(u8::try_from(letter + 32).unwrap())),
        }
    }
    text
}
