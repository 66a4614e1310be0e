//! How deep a text of policies is nested, counted before Cedar reads the text.
//!
//! Cedar's parser, validator and printer call themselves for each bracket and each `if`, and its evaluator for each
//! link of a chain of operators too. None of them has a limit of its own that holds for every stack. So this scanner
//! refuses a text beyond fixed limits, and says how deep an accepted one is.

use crate::source::line_at;

/// How many brackets and `if`s may be open within each other.
const DEEPEST: usize = 64;
/// How many operators, member accesses and clauses may follow each other in one policy, those around an open bracket
/// included.
const LONGEST: usize = 256;

/// Why a text is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooDeep {
    pub line: usize,
    pub reason: String,
}

/// What is open at a place in the text: the policy itself, and each bracket around the place.
#[derive(Default)]
struct Level {
    ifs: usize,
    links: usize,
}

/// The levels that are open, with their sums.
struct Open {
    levels: Vec<Level>,
    ifs: usize,
    links: usize,
}

impl Open {
    fn count(&mut self, ifs: usize, links: usize) {
        if let Some(level) = self.levels.last_mut() {
            level.ifs += ifs;
            level.links += links;
        }
        self.ifs += ifs;
        self.links += links;
    }

    /// A bracket closes. One too many is for the parser to refuse.
    fn close(&mut self) {
        if self.levels.len() > 1 {
            self.begin_anew();
            self.levels.pop();
        }
    }

    /// What follows is beside what was counted at this level.
    fn begin_anew(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.ifs -= level.ifs;
            self.links -= level.links;
            *level = Level::default();
        }
    }

    /// How many brackets and `if`s are open.
    fn nested(&self) -> usize {
        self.levels.len() - 1 + self.ifs
    }
}

/// How many calls within each other a text needs at most, if that is within the limits.
pub(crate) fn of(text: &str) -> Result<usize, TooDeep> {
    let bytes = text.as_bytes();
    let mut open = Open { levels: vec![Level::default()], ifs: 0, links: 0 };
    let (mut deepest, mut at) = (0, 0);
    // Whether an operand ends here, so that a bracket would be an index or a call.
    let mut after_operand = false;
    while let Some(byte) = bytes.get(at) {
        let begin = at;
        at += 1;
        match byte {
            b'/' if bytes.get(at) == Some(&b'/') => {
                // As Cedar has it, either character ends the line.
                at = end(bytes, at, |byte| !matches!(byte, b'\n' | b'\r'));
            }
            // White space, and what Cedar may take for white space.
            b' ' | b'\t'..=b'\r' | 0x80.. => {}
            b'"' => {
                at = string(bytes, at);
                after_operand = true;
            }
            b'(' | b'[' | b'{' => {
                open.count(0, usize::from(after_operand && *byte != b'{'));
                open.levels.push(Level::default());
                after_operand = false;
            }
            b')' | b']' | b'}' => {
                open.close();
                after_operand = true;
            }
            b',' | b';' => {
                open.begin_anew();
                after_operand = false;
            }
            b'&' | b'|' | b'+' | b'-' | b'*' | b'.' | b'!' => {
                at += usize::from(matches!(byte, b'&' | b'|') && bytes.get(at) == Some(byte));
                open.count(0, 1);
                after_operand = false;
            }
            byte if is_of_word(*byte) => {
                at = end(bytes, at, is_of_word);
                let word = bytes.get(begin..at).unwrap_or_default();
                let (ifs, links, operand) = match word {
                    b"if" => (1, 0, false),
                    b"when" | b"unless" | b"has" | b"like" | b"is" => (0, 1, false),
                    b"in" | b"then" | b"else" => (0, 0, false),
                    _ => (0, 0, true),
                };
                open.count(ifs, links);
                after_operand = operand;
            }
            _ => after_operand = false,
        }
        let refuse = |reason: String| Err(TooDeep { line: line_at(text, begin), reason });
        if open.nested() > DEEPEST {
            return refuse(format!("nests more than {DEEPEST} brackets or ifs: make several policies of it"));
        }
        if open.links > LONGEST {
            return refuse(format!(
                "has a chain of more than {LONGEST} operators: use a set, as in \
                 [\"mia\", \"ben\"].contains(principal.name), or make several policies of it"
            ));
        }
        deepest = deepest.max(open.nested() + open.links);
    }
    Ok(deepest)
}

/// Whether a word has this byte in it.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where what began before `from` ends.
fn end(bytes: &[u8], from: usize, goes_on: impl Fn(u8) -> bool) -> usize {
    from + bytes.iter().skip(from).take_while(|byte| goes_on(**byte)).count()
}

/// Where a string ends whose first quote is before `from`.
fn string(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
        format!(
            "permit (principal, action, resource)\nwhen {{ {}{inner}{} }};",
            open.repeat(times),
            close.repeat(times)
        )
    }

    #[test]
    fn each_way_to_nest_has_a_limit_and_the_line_is_told() {
        for (open, inner, close) in [
            ("(", "true", ")"),
            ("[", "", "]"),
            ("{a: ", "1", "}"),
            ("!(", "true", ")"),
            ("-(", "1", ")"),
            ("if ", "true", " then true else true"),
            ("if true then true else ", "true", ""),
            ("if true then ", "true", " else true"),
            ("true && ", "true", ""),
            ("true || ", "true", ""),
            ("1 + ", "1", ""),
            ("1 * ", "1", ""),
            ("!", "true", ""),
            ("-", "1", ""),
            ("", "a", ".a"),
            ("", "a", "[\"a\"]"),
            ("", "a", ".contains(1)"),
            ("", "a", "(1)"),
            ("", "true } when { true", " } when { true"),
            ("a has b && ", "true", ""),
            ("( // )\r", "true", ")"),
            ("", "a", "\u{a0}[\"a\"]"),
            ("", "a", "\u{b}[\"a\"]"),
            ("(\"\\\")\" == a || ", "true", ")"),
        ] {
            for times in [258, 1_000, 100_000] {
                let told = of(&nested(open, inner, close, times));
                let line = told.as_ref().map_err(|told| told.line);
                assert!(matches!(line, Err(2)), "{open}{inner}{close} {times}: {told:?}");
            }
            assert!(of(&nested(open, inner, close, 20)).is_ok(), "{open}{inner}{close}");
        }
    }

    #[test]
    fn what_stands_side_by_side_or_in_strings_and_comments_is_not_nested() {
        for text in [
            "permit (principal, action, resource);\n".repeat(1_000),
            format!("forbid (principal, action in [{}], resource);", "Action::\"ViewStock\", ".repeat(1_000)),
            format!("// {}\n", "(".repeat(1_000)),
            format!("@doc(\"{}\")\npermit (principal, action, resource);", "((![{\\\"".repeat(100)),
            nested("", &"(a), ".repeat(1_000), "", 1),
        ] {
            let depth = of(&text);
            assert!(depth.as_ref().is_ok_and(|depth| *depth < 10), "{depth:?} {text}");
        }
    }

    #[test]
    fn nothing_that_is_no_policy_ends_the_scanner() {
        for text in ["", ")", "]]]}", "\"", "\"\\", "/", "//", ";;,", "ä(", "&", "|", "if"] {
            assert!(of(text).is_ok(), "{text:?}");
        }
        assert_eq!(of(&"\n(".repeat(65)).unwrap_err().line, 66);
    }
}
