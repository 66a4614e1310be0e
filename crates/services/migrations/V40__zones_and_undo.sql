-- A time zone that this server does not know must stop nobody's report, and a movement is undone once: the ledger knows
-- which movement takes back which.
create function services_zone(zone text) returns text language plpgsql stable strict as $$
declare
    there timestamp;
begin
    there := now() at time zone zone;
    return zone;
exception when others then
    return 'UTC';
end
$$;
comment on function services_zone is 'The time zone if this server knows it, else UTC. What is accepted elsewhere may be newer than the server.';

alter table services_stock_movements add column reverses_id bigint;
comment on column services_stock_movements.reverses_id is 'The movement of the same branch and item that this one takes back, by as much; null for all others.';
