-- Who submitted an order, so that a policy can ask that somebody else fulfils it.
alter table services_orders add column submitted_by_user_id text;
comment on column services_orders.submitted_by_user_id is 'Id of the user or program that submitted it; null before, and for the operator''s command line.';

-- Of those that wait, the audit knows.
update services_orders o
set submitted_by_user_id = (
    select e.actor_user_id
    from services_audit_logs e
    where e.entity_type = 'order' and e.entity_id = o.id::text and e.action = 'order.submitted'
    order by e.at desc, e.id desc
    limit 1)
where o.status = 'submitted';
