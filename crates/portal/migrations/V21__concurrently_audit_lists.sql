-- The audit is listed by action, and by request.
drop index concurrently if exists portal_audit_logs_action_idx;

create index concurrently portal_audit_logs_action_idx on portal_audit_logs (action, at, id);

drop index concurrently if exists portal_audit_logs_request_id_idx;

create index concurrently portal_audit_logs_request_id_idx on portal_audit_logs (request_id);
