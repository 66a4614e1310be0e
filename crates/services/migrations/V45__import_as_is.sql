-- Files of an export are imported as they stand: orders without a reference and with equal ones are told apart by their
-- numbers, and what is true elsewhere is written down without asking the rules for new business.
alter table services_import_stock
    add column as_is boolean not null default false;

alter table services_import_lines
    alter column reference drop not null,
    add column number bigint,
    add column as_is boolean not null default false;

alter table services_import_orders
    alter column reference drop not null,
    add column number bigint,
    add column as_is boolean not null default false;

comment on column services_import_stock.as_is is 'The count stands as it is: also below zero, at a closed branch, of an inactive item.';
comment on column services_import_lines.number is 'The order''s number where the file was written.';
comment on column services_import_lines.as_is is 'The order stands as it is: nobody asks for stock.';
comment on column services_import_orders.number is 'The order''s number where the file was written.';
comment on column services_import_orders.is_there is 'The order exists already: one of that branch and reference, or the same number and time.';

grant update on services_import_orders to qm_services_app;
