//! What the pages say, in the person's language. The messages are in `locales/`, a folder a language and a file an area
//! (Project Fluent's syntax); a test holds each language to the same messages, and each message to be said somewhere.

use std::fmt::Display;
use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use domain::Quantity;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::Timestamp;
use jiff::civil::Date;
use platform::zones;
use tabular::{Decimal, Marks, NumberFault};

macro_rules! areas {
    ($($area:literal),+ $(,)?) => {
        const ENGLISH: &[(&str, &str)] = &[$(($area, include_str!(concat!("../locales/en/", $area, ".ftl")))),+];
        const GERMAN: &[(&str, &str)] = &[$(($area, include_str!(concat!("../locales/de/", $area, ".ftl")))),+];
    };
}

areas![
    "frame",
    "things",
    "account",
    "dashboard",
    "stock",
    "orders",
    "catalogue",
    "audit",
    "search",
    "scan",
    "print",
    "admin",
];

/// A language that the pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    English,
    /// German.
    German,
}

impl Language {
    /// All of them.
    pub(crate) const ALL: [Language; 2] = [Language::English, Language::German];

    /// Its tag (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
        }
    }

    /// Its own name for itself.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
        }
    }

    /// The language of that tag, whatever its region.
    pub(crate) fn parse(tag: &str) -> Option<Language> {
        let primary = tag.trim().split('-').next()?;
        Language::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The language that the browser likes best (`Accept-Language`, RFC 9110 §12.5.4) of those there are, else English.
    pub(crate) fn preferred(headers: &HeaderMap) -> Language {
        let accepted =
            headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut best: Option<(f32, Language)> = None;
        for range in accepted.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('='));
            let quality: f32 = weight.unwrap_or("1").trim().parse().unwrap_or(0.0);
            if let Some(language) = Language::parse(tag)
                && quality > best.map_or(0.0, |(most, _)| most)
            {
                best = Some((quality, language));
            }
        }
        best.map_or(Language::English, |(_, language)| language)
    }

    /// Its messages: each area's name and text.
    const fn sources(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Language::English => ENGLISH,
            Language::German => GERMAN,
        }
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 2]> =
            LazyLock::new(|| Language::ALL.map(Language::load));
        let [english, german] = &*BUNDLES;
        match self {
            Language::English => english,
            Language::German => german,
        }
    }

    fn load(self) -> FluentBundle<FluentResource> {
        let tag = self.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The marks around what is inserted are for texts of mixed direction, and would be copied with names and SKUs.
        bundle.set_use_isolating(false);
        for (_, source) in self.sources() {
            // What is wrong in a file is left out here; a test finds it.
            let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(rest, _)| rest);
            bundle.add_resource_overriding(resource);
        }
        bundle
    }
}

/// How many there are of something. Templates give some by reference.
pub(crate) trait Count {
    fn number(&self) -> i64;
}

impl Count for i64 {
    fn number(&self) -> i64 {
        *self
    }
}

impl Count for u64 {
    fn number(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl Count for usize {
    fn number(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl<C: Count> Count for &C {
    fn number(&self) -> i64 {
        C::number(self)
    }
}

/// The words of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words(pub Language);

impl Words {
    /// A message.
    pub(crate) fn say(&self, id: &str) -> String {
        self.format(id, None)
    }

    /// Whether there is such a message.
    pub(crate) fn has(&self, id: &str) -> bool {
        Language::English.bundle().has_message(id)
    }

    /// A message about one thing: `{ $name }` in the file.
    pub(crate) fn about(&self, id: &str, name: &str, thing: impl Display) -> String {
        let mut args = FluentArgs::new();
        args.set(name.to_owned(), thing.to_string());
        self.format(id, Some(&args))
    }

    /// A message about several things.
    pub(crate) fn about_all(&self, id: &str, things: &[(&str, &dyn Display)]) -> String {
        let mut args = FluentArgs::new();
        for (name, thing) in things {
            args.set((*name).to_owned(), thing.to_string());
        }
        self.format(id, Some(&args))
    }

    /// A message about so many things: `{ $count }` in the file, and what depends on it.
    pub(crate) fn count(&self, id: &str, count: impl Count) -> String {
        let mut args = FluentArgs::new();
        args.set("count", FluentValue::from(count.number()));
        self.format(id, Some(&args))
    }

    fn format(&self, id: &str, args: Option<&FluentArgs<'_>>) -> String {
        for language in [self.0, Language::English] {
            let bundle = language.bundle();
            if let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) {
                // What a message names and was not given is shown as its name.
                let mut errors = Vec::new();
                return bundle.format_pattern(pattern, args, &mut errors).into_owned();
            }
        }
        id.to_owned()
    }

    /// A quantity as the language writes it, thousands apart.
    pub(crate) fn quantity(&self, quantity: &Quantity) -> String {
        let plain = quantity.to_string();
        let (sign, digits) =
            plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("\u{2212}", digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (group, point) = match self.0 {
            Language::English => (',', '.'),
            Language::German => ('.', ','),
        };
        let mut text = sign.to_owned();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place) % 3 == 0 {
                text.push(group);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(point);
            text.push_str(fraction);
        }
        text
    }

    /// A quantity as somebody types it into a field: with the language's decimal mark and no thousands apart.
    pub(crate) fn typed(&self, quantity: &Quantity) -> String {
        match self.0 {
            Language::English => quantity.to_string(),
            Language::German => quantity.to_string().replace('.', ","),
        }
    }

    /// The quantity that somebody typed. The other language's mark is read where it can be nothing else: some keypads have
    /// only one of both.
    ///
    /// # Errors
    /// Where it cannot be one, or could be two: `1.000` may be a thousand in German.
    pub(crate) fn quantity_of(&self, typed: &str) -> Result<Quantity, NumberFault> {
        let own = match self.0 {
            Language::English => Decimal::Point,
            Language::German => Decimal::Comma,
        };
        tabular::number(typed, Marks::Typed(own))
    }

    /// A moment as a clock in that time zone shows it, to the minute, and the zone. UTC where it is not known.
    pub(crate) fn time(&self, at: &Timestamp, zone: &str) -> String {
        let format = match self.0 {
            Language::English => "%-d %b %Y, %H:%M",
            Language::German => "%d.%m.%Y, %H:%M",
        };
        let there = at.to_zoned(zones::or_utc(zone));
        format!("{} {}", there.strftime(format), self.zone_short(&there.strftime("%Z").to_string()))
    }

    /// A time zone's short name, as the language has it. Where a zone has none, the database gives its distance from UTC.
    fn zone_short(&self, short: &str) -> String {
        match (self.0, short) {
            (_, distance) if distance.starts_with(['+', '-']) => format!("UTC{distance}"),
            (Language::German, "WET") => "WEZ".to_owned(),
            (Language::German, "WEST") => "WESZ".to_owned(),
            (Language::German, "CET") => "MEZ".to_owned(),
            (Language::German, "CEST") => "MESZ".to_owned(),
            (Language::German, "EET") => "OEZ".to_owned(),
            (Language::German, "EEST") => "OESZ".to_owned(),
            (_, short) => short.to_owned(),
        }
    }

    /// A day.
    pub(crate) fn day(&self, day: Date) -> String {
        let format = match self.0 {
            Language::English => "%-d %b %Y",
            Language::German => "%d.%m.%Y",
        };
        day.strftime(format).to_string()
    }

    /// How long ago it was.
    pub(crate) fn age(&self, then: Timestamp, now: Timestamp) -> String {
        let seconds = now.duration_since(then).as_secs().max(0);
        match seconds {
            0..=89 => self.count("age-seconds", seconds),
            90..=5_399 => self.count("age-minutes", seconds / 60),
            5_400..=129_599 => self.count("age-hours", seconds / 3_600),
            _ => self.count("age-days", seconds / 86_400),
        }
    }
}

#[cfg(test)]
mod tests;
