-- Networks that users have signed in from, so that guesses made elsewhere do not keep a new browser there out.
create table portal_networks (
    user_id bigint      not null,
    network text        not null,
    seen_at timestamptz not null default now(),
    constraint portal_networks_pkey primary key (user_id, network),
    constraint portal_networks_user_id_fkey foreign key (user_id) references portal_users (id) on delete cascade
);
create index portal_networks_seen_at_idx on portal_networks (seen_at);

comment on table portal_networks is
    'From which networks users have signed in within 90 days: there guesses at their accounts are counted by themselves.';
comment on column portal_networks.network is 'An IPv4 address, or a /64 of IPv6.';

grant select, insert, update, delete on portal_networks to qm_portal_app;
