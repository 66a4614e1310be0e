create table services_next_notes (
    order_id  bigint not null,
    branch_id bigint not null,
    note      text   not null,
    constraint services_next_notes_pkey primary key (order_id, branch_id)
);
-- The new table is empty, and the old one is locked for as long as that takes to see.
alter table services_next_notes add constraint services_next_notes_order_fkey
    foreign key (order_id, branch_id) references services_orders (id, branch_id);
grant select, insert on services_next_notes to qm_services_app;
