-- What people keep of a list to come back to: its address's query under a name of their own.
create table portal_saved_views (
    id         bigint      generated always as identity,
    user_id    bigint      not null,
    page       text        not null,
    name       text        not null,
    query      text        not null,
    created_at timestamptz not null default now(),
    constraint portal_saved_views_pkey primary key (id),
    constraint portal_saved_views_user_id_page_name_key unique (user_id, page, name),
    constraint portal_saved_views_user_id_fkey foreign key (user_id) references portal_users (id) on delete cascade,
    constraint portal_saved_views_name_check check (length(name) between 1 and 60),
    constraint portal_saved_views_query_check check (length(query) <= 2000)
);

comment on table portal_saved_views is 'Views of lists that users keep.';
comment on column portal_saved_views.page is 'Which list: stock or orders.';
comment on column portal_saved_views.query is 'The query of the list''s address, without the page it was at.';

grant select, insert, update, delete on portal_saved_views to qm_portal_app;
