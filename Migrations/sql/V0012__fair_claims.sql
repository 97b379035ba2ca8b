-- Claims with tenants' shares, caps and a remembered start of the queue.
SET LOCAL ROLE glimpq_owner;
