-- The items that there are get what V48 brought, some hundreds at a time, and lists by name their index: letters sort as
-- people sort them.
do $$
declare
    done bigint := 0;
    newest bigint := (select max(id) from services_items);
begin
    while done < newest loop
        -- Whoever changes one of these meanwhile waits, and what is read below is what it is then.
        perform from services_items where id > done and id <= done + 500 order by id for no key update;
        update services_items set folded = services_fold(sku || E'\n' || name || E'\n' || coalesce(barcode, ''))
        where id > done and id <= done + 500 and folded is null;
        insert into services_item_codes (item_id, code)
        select c.id, c.code
        from (select id, services_code(sku) as code from services_items where id > done and id <= done + 500
              union
              select id, services_code(barcode) from services_items where id > done and id <= done + 500) c
        where c.code is not null
        order by c.id, c.code
        on conflict do nothing;
        -- What another item has already: both keep it.
        insert into services_item_codes (item_id, code, twin)
        select c.id, c.code, c.id
        from (select id, services_code(sku) as code from services_items where id > done and id <= done + 500
              union
              select id, services_code(barcode) from services_items where id > done and id <= done + 500) c
        where c.code is not null
        order by c.id, c.code
        on conflict do nothing;
        done := done + 500;
        commit;
    end loop;
end $$;

drop index concurrently if exists services_items_by_name_idx;

create index concurrently services_items_by_name_idx on services_items (name collate "und-x-icu", id);

drop index concurrently if exists services_branches_folded_idx;

create index concurrently services_branches_folded_idx on services_branches (services_fold(name));
