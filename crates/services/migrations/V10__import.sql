-- Where an import sorts the rows of its file before it posts them. What is there is never committed: each import sees
-- its own rows alone, and they are gone when it ends.
create unlogged table services_import_stock (
    line      bigint not null,
    branch_id bigint,
    sku       text   not null,
    quantity  bigint not null,
    reason    text,
    at        timestamptz
);
comment on table services_import_stock is 'Counts of a file.';
comment on column services_import_stock.branch_id is 'Null where there is no such branch.';
comment on column services_import_stock.quantity is 'In thousandths.';

create unlogged table services_import_lines (
    line           bigint not null,
    branch_id      bigint,
    unknown_branch text,
    reference      text   not null,
    sku            text   not null,
    requested      bigint not null,
    head           text,
    created_at     timestamptz not null,
    first_at       timestamptz,
    last_at        timestamptz
);
comment on table services_import_lines is 'Order lines of a file.';
comment on column services_import_lines.unknown_branch is 'What the file calls a branch that does not exist.';
comment on column services_import_lines.requested is 'In thousandths.';
comment on column services_import_lines.head is 'What the line says of its order; null where the line cannot be read.';
comment on column services_import_lines.first_at is 'When the order is first posted; null for one that stays a draft.';
comment on column services_import_lines.last_at is 'When it is posted again, if it is.';

create unlogged table services_import_orders (
    id          bigint      not null,
    branch_id   bigint,
    reference   text        not null,
    head        text,
    created_at  timestamptz not null,
    first_at    timestamptz,
    last_at     timestamptz,
    is_there    boolean     not null,
    is_broken   boolean     not null,
    lines       bigint[]    not null,
    other_lines bigint[],
    item_ids    bigint[]    not null,
    actives     boolean[]   not null,
    places      smallint[]  not null,
    requested   bigint[]    not null,
    line_ids    bigint[]    not null
);
comment on table services_import_orders is 'Orders of a file, their lines brought together.';
comment on column services_import_orders.id is 'The id it is to have: ids follow time.';
comment on column services_import_orders.is_there is 'An order of that branch and reference exists already.';
comment on column services_import_orders.is_broken is 'One of its lines cannot be read.';
comment on column services_import_orders.lines is 'Of the file: all of them.';
comment on column services_import_orders.other_lines is 'Lines that say otherwise of the order than its first.';
comment on column services_import_orders.item_ids is 'Of as many lines as an order may have; null where there is no such item. So the columns after this.';

create unlogged table services_import_faults (
    line        bigint not null,
    n           bigint not null,
    column_name text,
    reason      text   not null
);
comment on table services_import_faults is 'What is wrong with the rows of a file.';
comment on column services_import_faults.n is 'In the order they were found.';

grant select, insert on services_import_stock, services_import_lines, services_import_orders, services_import_faults
    to qm_services_app;
