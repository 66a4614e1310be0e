-- How much of its rate each caller and address has used, shared by all processes. A process takes some requests' worth
-- at a time. What a crash of the server forgets is a moment's counting.
create unlogged table services_rate_leases (
    key        text        collate "C" not null,
    asked_at   timestamptz not null,
    used_until timestamptz not null,
    granted    integer     not null,
    constraint services_rate_leases_pkey primary key (key),
    constraint services_rate_leases_granted_check check (granted >= 0)
);
create index services_rate_leases_asked_at_idx on services_rate_leases (asked_at);

comment on table services_rate_leases is 'Rate limits: one row for each caller or address that was counted of late. Old ones are removed by whoever counts.';
comment on column services_rate_leases.key is 'caller: and the token''s subject, or address: and an address or network.';
comment on column services_rate_leases.used_until is 'When what was taken would have been earned at the even rate (the theoretical arrival time of the generic cell rate algorithm).';
comment on column services_rate_leases.granted is 'How many requests the last lease gave.';

grant select, insert, update, delete on services_rate_leases to qm_services_app;
