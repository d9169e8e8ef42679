-- What the database knows about itself; made before all other scripts, because one row is the lock under which they run.
CREATE TABLE service_facts (
    name TEXT NOT NULL PRIMARY KEY,
    fact TEXT NOT NULL
);
