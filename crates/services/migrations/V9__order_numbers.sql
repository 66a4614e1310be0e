-- Drafts are written in batches, and a draft's answer names the numbers of the order and its lines before they are
-- written: the engine takes them from the sequences itself.
grant usage on sequence services_orders_id_seq, services_order_lines_id_seq to qm_services_app;
