-- Which tokens are revoked before their time. A token lives 15 minutes, so a revocation is kept for little longer.
create table portal_revocations (
    subject    text        collate "C" primary key,
    revoked_at timestamptz not null,
    constraint portal_revocations_revoked_at_check check (revoked_at = date_trunc('second', revoked_at))
);
create index portal_revocations_revoked_at_idx on portal_revocations (revoked_at);

comment on table portal_revocations is 'Subjects whose tokens were revoked: users disabled, changed or signed out, clients disabled.';
comment on column portal_revocations.subject is 'The claim sub of the tokens.';
comment on column portal_revocations.revoked_at is 'Tokens made in this second or before are revoked. Whole seconds, as the claim iat has.';

create trigger portal_revocations_changed after insert or update on portal_revocations
    for each statement execute function portal_token_feed_changed();

grant select, insert, update, delete on portal_revocations to qm_portal_app;
