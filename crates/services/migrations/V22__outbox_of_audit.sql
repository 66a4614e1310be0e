-- Every event said once more what an audit entry says, and cost every change a row and two index entries. The audit is
-- append-only, written in the transaction that made it true and numbered: it is the outbox.
drop table services_outbox;

create view services_outbox as
select id, at, action as kind, branch_id, entity_type, entity_id, details as payload from services_audit_logs;

comment on view services_outbox is 'Facts for the outside, one for each audit entry. Who follows it reads ids that are final, as the sealer does: a lower one may still be committed.';
comment on column services_outbox.kind is 'What happened: order.fulfilled, stock.adjusted.';

grant select on services_outbox to qm_services_app;

-- Programs from before write events until the last of them is stopped. Their audit entries tell all of it already.
create function services_outbox_is_written() returns trigger language plpgsql as $$
begin
    return null;
end
$$;
comment on function services_outbox_is_written is 'Lets programs from before V22 write events, which nobody needs.';

create trigger services_outbox_is_written instead of insert on services_outbox
    for each row execute function services_outbox_is_written();

grant insert on services_outbox to qm_services_app;
