-- A first answer is given again only to callers who still see the branch of what it tells of. An answer may be a refusal or
-- of something that was deleted, so the branch stands beside it.
alter table services_idempotency_keys add column branch_id bigint;

comment on column services_idempotency_keys.branch_id is 'The branch of what the answer tells of; null for what is at no branch. No foreign key: a branch may be deleted before the answer is forgotten.';
