-- Workers that come, go, lose their lease and come back.
SET LOCAL ROLE glimpq_owner;
