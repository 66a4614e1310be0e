-- Which policies of the company were last seen in force: whoever finds others writes that to the audit, once over all
-- processes.
create table services_policy_sets (
    id     smallint not null default 1,
    sha256 text     not null,
    files  jsonb    not null,
    constraint services_policy_sets_pkey primary key (id),
    constraint services_policy_sets_id_check check (id = 1)
);
insert into services_policy_sets (sha256, files)
values ('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '[]');

comment on table services_policy_sets is 'The company''s policies last seen in force: one row.';
comment on column services_policy_sets.sha256 is 'Of the names and texts of all files; that of nothing while there are none.';
comment on column services_policy_sets.files is 'Name and SHA-256 of each file.';

grant select, update on services_policy_sets to qm_services_app;
