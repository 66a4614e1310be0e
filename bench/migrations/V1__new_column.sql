-- A column with a constant default changes no row.
alter table services_orders add column next_priority integer not null default 0;
