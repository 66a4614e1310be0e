-- The stock ledger. Append-only: triggers refuse everything else, to the owner too.
create function services_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end
$$;
comment on function services_refuse_change is 'Keeps append-only tables append-only.';

create table services_stock_movements (
    id            bigint generated always as identity,
    at            timestamptz   not null,
    branch_id     bigint        not null,
    item_id       bigint        not null,
    kind          text          not null,
    quantity      numeric(15,3) not null,
    balance       numeric(15,3) not null,
    document_type text          not null,
    document_id   bigint        not null,
    actor_user_id text,
    actor         text          not null,
    reason        text,
    request_id    text,
    constraint services_stock_movements_pkey primary key (at, id),
    constraint services_stock_movements_stock_fkey foreign key (branch_id, item_id)
        references services_stock (branch_id, item_id),
    constraint services_stock_movements_quantity_check check (quantity <> 0)
);
create index services_stock_movements_stock_idx on services_stock_movements (branch_id, item_id, at, id);
create index services_stock_movements_kind_idx on services_stock_movements (branch_id, kind, at, id);
create index services_stock_movements_document_idx on services_stock_movements (document_type, document_id);

comment on table services_stock_movements is 'The ledger: every change of what is on hand, with the balance after it. Never changed.';
comment on column services_stock_movements.id is 'Rises with every movement of a branch and item. The key begins with the time: pages of the ledger follow it, and the table can be partitioned by it.';
comment on column services_stock_movements.at is 'When it took effect; never before the movement before it of the same branch and item.';
comment on column services_stock_movements.quantity is 'Signed change of what is on hand.';
comment on column services_stock_movements.balance is 'On hand after it.';
comment on column services_stock_movements.document_type is 'What kind of document caused it: order, adjustment.';
comment on column services_stock_movements.document_id is 'Which document of that kind. An adjustment has no row of its own: its id is a number of its own.';

create sequence services_adjustment_ids;
comment on sequence services_adjustment_ids is 'Numbers adjustments, so that their movements and audit entries name the same document.';

create trigger services_stock_movements_append_only before update or delete on services_stock_movements
    for each row execute function services_refuse_change();
create trigger services_stock_movements_no_truncate before truncate on services_stock_movements
    for each statement execute function services_refuse_change();

grant select, insert on services_stock_movements to qm_services_app;
grant usage on sequence services_adjustment_ids to qm_services_app;
