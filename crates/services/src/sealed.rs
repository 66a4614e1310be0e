//! The audit of the services, as those see it who seal, verify, export and archive it.

auditlog::log! {
    /// The audit of the services.
    pub AUDIT = "services", "services_owner";
}
