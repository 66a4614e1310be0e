-- Items: what is stocked, known by its SKU.
create table services_items (
    id              bigint generated always as identity primary key,
    sku             text          not null,
    name            text          not null,
    description     text          not null default '',
    unit            text          not null default 'pcs',
    decimal_places  smallint      not null default 0,
    barcode         text,
    min_stock_level numeric(15,3) not null default 0,
    active          boolean       not null default true,
    version         bigint        not null default 1,
    created_at      timestamptz   not null default now(),
    updated_at      timestamptz   not null default now(),
    search          text          not null
        generated always as (lower(sku || E'\n' || name || E'\n' || coalesce(barcode, ''))) stored,
    constraint services_items_sku_check check (length(sku) between 1 and 64),
    constraint services_items_name_check check (length(name) between 1 and 200),
    constraint services_items_unit_check check (length(unit) between 1 and 16),
    constraint services_items_decimal_places_check check (decimal_places between 0 and 3),
    constraint services_items_barcode_check check (length(barcode) between 1 and 64),
    constraint services_items_min_stock_level_check check (min_stock_level >= 0)
);
create unique index services_items_sku_key on services_items (sku);
create unique index services_items_barcode_key on services_items (barcode) where barcode is not null;

comment on table services_items is 'What is stocked.';
comment on column services_items.sku is 'Stock keeping unit: the key that people and files use.';
comment on column services_items.unit is 'What quantities are counted in: pcs, kg, m.';
comment on column services_items.decimal_places is 'How many decimal places quantities of this item may have.';
comment on column services_items.min_stock_level is 'Below this on hand, a branch should reorder.';
comment on column services_items.version is 'Counts changes; the ETag.';
comment on column services_items.search is 'What searches look into, in lower case.';

grant select, insert, update, delete on services_items to qm_services_app;
