-- Text is found whatever its case, and codes that mean one article are one code, also between SKUs and barcodes.
--
-- `lower` follows the database's locale and knows neither the final sigma nor the Turkish letters. platform/src/text.rs has
-- the same rule for what the program compares by itself; a test holds the two together.
create function services_fold(text) returns text language sql immutable parallel safe as $$
    select replace(translate(lower(normalize($1, nfc) collate "und-x-icu"), 'ςı' || chr(775), 'σi'), 'ß', 'ss')
$$;
comment on function services_fold is 'Text as it is compared and searched: whatever its case and its composition.';

-- GS1: an article number of 8, 12 or 13 digits is one of 14 with zeros before it.
create function services_code(text) returns text language sql immutable parallel safe as $$
    select case when $1 ~ '^([0-9]{8}|[0-9]{12,14})$' then lpad($1, 14, '0') else services_fold($1) end
$$;
comment on function services_code is 'A SKU or barcode as codes are compared.';

alter table services_items add column folded text;
comment on column services_items.folded is 'What searches look into: SKU, name and barcode, as services_fold makes them.';
comment on column services_items.search is 'What searches of earlier programs look into.';

create table services_item_codes (
    item_id bigint not null,
    code    text   not null,
    twin    bigint not null default 0,
    constraint services_item_codes_pkey primary key (item_id, code)
);
create unique index services_item_codes_code_key on services_item_codes (code, twin);
create index services_item_codes_twins_idx on services_item_codes (twin) where twin <> 0;
comment on table services_item_codes is 'The codes that mean each item: its SKU and its barcode, as services_code makes them. A trigger keeps it.';
comment on column services_item_codes.twin is 'Zero. The item''s id where another item had the code before codes were unique whatever their case: both keep it.';

grant select, insert, update, delete on services_item_codes to qm_services_app;

create function services_items_folded() returns trigger language plpgsql as $$
begin
    new.folded := services_fold(new.sku || E'\n' || new.name || E'\n' || coalesce(new.barcode, ''));
    return new;
end
$$;
comment on function services_items_folded is 'Sets services_items.folded.';

create trigger services_items_folded before insert on services_items
    for each row execute function services_items_folded();
create trigger services_items_refolded before update on services_items
    for each row when ((new.sku, new.name, new.barcode) is distinct from (old.sku, old.name, old.barcode))
    execute function services_items_folded();

-- A code that another item has is refused by the name of the key that programs know.
create function services_items_codes() returns trigger language plpgsql as $$
declare
    sku_code text := services_code(new.sku);
    barcode_code text := services_code(new.barcode);
begin
    if tg_op = 'UPDATE' then
        perform services_items_uncode(new.id, array[sku_code, barcode_code]);
    end if;
    insert into services_item_codes (item_id, code) values (new.id, sku_code) on conflict do nothing;
    if not found and not exists (select from services_item_codes where item_id = new.id and code = sku_code) then
        raise unique_violation using message = format('the code %s is another item''s', new.sku),
            constraint = 'services_items_sku_key', table = 'services_items';
    end if;
    if barcode_code <> sku_code then
        insert into services_item_codes (item_id, code) values (new.id, barcode_code) on conflict do nothing;
        if not found and not exists (select from services_item_codes where item_id = new.id and code = barcode_code) then
            raise unique_violation using message = format('the code %s is another item''s', new.barcode),
                constraint = 'services_items_barcode_key', table = 'services_items';
        end if;
    end if;
    return null;
end
$$;
comment on function services_items_codes is 'Keeps services_item_codes.';

-- Where the first of several twins gives a code up, the next is the first.
create function services_items_uncode(item bigint, kept text[]) returns void language plpgsql as $$
declare
    gone text;
begin
    for gone in
        delete from services_item_codes
        where item_id = item and code <> all(array_remove(kept, null))
        returning code
    loop
        update services_item_codes set twin = 0
        where code = gone
          and item_id = (select min(item_id) from services_item_codes where code = gone)
          and not exists (select from services_item_codes where code = gone and twin = 0);
    end loop;
end
$$;
comment on function services_items_uncode is 'Takes codes from an item, but for those that are kept.';

create function services_items_gone() returns trigger language plpgsql as $$
begin
    perform services_items_uncode(old.id, array[]::text[]);
    return null;
end
$$;
comment on function services_items_gone is 'Takes the codes of a removed item away.';

create trigger services_items_codes after insert on services_items
    for each row execute function services_items_codes();
create trigger services_items_recoded after update on services_items
    for each row when ((new.sku, new.barcode) is distinct from (old.sku, old.barcode))
    execute function services_items_codes();
create trigger services_items_gone after delete on services_items
    for each row execute function services_items_gone();

-- Names of branches are unique by the same rule. There may be some that are not: they stay, and a new one is refused. The
-- lock comes after that of the row, so that nobody waits in a circle.
create function services_branches_one_name() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('services_branches.name', 0));
    if exists (select from services_branches b where services_fold(b.name) = services_fold(new.name) and b.id <> new.id) then
        raise unique_violation using message = format('the name %s is another branch''s', new.name),
            constraint = 'services_branches_name_key', table = 'services_branches';
    end if;
    return new;
end
$$;
comment on function services_branches_one_name is 'Keeps names of branches unique whatever their case.';

create trigger services_branches_one_name before insert on services_branches
    for each row execute function services_branches_one_name();
create trigger services_branches_still_one_name before update on services_branches
    for each row when (services_fold(new.name) is distinct from services_fold(old.name))
    execute function services_branches_one_name();
