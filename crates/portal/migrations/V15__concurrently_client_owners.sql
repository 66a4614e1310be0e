-- The foreign key of the migration before is checked, and gets its index, while the program goes on.
drop index concurrently if exists portal_clients_owner_user_id_idx;

create index concurrently portal_clients_owner_user_id_idx on portal_clients (owner_user_id);

alter table portal_clients validate constraint portal_clients_owner_user_id_fkey;
