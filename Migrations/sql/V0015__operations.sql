-- Retention, health and what metrics read.
SET LOCAL ROLE glimpq_owner;
