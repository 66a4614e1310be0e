//! Text as it is kept and compared: composed in one way (NFC), found whatever its case, and without characters that show
//! nothing, since people do not see what is written with them.

use std::borrow::Cow;
use std::fmt;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Text with its letters composed (Unicode's NFC): some keyboards and systems write `é` as one character, others as two.
pub fn composed(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Text as it is compared and searched: whatever its case and composition. Greek has two small letters for one capital,
/// Turkish two pairs of `i`, which other languages have as one, and German capitals write `SS` for `ß`. The services'
/// database has the same rule as `services_fold`.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in composed(text).to_lowercase().chars() {
        match letter {
            'ς' => folded.push('σ'),
            'ı' => folded.push('i'),
            // The dot of a Turkish capital.
            '\u{307}' => {}
            'ß' => folded.push_str("ss"),
            other => folded.push(other),
        }
    }
    folded
}

/// A character that may not stand in a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hidden {
    /// Which.
    pub character: char,
    /// Its place in the text; the first is 1.
    pub place: usize,
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hidden { character, place } = self;
        let code = u32::from(*character);
        let name = match character {
            '\u{ad}' => "soft hyphen",
            '\u{200b}' => "zero width space",
            '\u{200c}' => "zero width non-joiner",
            '\u{200d}' => "zero width joiner",
            '\u{61c}' | '\u{200e}' | '\u{200f}' => "mark of a direction",
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => "change of the direction",
            '\u{feff}' => "byte order mark",
            '\u{e0000}'..='\u{e007f}' => "tag",
            _ => "shows nothing",
        };
        write!(
            f,
            "must not contain the invisible character U+{code:04X} ({name}), its character {place}; type the text anew \
             without it"
        )
    }
}

/// The first invisible character of a name. Joiners may stand between letters of scripts that need them, such as
/// Persian and Hindi, and in emoji.
pub fn hidden_in_name(text: &str) -> Option<Hidden> {
    let characters: Vec<char> = text.chars().collect();
    let joins = |place: usize| {
        let needs = |neighbour: Option<&char>| {
            neighbour
                .is_some_and(|c| !c.is_ascii() && !c.is_whitespace() && !is_joiner(*c) && !shows_nothing(*c))
        };
        needs(place.checked_sub(1).and_then(|before| characters.get(before)))
            && needs(characters.get(place + 1))
    };
    first(&characters, |place, character| shows_nothing(character) || is_joiner(character) && !joins(place))
}

/// The first invisible character of a code, such as a SKU, which is compared letter by letter and so may have none.
pub fn hidden_in_code(text: &str) -> Option<Hidden> {
    let characters: Vec<char> = text.chars().collect();
    first(&characters, |_, character| shows_nothing(character) || is_joiner(character))
}

fn first(characters: &[char], is_hidden: impl Fn(usize, char) -> bool) -> Option<Hidden> {
    let found = characters.iter().enumerate().find(|(place, character)| is_hidden(*place, **character));
    found.map(|(place, character)| Hidden { character: *character, place: place + 1 })
}

/// Zero width joiner and non-joiner: they change how letters beside them look.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// Whether a character shows nothing and no script needs it within a line (of Unicode's Default_Ignorable_Code_Point, and
/// what ends lines or is a blank by another name). Control characters are not among these.
pub fn shows_nothing(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e00ff}'
            | '\u{e01f0}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_the_same_whatever_its_case_and_composition() {
        for (one, other) in [
            ("ΚΑΔΟΣ", "καδος"),
            ("İstanbul", "ISTANBUL"),
            ("ırmak", "IRMAK"),
            ("Straße", "STRASSE"),
            ("Café", "CAFE\u{301}"),
            ("ДОМ", "дом"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert!(fold("καδος").starts_with(&fold("ΚΑΔΟ")) && fold("ΚΑΔΟΣ 5").contains(&fold("καδος")));
        assert_ne!(fold("Äxte"), fold("Axte"));
        assert_eq!(composed("Cafe\u{301}"), "Café");
    }

    #[test]
    fn invisible_characters_are_found_by_place() {
        for (text, place) in [
            ("\u{202e}txt", 1),
            ("Bolt\u{200b}", 5),
            ("a\u{feff}b", 2),
            ("a\u{2066}b\u{2069}", 2),
            ("Nut\u{e0041}", 4),
            ("x\u{3164}", 2),
        ] {
            assert_eq!(hidden_in_name(text).map(|hidden| hidden.place), Some(place), "{text:?}");
            assert_eq!(hidden_in_code(text).map(|hidden| hidden.place), Some(place), "{text:?}");
        }
        let told = hidden_in_name("Bolt\u{202e}8M").map(|hidden| hidden.to_string()).unwrap_or_default();
        assert!(told.contains("U+202E (change of the direction), its character 5"), "{told}");
    }

    #[test]
    fn joiners_stand_where_scripts_and_emoji_need_them_and_in_no_code() {
        for text in
            ["می\u{200c}خواهم", "क्\u{200d}ष", "👩\u{200d}💻", "❤\u{fe0f}\u{200d}🔥", "Ångström №5", "مسمار"]
        {
            assert_eq!(hidden_in_name(text), None, "{text:?}");
        }
        for text in ["A\u{200d}B", "\u{200c}می", "می\u{200c}", "می\u{200c} خ", "م\u{200c}\u{200d}ی"]
        {
            assert!(hidden_in_name(text).is_some(), "{text:?}");
        }
        assert!(hidden_in_code("می\u{200c}خواهم").is_some());
    }
}
