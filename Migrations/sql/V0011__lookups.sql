-- What a worker says of jobs that it names is found by key. Of the lists in the arguments the planner knows nothing and
-- assumes a hundred rows; on a table of a few thousand jobs it then prefers to read the whole of it, for every result.
SET LOCAL ROLE glimpq_owner;

ALTER FUNCTION glimpq.finish_v1(json) SET enable_seqscan = off;
ALTER FUNCTION glimpq.finish_v1(json) SET enable_hashjoin = off;
ALTER FUNCTION glimpq.finish_v1(json) SET enable_mergejoin = off;

ALTER FUNCTION glimpq.fail_v1(json) SET enable_seqscan = off;
ALTER FUNCTION glimpq.fail_v1(json) SET enable_hashjoin = off;
ALTER FUNCTION glimpq.fail_v1(json) SET enable_mergejoin = off;

ALTER FUNCTION glimpq.release_v1(bigint, bigint[], bigint[], int[]) SET enable_seqscan = off;
ALTER FUNCTION glimpq.release_v1(bigint, bigint[], bigint[], int[]) SET enable_hashjoin = off;
ALTER FUNCTION glimpq.release_v1(bigint, bigint[], bigint[], int[]) SET enable_mergejoin = off;

ALTER FUNCTION glimpq.load_resume_v1(bigint, bigint[], bigint[]) SET enable_seqscan = off;
ALTER FUNCTION glimpq.load_resume_v1(bigint, bigint[], bigint[]) SET enable_hashjoin = off;
ALTER FUNCTION glimpq.load_resume_v1(bigint, bigint[], bigint[]) SET enable_mergejoin = off;
