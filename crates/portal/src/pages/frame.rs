//! What stands around every page: its language and appearance, who is signed in, the way to the other pages, and what
//! there is to tell before the page begins.

use std::fmt;
use std::ops::Deref;

use axum::http::HeaderMap;
use axum::http::Uri;
use client::Key;
use identity::Role;
use jiff::Timestamp;
use policy::{Action, Authorizer, Resource};

use super::admin;
use crate::Config;
use crate::accounts::users::User;
use crate::http::cookie::Cookie;
use crate::http::files;
use crate::http::forms::FormToken;
use crate::words::{Language, Words};

/// How pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Theme {
    const ALL: [Theme; 2] = [Theme::Light, Theme::Dark];

    /// Its name in cookies and in Tabler's `data-bs-theme`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The message that names it.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Theme::Light => "theme-light",
            Theme::Dark => "theme-dark",
        }
    }

    /// The appearance of that name.
    pub(crate) fn parse(name: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// A part of the portal, as the navigation has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Dashboard,
    Stock,
    Orders,
    Items,
    Branches,
    Scan,
    Audit,
    Admin,
}

impl Section {
    /// In the order of the navigation.
    const ALL: [Section; 8] = [
        Section::Dashboard,
        Section::Stock,
        Section::Orders,
        Section::Items,
        Section::Branches,
        Section::Scan,
        Section::Audit,
        Section::Admin,
    ];

    /// Where it begins for somebody who may do so much; `None` where it has nothing for them.
    fn path(self, may: impl Fn(Action) -> bool) -> Option<&'static str> {
        Some(match self {
            Section::Dashboard => "/",
            Section::Stock => "/stock/",
            Section::Orders => "/orders/",
            Section::Items => "/items/",
            Section::Branches => "/branches/",
            Section::Scan => "/scan/",
            Section::Audit => may(Action::ViewAudit).then_some("/audit/")?,
            Section::Admin => admin::first_path(may)?,
        })
    }

    /// The message that names it.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Section::Dashboard => "nav-dashboard",
            Section::Stock => "nav-stock",
            Section::Orders => "nav-orders",
            Section::Items => "nav-items",
            Section::Branches => "nav-branches",
            Section::Scan => "nav-scan",
            Section::Audit => "nav-audit",
            Section::Admin => "nav-admin",
        }
    }

    pub(crate) const fn icon(self) -> &'static str {
        match self {
            Section::Dashboard => "layout-dashboard",
            Section::Stock => "packages",
            Section::Orders => "clipboard-list",
            Section::Items => "tag",
            Section::Branches => "building-store",
            Section::Scan => "scan",
            Section::Audit => "history",
            Section::Admin => "settings",
        }
    }
}

/// Who is signed in, as every page shows it.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub name: String,
    pub roles: Vec<Role>,
    /// The sections that have something for them, and where each begins.
    pub sections: Vec<(Section, &'static str)>,
}

/// The frame of a page: every template has it as `frame`, and says its words through it.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The words of the page.
    pub words: Words,
    /// The appearance that was chosen; without one, as the person's system has it.
    pub theme: Option<Theme>,
    /// The path of this page, for who is signed in with its query.
    pub path: String,
    /// What the page's forms carry: `form_token.html` puts it into one.
    pub token: FormToken,
    /// Who is signed in.
    pub who: Option<Who>,
    /// The section that the page is in.
    pub section: Option<Section>,
    /// What was just done, in words: the message `done-…` that the query's `done` names.
    pub done: Option<String>,
    /// Why what was asked for was not done, in words: the message `not-done-…` that the query's `not-done` names.
    pub not_done: Option<String>,
    /// The services do not answer: what to say of what the page shows instead.
    pub away: Option<String>,
}

impl Deref for Frame {
    type Target = Words;

    fn deref(&self) -> &Words {
        &self.words
    }
}

impl Frame {
    /// From the cookies that `choose` gave, else from what the browser asks for.
    pub(crate) fn read(headers: &HeaderMap, uri: &Uri, token: FormToken, config: &Config) -> Frame {
        let language = Cookie::Language.read(headers, config).and_then(Language::parse);
        let words = Words(language.unwrap_or_else(|| Language::preferred(headers)));
        let told = |name: &str| {
            let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
            let word = pairs.filter(|(key, _)| *key == name).map(|(_, word)| word).next()?;
            Some(format!("{name}-{word}")).filter(|id| words.has(id)).map(|id| words.say(&id))
        };
        Frame {
            words,
            theme: Cookie::Theme.read(headers, config).and_then(Theme::parse),
            path: uri.path().to_owned(),
            token,
            who: None,
            section: None,
            done: told("done"),
            not_done: told("not-done"),
            away: None,
        }
    }

    /// The same for somebody who is signed in.
    pub(crate) fn of(self, user: &User, uri: &Uri, authorizer: &Authorizer) -> Frame {
        let caller = user.caller();
        let may = |action| authorizer.allows(&caller, action, Resource::Company);
        let sections = Section::ALL.into_iter().filter_map(|section| Some((section, section.path(may)?)));
        let (name, roles) = (user.username.clone(), user.roles.clone());
        let who = Who { name, roles, sections: sections.collect() };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Frame { who: Some(who), path, ..self }
    }

    /// The same in a section.
    pub(crate) fn within(self, section: Section) -> Frame {
        Frame { section: Some(section), ..self }
    }

    /// Notes that the services do not answer, and from when what is shown instead is, if there is anything.
    pub(crate) fn note_away(&mut self, known_at: Option<Timestamp>) {
        let words = match known_at {
            Some(at) => self.about("away-known", "age", self.age(at, Timestamp::now())),
            None => self.say("away-nothing"),
        };
        self.away = Some(words);
    }

    /// The Idempotency-Key for a form of the page: each form has one of its own, so that what is sent twice is done once.
    pub(crate) fn key(&self) -> String {
        Key::fresh().as_str().to_owned()
    }

    /// The sections there are for who is signed in, and where each begins.
    pub(crate) fn sections(&self) -> &[(Section, &'static str)] {
        self.who.as_ref().map_or(&[], |who| &who.sections)
    }

    /// Whether the page is in that section.
    pub(crate) fn is_in(&self, section: &Section) -> bool {
        self.section == Some(*section)
    }

    /// The roles of who is signed in, in words.
    pub(crate) fn roles(&self) -> String {
        let roles = self.who.iter().flat_map(|who| &who.roles);
        roles.map(|role| self.say(role_message(*role))).collect::<Vec<_>>().join(", ")
    }

    /// The languages to choose from.
    pub(crate) fn languages(&self) -> [Language; 2] {
        Language::ALL
    }

    /// The appearances to choose from.
    pub(crate) fn themes(&self) -> [Theme; 2] {
        Theme::ALL
    }

    /// The address of a file of `static/`, which changes with its content.
    pub(crate) fn file(&self, path: &str) -> String {
        files::address(path)
    }

    /// One of Tabler's icons, by its name, for the eye alone.
    pub(crate) fn icon(&self, name: &str) -> Icon {
        Icon { file: files::address("vendor/tabler-icons/icons.svg"), name: name.to_owned() }
    }
}

/// The message that names a role.
pub(crate) const fn role_message(role: Role) -> &'static str {
    match role {
        Role::Admin => "role-admin",
        Role::Manager => "role-manager",
        Role::Worker => "role-worker",
        Role::Auditor => "role-auditor",
    }
}

/// An icon of the sprite.
#[derive(Debug)]
pub(crate) struct Icon {
    file: String,
    name: String,
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r##"<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>"##, self.file, self.name)
    }
}

/// Its parts are names of our own files and symbols.
impl askama::filters::HtmlSafe for Icon {}
