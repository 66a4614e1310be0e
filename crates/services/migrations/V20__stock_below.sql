-- See V19. Levels that there are and levels to come know nothing at first, and lists look at those one by one.
alter table services_stock add column minimum numeric(15,3), add column below boolean;

comment on column services_stock.minimum is 'The item''s minimum as the worker brought it here; null before it did.';
comment on column services_stock.below is 'Less is on hand than the minimum; null where that is not known.';

-- A generated column would say the same, but adding one writes every row anew while nobody can read. The condition keeps
-- the function out of updates that change neither.
create function services_stock_below() returns trigger language plpgsql as $$
begin
    new.below := new.quantity < new.minimum;
    return new;
end
$$;
comment on function services_stock_below is 'Keeps services_stock.below.';

create trigger services_stock_below before insert or update on services_stock
    for each row when (new.below is distinct from (new.quantity < new.minimum))
    execute function services_stock_below();
