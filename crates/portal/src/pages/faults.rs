//! What is wrong with a field, in the person's words. The services say it in English; what they may say of a form of the
//! portal is here, and anything else is shown as they said it.

use super::frame::Frame;

/// What the services say and the message for it. `{}` stands for something of which the message tells as `is`.
const FAULTS: &[(&str, &str)] = &[
    ("must not be empty", "fault-empty"),
    ("must have at most {} characters", "fault-too-long"),
    ("must not contain control characters", "fault-control-characters"),
    ("is taken", "fault-taken"),
    ("is the reference of order {}", "fault-reference-taken"),
    ("must be letters (A–Z), digits and dashes, beginning with a letter or digit", "fault-code"),
    ("must be an IANA time zone such as Europe/Berlin", "fault-timezone"),
    ("is not known to the database server; choose a zone with the same clock", "fault-timezone-new"),
    ("must be 0, 1, 2 or 3", "fault-places"),
    ("must not become fewer once the item is stocked or ordered", "fault-fewer-places"),
    ("must not be below zero", "fault-below-zero"),
    ("must not be below zero; an Admin may set override_negative to true", "fault-below-zero"),
    ("must be more than zero", "fault-not-above-zero"),
    ("is not a decimal number", "not-a-quantity"),
    ("has more than 3 decimal places", "not-a-quantity"),
    ("may be thousands or decimal places; say which by --decimal point or --decimal comma", "not-a-quantity"),
    ("is outside the range of ±999999999999.999", "fault-too-large"),
    ("has more decimal places than the item's {}", "fault-decimals"),
    ("there is no such branch", "fault-no-branch"),
    ("the branch is not active", "fault-branch-inactive"),
    ("there is no such item", "fault-no-item"),
    ("the item is not active", "fault-item-inactive"),
    ("the same item stands in an earlier line; put the whole quantity on one line", "fault-same-item"),
    ("is the code of item {}; type how many there are", "fault-scanned"),
    ("must have at least one line", "fault-no-lines"),
    ("must have at most {} lines", "fault-too-many-lines"),
    ("must stay {}; draft a new order for another branch", "fault-other-branch"),
];

/// What the services said of a field, in the words of the page.
pub(crate) fn in_words(detail: &str, frame: &Frame) -> String {
    let told = FAULTS.iter().find_map(|(pattern, message)| match pattern.split_once("{}") {
        None => (*pattern == detail).then(|| frame.say(message)),
        Some((before, after)) => {
            let is = detail.strip_prefix(before)?.strip_suffix(after)?;
            Some(frame.about(message, "is", is))
        }
    });
    told.unwrap_or_else(|| detail.to_owned())
}
