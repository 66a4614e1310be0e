//! Insecure settings, named in plain words at the start of `serve`: the program serves all the same.

use std::net::SocketAddr;

use crate::running::Part;
use crate::sealing::SealFiles;
use crate::settings::{BaseUrl, Settings};

/// The insecure settings of these parts, each with its remedy.
pub fn warnings(settings: &Settings, parts: &[Part]) -> Vec<String> {
    let (portal, services) = (parts.contains(&Part::Portal), parts.contains(&Part::Services));
    let mut said = Vec::new();
    if services && settings.cors_origins.0.iter().any(|origin| origin == "*") {
        said.push(
            "a page of any website may call the services from a browser: name the origins that need it in cors_origins, \
             in place of *"
                .to_owned(),
        );
    }
    if portal {
        said.extend(plain_listener(
            settings,
            "the portal listens",
            "passwords",
            settings.portal_addr,
            &settings.portal_url,
        ));
    }
    if services {
        said.extend(plain_listener(
            settings,
            "the services listen",
            "tokens",
            settings.services_addr,
            &settings.services_url,
        ));
    }
    if portal {
        said.extend(plain_url(
            "services_url",
            "tokens of people travel to it",
            settings.services_url.as_ref(),
        ));
        if !settings.admin_second_factor {
            said.push(
                "Admins sign in by a password alone: set admin_second_factor to true, which is the default"
                    .to_owned(),
            );
        }
    }
    if services {
        said.extend(plain_url(
            "portal_url",
            "the keys that tokens are checked with come from it",
            settings.portal_url.as_ref(),
        ));
    }
    if parts.contains(&Part::Worker) && SealFiles::of(settings).is_none() {
        said.push(
            "the audit is not sealed, so that nobody would notice a change made to it by SQL: set seal_key (quartermaster \
             audit keygen makes one)"
                .to_owned(),
        );
    }
    said
}

/// A listener that others reach by plain http, and that no proxy is said to stand before.
fn plain_listener(
    settings: &Settings,
    who: &str,
    what: &str,
    addr: SocketAddr,
    url: &Option<BaseUrl>,
) -> Option<String> {
    let behind = !settings.trusted_proxies.0.is_empty()
        || url.as_ref().is_some_and(|url| url.0.starts_with("https://"));
    if addr.ip().is_loopback() || settings.tls_cert.is_some() || behind {
        return None;
    }
    Some(format!(
        "{who} on {addr} by plain http, where others can read {what} on their way: set tls_cert and tls_key, or put a proxy \
         in front and name it in trusted_proxies"
    ))
}

/// An address of another part that is reached over a network by plain http.
fn plain_url(setting: &str, why: &str, url: Option<&BaseUrl>) -> Option<String> {
    let BaseUrl(text) = url.filter(|url| url.0.starts_with("http://") && !url.is_plain_loopback())?;
    Some(format!("setting {setting}: {text} is plain http, and {why}: use https"))
}
