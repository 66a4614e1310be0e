-- Holds for what is written from now on.
alter table services_orders
    add constraint services_orders_next_priority_check check (next_priority >= 0) not valid;
