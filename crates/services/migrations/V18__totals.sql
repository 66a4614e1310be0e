-- Totals for reports, which would take too long to gather from the ledger each time. The worker keeps them: the ledger
-- says everything that is in them, up to a movement that services_totals_state names.
create table services_totals_state (
    only_one    boolean     not null default true,
    movement_id bigint      not null default 0,
    as_of       timestamptz,
    counted_at  timestamptz,
    constraint services_totals_state_pkey primary key (only_one),
    constraint services_totals_state_only_one_check check (only_one)
);
insert into services_totals_state default values;

comment on table services_totals_state is 'How far the totals have come. One row.';
comment on column services_totals_state.movement_id is 'The totals hold every movement up to this id. No transaction that may still commit one runs.';
comment on column services_totals_state.as_of is 'They hold what had been committed by then.';
comment on column services_totals_state.counted_at is 'When the stock levels were last counted.';

create table services_branch_totals (
    branch_id bigint        not null,
    timezone  text          not null,
    day       date,
    levels    bigint        not null default 0,
    quantity  numeric       not null default 0,
    reserved  numeric       not null default 0,
    below_min bigint        not null default 0,
    cancelled bigint        not null default 0,
    constraint services_branch_totals_pkey primary key (branch_id),
    constraint services_branch_totals_branch_id_fkey foreign key (branch_id) references services_branches (id)
        on delete cascade
) with (fillfactor = 70);

comment on table services_branch_totals is 'What each branch has, and by which days its totals are.';
comment on column services_branch_totals.timezone is 'The time zone that its days are by. When the branch gets another, they are made anew.';
comment on column services_branch_totals.day is 'The day that counts as today in services_turnover; null where that has to be made anew.';
comment on column services_branch_totals.levels is 'How many stock levels it has, as counted last. So the columns after this.';
comment on column services_branch_totals.below_min is 'How many of them are below the item''s minimum.';
comment on column services_branch_totals.cancelled is 'How many orders were ever cancelled.';

create table services_daily_totals (
    branch_id bigint  not null,
    day       date    not null,
    orders    bigint  not null,
    units_in  numeric not null,
    units_out numeric not null,
    movements bigint  not null,
    constraint services_daily_totals_pkey primary key (branch_id, day),
    constraint services_daily_totals_branch_id_fkey foreign key (branch_id) references services_branches (id)
        on delete cascade
) with (fillfactor = 70);

comment on table services_daily_totals is 'What moved at each branch on each of its days.';
comment on column services_daily_totals.orders is 'Orders that were fulfilled.';

create table services_turnover (
    branch_id bigint  not null,
    item_id   bigint  not null,
    today     numeric not null,
    days_7    numeric not null,
    days_30   numeric not null,
    days_90   numeric not null,
    constraint services_turnover_pkey primary key (branch_id, item_id)
) with (fillfactor = 70);

comment on table services_turnover is 'How much of each item left each branch with orders lately. Branch 0 is all of them together.';
comment on column services_turnover.today is 'On the day that services_branch_totals names.';
comment on column services_turnover.days_7 is 'On the 6 days before; with today, 7. So the others.';

create table services_lowest (
    branch_id bigint  not null,
    item_id   bigint  not null,
    share     float8  not null,
    constraint services_lowest_pkey primary key (branch_id, item_id),
    constraint services_lowest_branch_id_fkey foreign key (branch_id) references services_branches (id)
        on delete cascade
);

comment on table services_lowest is 'The items of which each branch has the least of its minimum, some for each branch, as counted last.';
comment on column services_lowest.share is 'What is on hand, as a share of the minimum.';

-- What came after a movement is at the end of the table: this index tells which blocks, and costs next to nothing.
create index services_stock_movements_id_idx on services_stock_movements using brin (id)
    with (pages_per_range = 32, autosummarize = on);

grant select, insert, update, delete on services_branch_totals, services_daily_totals, services_turnover, services_lowest
    to qm_services_app;
grant select, update on services_totals_state to qm_services_app;
grant select on sequence services_stock_movements_id_seq to qm_services_app;
