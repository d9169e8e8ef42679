-- Who runs a job now (rule TIME-3). The generation moves when the job changes hands; every unit of a job checks it, so that a
-- holder whose clock is slow cannot act after it lost the job. name is one of ours, compared exactly.
CREATE TABLE job_leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    deadline INTEGER NOT NULL,
    generation INTEGER NOT NULL
) WITHOUT ROWID;
