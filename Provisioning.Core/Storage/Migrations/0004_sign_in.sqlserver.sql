-- Connections get kinds and settings. The old table's CHECK has no name that every engine could drop, so its rows move to a new one.
CREATE TABLE identity_connections (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    name NVARCHAR(256) NOT NULL,
    name_key VARBINARY(1000) NOT NULL,
    kind NVARCHAR(256) NOT NULL CHECK (kind IN ('gateway', 'oidc', 'saml')),
    enabled BIGINT NOT NULL,
    is_default BIGINT NOT NULL,
    trust_email BIGINT NOT NULL,
    external_id_claim NVARCHAR(256) NULL,
    -- JSON of the kind; the secret beside it is encrypted with the key ring.
    settings NVARCHAR(MAX) NULL,
    protected_secret NVARCHAR(MAX) NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
INSERT INTO identity_connections (id, organization_id, name, name_key, kind, enabled, is_default, trust_email, external_id_claim, created_at, updated_at, version)
    SELECT id, organization_id, name, name_key, kind, 1, 0, trust_email, external_id_claim, created_at, created_at, 1 FROM connections;
DROP TABLE connections;
CREATE UNIQUE INDEX ux_identity_connections_name ON identity_connections (organization_id, name_key);
-- At most one connection is the one for everybody whose domain has none of its own.
CREATE UNIQUE INDEX ux_identity_connections_default ON identity_connections (organization_id) WHERE is_default = 1;

-- Whose sign-in goes where: asked for each sign-in that begins with an address.
CREATE TABLE connection_domains (
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    domain_key VARBINARY(256) NOT NULL,
    domain NVARCHAR(256) NOT NULL,
    connection_id BINARY(16) NOT NULL REFERENCES identity_connections (id),
    PRIMARY KEY (organization_id, domain_key)
);
CREATE INDEX ix_connection_domains_connection ON connection_domains (connection_id);

-- Where people may be sent after a sign-in: a JSON array of addresses.
CREATE TABLE sign_in_settings (
    organization_id BINARY(16) NOT NULL PRIMARY KEY REFERENCES organizations (id),
    return_to NVARCHAR(MAX) NOT NULL,
    version BIGINT NOT NULL
);

-- A sign-in under way. State and browser secret are kept as hashes only; nonce and code verifier are derived from both (design D6).
CREATE TABLE sign_in_flows (
    state_hash BINARY(32) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    connection_id BINARY(16) NOT NULL,
    browser_hash BINARY(32) NOT NULL,
    return_to NVARCHAR(MAX) NULL,
    -- What a cross-site POST brought, encrypted, until the browser itself comes for it.
    answer NVARCHAR(MAX) NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    taken_at BIGINT NULL
);
CREATE INDEX ix_sign_in_flows_expiry ON sign_in_flows (expires_at);

-- What may be used once: assertion ids, token ids.
CREATE TABLE sign_in_replays (
    connection_id BINARY(16) NOT NULL,
    key_hash BINARY(32) NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (connection_id, key_hash)
);
CREATE INDEX ix_sign_in_replays_expiry ON sign_in_replays (expires_at);

CREATE TABLE sign_in_sessions (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    member_id BINARY(16) NOT NULL REFERENCES members (id),
    connection_id BINARY(16) NOT NULL,
    subject_key VARBINARY(1000) NOT NULL,
    -- Of the identity provider's own session, when it names one.
    index_hash BINARY(32) NULL,
    cookie_hash BINARY(32) NOT NULL,
    -- What the identity provider wants back at sign-out, encrypted.
    logout_hint NVARCHAR(MAX) NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT NULL,
    end_reason NVARCHAR(256) NULL
);
CREATE UNIQUE INDEX ux_sign_in_sessions_cookie ON sign_in_sessions (cookie_hash);
CREATE INDEX ix_sign_in_sessions_member ON sign_in_sessions (member_id, id);
-- The identity provider ends sessions by subject or by its own session.
CREATE INDEX ix_sign_in_sessions_subject ON sign_in_sessions (connection_id, subject_key) WHERE ended_at IS NULL;
CREATE INDEX ix_sign_in_sessions_index ON sign_in_sessions (connection_id, index_hash) WHERE ended_at IS NULL;
CREATE INDEX ix_sign_in_sessions_expiry ON sign_in_sessions (expires_at);

CREATE TABLE sign_in_codes (
    code_hash BINARY(32) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    session_id BINARY(16) NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT NULL
);
CREATE INDEX ix_sign_in_codes_expiry ON sign_in_codes (expires_at);
