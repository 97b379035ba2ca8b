-- What claims and finishes cost.
SET LOCAL ROLE glimpq_owner;
