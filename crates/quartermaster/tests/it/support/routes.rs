//! What the portal serves, as its router has it: tests walk all of it.

/// A route of the portal.
#[derive(Debug)]
pub struct Route {
    /// Its path, every id in it 1.
    pub path: String,
    /// Whether forms are sent there.
    pub takes_forms: bool,
}

/// Every route of `crates/portal/src/http/router.rs`.
pub fn portal_routes() -> Vec<Route> {
    let router = include_str!("../../../../portal/src/http/router.rs");
    let mut routes = Vec::new();
    for rest in router.split(".route(").skip(1) {
        let mut quoted = rest.split('"').skip(1);
        let pattern = quoted.next().unwrap();
        let handlers = quoted.next().unwrap().split(".layer(").next().unwrap();
        let filled = pattern.split('/').map(|part| {
            if part.starts_with("{*") {
                "portal.css"
            } else if part.starts_with('{') {
                "1"
            } else {
                part
            }
        });
        let path = filled.collect::<Vec<_>>().join("/");
        routes
            .push(Route { path, takes_forms: handlers.contains("post(") && !pattern.starts_with("/oauth") });
    }
    assert!(routes.len() > 15, "{routes:?}");
    routes
}

/// Their paths, and some that are not there.
pub fn portal_paths() -> Vec<String> {
    let there = portal_routes().into_iter().map(|route| route.path);
    there.chain(["/static/none", "/nowhere", "/accounts/login/nowhere"].map(str::to_owned)).collect()
}
