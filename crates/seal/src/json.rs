//! JSON in one form: what PostgreSQL prints of a `jsonb`, made independent of the version that prints it.

/// How deep objects are sorted. Each level above an object may move its text once more, so without a limit a text of
/// objects within objects takes time by the square of its length. No reader of ours takes a deeper text (`serde_json` stops
/// at 128), so no entry has one.
const DEEPEST: usize = 256;

/// A member of an object that is being written: where its name and its value are in the output.
struct Member {
    name: (usize, usize),
    end: usize,
}

/// An object or array that is open.
struct Frame {
    /// Of an object: where its first member begins in the output, and in the list of members.
    object: Option<(usize, usize)>,
}

/// Appends the canonical form of a JSON text: no white space, the members of each object sorted by the bytes of their
/// names, strings escaped only where JSON demands it, numbers digit by digit as they stand.
///
/// Two texts of the same `jsonb` have the same form; two that differ in any way, also in the digits of a number, do
/// not. What is no JSON gets some form too: it cannot come out of the database. It works without recursion, so that no
/// depth of nesting can exhaust the stack.
pub(crate) fn canonicalise(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut frames: Vec<Frame> = Vec::new();
    let mut members: Vec<Member> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'"' => {
                let start = out.len() + 1;
                at = string(bytes, at + 1, out);
                let name = (start, out.len() - 1);
                let is_sorted = frames.last().is_some_and(|frame| frame.object.is_some());
                if is_sorted && bytes.get(skip_space(bytes, at)) == Some(&b':') {
                    members.push(Member { name, end: 0 });
                }
            }
            b'{' => {
                out.push(b'{');
                let object = (frames.len() < DEEPEST).then_some((out.len(), members.len()));
                frames.push(Frame { object });
                at += 1;
            }
            b'[' => {
                out.push(b'[');
                frames.push(Frame { object: None });
                at += 1;
            }
            b'}' | b']' => {
                if let Some(Frame { object: Some((start, first)) }) = frames.pop() {
                    end_member(&mut members, first, out.len());
                    sort(&mut members, first, start, out);
                }
                out.push(*byte);
                at += 1;
            }
            b',' => {
                if let Some(Frame { object: Some((_, first)) }) = frames.last() {
                    end_member(&mut members, *first, out.len());
                }
                out.push(b',');
                at += 1;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
}

fn skip_space(bytes: &[u8], from: usize) -> usize {
    let space = bytes.iter().skip(from).take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    from + space.count()
}

fn end_member(members: &mut [Member], first: usize, end: usize) {
    if members.len() > first
        && let Some(member) = members.last_mut()
    {
        member.end = end;
    }
}

/// Brings the members of an object that has just been written into order.
fn sort(members: &mut Vec<Member>, first: usize, start: usize, out: &mut Vec<u8>) {
    let mine = members.get_mut(first..).unwrap_or_default();
    let name = |member: &Member| out.get(member.name.0..member.name.1).unwrap_or_default();
    if !mine.is_sorted_by(|a, b| name(a) <= name(b)) {
        mine.sort_by(|a, b| name(a).cmp(name(b)));
        let mut sorted = Vec::with_capacity(out.len() - start);
        for (n, member) in mine.iter().enumerate() {
            if n > 0 {
                sorted.push(b',');
            }
            // A name begins after its quote.
            sorted.extend_from_slice(out.get(member.name.0 - 1..member.end).unwrap_or_default());
        }
        out.truncate(start);
        out.extend_from_slice(&sorted);
    }
    members.truncate(first);
}

/// Copies a string from behind its first quote; gives where it ends.
fn string(bytes: &[u8], from: usize, out: &mut Vec<u8>) -> usize {
    out.push(b'"');
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                break;
            }
            b'\\' => at = escape(bytes, at + 1, out),
            byte => {
                push(*byte, out);
                at += 1;
            }
        }
    }
    out.push(b'"');
    at
}

/// Copies what a backslash stands before; gives where it ends.
fn escape(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let plain = match bytes.get(at) {
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'u') => return unicode(bytes, at + 1, out),
        Some(other) => *other,
        None => return at,
    };
    push(plain, out);
    at + 1
}

/// Copies the character of four hexadecimal digits, or of twice four; gives where they end.
fn unicode(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let unit = |at: usize| -> Option<u32> {
        let digits = std::str::from_utf8(bytes.get(at..at + 4)?).ok()?;
        u32::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(at) else { return at };
    let second = match bytes.get(at + 4..at + 6) {
        Some(b"\\u") if (0xd800..0xdc00).contains(&first) => {
            unit(at + 6).filter(|u| (0xdc00..0xe000).contains(u))
        }
        _ => None,
    };
    let (code, end) = match second {
        Some(second) => (0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00), at + 10),
        None => (first, at + 4),
    };
    match char::from_u32(code) {
        Some(character) => character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push(byte, out)),
        // Half a pair is no character; `jsonb` refuses it.
        None => out.extend_from_slice(format!("\\u{code:04x}").as_bytes()),
    }
    end
}

/// Appends a byte of a string, escaped where JSON demands it.
fn push(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        8 => out.extend_from_slice(b"\\b"),
        12 => out.extend_from_slice(b"\\f"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0..32 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        _ => out.push(byte),
    }
}

/// Appends text as a JSON string.
pub(crate) fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    if bytes.iter().any(|byte| matches!(byte, b'"' | b'\\' | 0..32)) {
        bytes.iter().for_each(|byte| push(*byte, out));
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> String {
        let mut out = b"x".to_vec();
        canonicalise(text, &mut out);
        String::from_utf8(out).unwrap().strip_prefix('x').unwrap().to_owned()
    }

    #[test]
    fn objects_are_sorted_by_name_at_every_depth_and_have_no_white_space() {
        for (text, canonical) in [
            ("{}", "{}"),
            ("[ ]", "[]"),
            (" null ", "null"),
            (
                r#"{"b": 1, "a": [true, {"z": null, "y": {"d": 1, "c": 2}}], "aa": "x"}"#,
                r#"{"a":[true,{"y":{"c":2,"d":1},"z":null}],"aa":"x","b":1}"#,
            ),
            (r#"{"a ": 1, "a": 2}"#, r#"{"a":2,"a ":1}"#),
            (r#"["b: ", {"c": ["q", "p"], "b": {}}]"#, r#"["b: ",{"b":{},"c":["q","p"]}]"#),
        ] {
            assert_eq!(form(text), canonical);
            assert_eq!(form(canonical), canonical);
        }
    }

    #[test]
    fn objects_beyond_any_depth_that_is_read_are_left_as_they_are() {
        let deep = |inner: &str| r#"{"x":"#.repeat(DEEPEST - 1) + inner + &"}".repeat(DEEPEST - 1);
        assert_eq!(form(&deep(r#"{"b": 1, "a": 2}"#)), deep(r#"{"a":2,"b":1}"#));
        assert_eq!(form(&deep(r#"{"b": {"d": 1, "c": 2}, "a": 3}"#)), deep(r#"{"a":3,"b":{"d":1,"c":2}}"#));
    }

    #[test]
    fn strings_are_escaped_only_where_they_must_be() {
        assert_eq!(
            form(r#""\u00e4 \/ \u0041 \ud83d\ude00 \u001f \n \" \\ ä""#),
            r#""ä / A 😀 \u001f \n \" \\ ä""#
        );
        assert_eq!(form(r#"{"\u0061": 1, "\"": 2}"#), r#"{"\"":2,"a":1}"#);
        let mut quoted = Vec::new();
        quote("a\"\u{1}\\\tä", &mut quoted);
        assert_eq!(String::from_utf8(quoted).unwrap(), "\"a\\\"\\u0001\\\\\\tä\"");
    }

    #[test]
    fn numbers_keep_their_digits() {
        for number in
            ["1.500", "1.5", "-0.1000000000000000055511151231257827", "123456789012345678901234567890", "0"]
        {
            assert_eq!(form(number), number);
        }
    }

    #[test]
    fn no_depth_and_no_nonsense_is_too_much() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        assert_eq!(form(&deep).len(), deep.len());
        // Sorted at each level, these would be moved by the gigabyte.
        let deep = r#"{"b":"#.repeat(200_000) + "1" + &r#","a":2}"#.repeat(200_000);
        assert_eq!(form(&deep).len(), deep.len());
        for nonsense in
            ["}", "]", "\"", "\"\\", "\"\\u12", "\"\\ud83d\\u0041\"", "{\"a\"", "{\"a\":", ",,:", "{]}"]
        {
            form(nonsense);
        }
    }
}
