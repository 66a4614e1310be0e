select bench.fulfil(nextval('bench.drafts'));
