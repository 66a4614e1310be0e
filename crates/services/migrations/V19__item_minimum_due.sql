-- Stock levels below their item's minimum get an index. A level knows the minimum for that, and the worker brings it there:
-- an item that gets another minimum locks none of its levels.
alter table services_items add column minimum_due boolean not null default true;

comment on column services_items.minimum_due is 'The worker still has to bring the minimum to the levels: what they know is old.';

create function services_items_minimum_due() returns trigger language plpgsql as $$
begin
    new.minimum_due := true;
    return new;
end
$$;
comment on function services_items_minimum_due is 'Sets services_items.minimum_due.';

create trigger services_items_minimum_due before update on services_items
    for each row when (new.min_stock_level <> old.min_stock_level)
    execute function services_items_minimum_due();
