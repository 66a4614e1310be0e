//! The audit of the portal, as those see it who seal, verify, export and archive it.

auditlog::log! {
    /// The audit of the portal.
    pub AUDIT = "portal", "portal_owner";
}
