do $$
declare
    done bigint := 0;
    newest bigint := (select max(id) from services_orders);
begin
    while done < newest loop
        update services_orders set next_priority = 1
        where id > done and id <= done + 2000 and next_priority = 0 and id % 10 = 0;
        done := done + 2000;
        commit;
    end loop;
end $$;
