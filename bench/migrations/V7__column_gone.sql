alter table services_orders drop column next_priority;
