-- What the database says of the tables of one owner, a row each: what kind of thing, its name, its definition. It is read
-- with an empty search_path, so that every name that is not PostgreSQL's own comes with its schema. {owner}, {running} and
-- {prefix} are put in beforehand. What differs between PostgreSQL 15 and 18 is left out.
with own as (
    select n.nspname || '.' || c.relname as name, c.*
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      and n.nspname !~ '^pg_(toast|temp)' and n.nspname not in ('pg_catalog', 'information_schema')
      and (c.relname like '{prefix}\_%' or pg_get_userbyid(c.relowner) = '{owner}')),
functions as (
    select p.*, n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name,
           n.nspname as schema
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')),
objects(class, oid, acl, owner, name) as (
    select 'pg_class'::regclass, o.oid, o.relacl, o.relowner, case o.relkind when 'S' then 'sequence ' else '' end || o.name
    from own o
    union all
    select 'pg_attribute'::regclass, o.oid, a.attacl, o.relowner, o.name || '.' || a.attname
    from own o
    join pg_attribute a on a.attrelid = o.oid and not a.attisdropped
    union all
    select 'pg_proc'::regclass, f.oid, f.proacl, f.proowner, 'function ' || f.name
    from functions f
    where f.proname like '{prefix}\_%' or pg_get_userbyid(f.proowner) = '{owner}'),
grants as (
    select o.name, a.grantee, case a.grantee when 0 then 'public' else pg_get_userbyid(a.grantee)::text end as grantee_name,
           string_agg(a.privilege_type || case when a.is_grantable then ' with grant option' else '' end, ', '
                      order by a.privilege_type) as privileges
    from objects o
    cross join lateral aclexplode(o.acl) a
    where a.grantee <> o.owner
    group by o.name, a.grantee),
roles as (
    select oid, rolname from pg_roles where rolname in ('{owner}', '{running}'))
select 'relation' as kind, o.name,
       concat_ws(' ',
           case o.relpersistence when 'u' then 'unlogged' when 't' then 'temporary' end,
           case o.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
                          when 'm' then 'materialized view' when 'f' then 'foreign table' else 'sequence' end,
           'of', pg_get_userbyid(o.relowner),
           case when o.relrowsecurity then 'with row security' end,
           case when o.relforcerowsecurity then 'forced' end,
           (select 'by access method ' || m.amname from pg_am m where m.oid = o.relam and m.amname <> 'heap'),
           case when o.relkind = 'v' then (
               select 'options ' || o.reloptions::text where o.reloptions is not null) end) as definition
from own o
union all
select 'column', o.name || '.' || a.attname,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod),
           (select 'collate ' || c.collname from pg_collation c join pg_type t on t.oid = a.atttypid
            where c.oid = a.attcollation and a.attcollation <> t.typcollation),
           case when a.attnotnull then 'not null' end,
           case a.attidentity when 'a' then 'identity always' when 'd' then 'identity by default' end,
           case when a.attgenerated <> '' then 'generated' when d.oid is not null then 'default' end,
           pg_get_expr(d.adbin, d.adrelid))
from own o
join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped and o.relkind <> 'S'
left join pg_attrdef d on d.adrelid = o.oid and d.adnum = a.attnum
union all
select 'constraint', o.name || '.' || c.conname,
       pg_get_constraintdef(c.oid) || case when c.convalidated or c.contype not in ('c', 'f') then '' else ' (not validated)' end
from own o
join pg_constraint c on c.conrelid = o.oid and c.contype in ('c', 'p', 'u', 'f', 'x')
union all
select 'unique index', o.name || ': ' || i.relname,
       pg_get_indexdef(i.oid) || case when x.indisvalid and x.indisready then '' else ' (not valid)' end
from own o
join pg_index x on x.indrelid = o.oid
join pg_class i on i.oid = x.indexrelid
where x.indisunique or x.indisexclusion
union all
-- An index may be added for speed; but one that calls a function of somebody's runs it whenever a row is written.
select 'index that calls functions', o.name || ': ' || i.relname, pg_get_indexdef(i.oid)
from own o
join pg_index x on x.indrelid = o.oid
join pg_class i on i.oid = x.indexrelid
where exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = i.oid
              and d.refclassid = 'pg_proc'::regclass and d.refobjid >= 16384)
union all
select 'trigger', o.name || '.' || t.tgname,
       pg_get_triggerdef(t.oid) || case t.tgenabled when 'O' then '' when 'D' then ' (disabled)' when 'R' then ' (replica)'
                                                    else ' (always)' end
from own o
join pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal
union all
select distinct 'foreign keys', o.name, 'their triggers are disabled'
from own o
join pg_trigger t on t.tgrelid = o.oid and t.tgisinternal and t.tgenabled <> 'O'
union all
select 'function', f.name,
       concat_ws(' ', pg_get_userbyid(f.proowner), l.lanname, f.prokind::text, f.provolatile::text,
           case when f.prosecdef then 'security definer' end, 'returns', format_type(f.prorettype, null),
           f.proconfig::text, f.probin, f.prosrc)
from functions f
join pg_language l on l.oid = f.prolang
where f.proname like '{prefix}\_%' or pg_get_userbyid(f.proowner) = '{owner}'
   -- One of a name that PostgreSQL has too may be called in the place of PostgreSQL's.
   or f.schema = 'public' and exists (
       select from pg_proc p where p.proname = f.proname and p.pronamespace = 'pg_catalog'::regnamespace)
union all
select 'operator', o.oid::regoperator::text, o.oprcode::regprocedure::text
from pg_operator o
where o.oid >= 16384 and not exists (select from pg_depend d where d.objid = o.oid and d.deptype = 'e')
union all
select 'cast', format_type(c.castsource, null) || ' to ' || format_type(c.casttarget, null),
       concat_ws(' ', c.castcontext::text, c.castfunc::regprocedure::text)
from pg_cast c
where c.oid >= 16384 and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
union all
select 'policy', o.name || '.' || p.polname,
       concat_ws(' ', p.polcmd::text, case when p.polpermissive then 'permissive' else 'restrictive' end,
           (select string_agg(case r.oid when 0 then 'public' else pg_get_userbyid(r.oid)::text end, ', ')
            from unnest(p.polroles) r(oid)),
           'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
from own o
join pg_policy p on p.polrelid = o.oid
union all
select 'rule', o.name || '.' || r.rulename, pg_get_ruledef(r.oid) || ' ' || r.ev_enabled::text
from own o
join pg_rewrite r on r.ev_class = o.oid and r.rulename <> '_RETURN'
union all
-- Versions differ in where they write the name of a view's table.
select 'view', o.name,
       regexp_replace(regexp_replace(pg_get_viewdef(o.oid), '\m[a-z_]+\.', '', 'g'), '\s+', ' ', 'g') || ' from '
       || (select string_agg(distinct n.nspname || '.' || c.relname, ', ')
           from pg_rewrite r
           join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
           join pg_class c on c.oid = d.refobjid and c.oid <> o.oid
           join pg_namespace n on n.oid = c.relnamespace
           where r.ev_class = o.oid)
from own o
where o.relkind in ('v', 'm')
union all
select 'inheritance', c.oid::regclass::text, 'of ' || p.oid::regclass::text
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
join pg_class p on p.oid = i.inhparent
where c.relkind in ('r', 'p', 'f') and (c.oid in (select o.oid from own o) or p.oid in (select o.oid from own o))
union all
select 'sequence', o.name,
       format('%s from %s by %s within %s and %s%s', format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin,
              s.seqmax, case when s.seqcycle then ' cycling' else '' end)
from own o
join pg_sequence s on s.seqrelid = o.oid
union all
-- Those who may only read change nothing: they are named, and no more.
select case when g.privileges = 'SELECT' and g.grantee <> 0 and g.grantee_name not like 'qm\_%'
            then 'reader' else 'grant' end,
       g.name || ' to ' || g.grantee_name, g.privileges
from grants g
union all
select 'default grant', pg_get_userbyid(d.defaclrole) || ' ' || d.defaclobjtype::text, d.defaclacl::text
from pg_default_acl d
where d.defaclrole in (select r.oid from roles r)
union all
select 'event trigger', e.evtname,
       format('%s %s %s', e.evtevent, e.evtenabled, e.evtfoid::regprocedure)
from pg_event_trigger e
where not exists (select from pg_depend d where d.objid = e.oid and d.deptype = 'e')
union all
select 'role', r.rolname,
       concat_ws(' ', case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'bypasses row security' end,
           case when r.rolcreaterole then 'creates roles' end, case when r.rolcreatedb then 'creates databases' end,
           case when r.rolreplication then 'replicates' end)
from pg_roles r
where r.oid in (select oid from roles)
  and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication)
union all
select 'membership', pg_get_userbyid(m.member), 'of ' || pg_get_userbyid(m.roleid)
from pg_auth_members m
where m.member in (select oid from roles)
union all
select 'setting', concat_ws(' in ', case s.setrole when 0 then 'every role' else pg_get_userbyid(s.setrole)::text end,
                            case s.setdatabase when 0 then 'every database' else 'this database' end,
                            split_part(c.line, '=', 1)),
       c.line
from pg_db_role_setting s
cross join lateral unnest(s.setconfig) c(line)
where s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
  and (s.setrole = 0 or pg_has_role(s.setrole, '{running}', 'member') or pg_has_role(s.setrole, '{owner}', 'member'))
  and split_part(c.line, '=', 1) in (
      'search_path', 'session_replication_role', 'role', 'row_security', 'default_transaction_isolation',
      'default_transaction_read_only', 'session_preload_libraries', 'local_preload_libraries', 'dynamic_library_path',
      'default_table_access_method', 'event_triggers', 'transform_null_equals', 'ignore_checksum_failure',
      'zero_damaged_pages', 'allow_system_table_mods')
union all
select 'setting', 'this server: ' || s.name, s.setting
from pg_settings s
where s.name = 'session_replication_role' and s.reset_val <> 'origin'
   or s.name = 'search_path' and ltrim(regexp_replace(s.reset_val, '^"\$user"', ''), ', ') !~ '^public\M'
union all
select 'subscription', o.name, 'another server writes to it'
from own o
join pg_subscription_rel s on s.srrelid = o.oid
