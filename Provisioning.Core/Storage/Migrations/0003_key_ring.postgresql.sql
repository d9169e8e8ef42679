-- The keys that protect cookies and codes, shared by all nodes (design D6); wrapped by a certificate when one is configured.
CREATE TABLE data_protection_keys (
    id BYTEA NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    xml TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
