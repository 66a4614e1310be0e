-- What the keeper of the totals waits for is kept with them: a number that a server had given out and forgot when it
-- crashed, or that a standby never heard of, is then forgotten with it.
alter table services_totals_state
    add column marked_id bigint,
    add column marked_transaction bigint,
    add column marked_at timestamptz;

comment on column services_totals_state.marked_id is 'The last movement id that was taken when it was marked. Null while nothing is waited for.';
comment on column services_totals_state.marked_transaction is 'The transaction that marked it. Once it and all before it have ended, every movement up to marked_id is there or never will be.';
comment on column services_totals_state.marked_at is 'When it was marked.';

-- Totals so far may lack movements of transactions that ran while they were kept: the worker makes them anew.
delete from services_daily_totals;
delete from services_turnover;
update services_branch_totals set day = null;
update services_totals_state set movement_id = 0, as_of = null;
