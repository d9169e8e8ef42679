-- One-time links to the administration, for when sign-in itself is broken. The token is HMAC(key, id); only its hash is kept.
CREATE TABLE recovery_links (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    member_id BINARY(16) NOT NULL REFERENCES members (id),
    token_hash BINARY(32) NOT NULL,
    origin NVARCHAR(256) NOT NULL CHECK (origin IN ('person', 'operator')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT NULL
);
CREATE UNIQUE INDEX ux_recovery_links_token ON recovery_links (token_hash);
-- How many a person asked for lately.
CREATE INDEX ix_recovery_links_member ON recovery_links (member_id, created_at);
CREATE INDEX ix_recovery_links_expiry ON recovery_links (expires_at);

-- Whether owners and admins may ask for one; NULL: never set, so no.
ALTER TABLE sign_in_settings ADD recovery_links BIGINT NULL;
-- The link that opened a session for administration only; its connection_id is sixteen zero bytes.
ALTER TABLE sign_in_sessions ADD recovery_id BINARY(16) NULL;
