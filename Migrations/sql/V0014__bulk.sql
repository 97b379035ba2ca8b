-- Bulk input and output.
SET LOCAL ROLE glimpq_owner;
