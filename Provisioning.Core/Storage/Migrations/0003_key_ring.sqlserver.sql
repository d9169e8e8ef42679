-- The keys that protect cookies and codes, shared by all nodes (design D6); wrapped by a certificate when one is configured.
CREATE TABLE data_protection_keys (
    id BINARY(16) NOT NULL PRIMARY KEY,
    name NVARCHAR(256) NOT NULL,
    xml NVARCHAR(MAX) NOT NULL,
    created_at BIGINT NOT NULL
);
