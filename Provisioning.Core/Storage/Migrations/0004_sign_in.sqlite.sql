-- Connections get kinds and settings. The old table's CHECK has no name that every engine could drop, so its rows move to a new one.
CREATE TABLE identity_connections (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    name_key BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('gateway', 'oidc', 'saml')),
    enabled INTEGER NOT NULL,
    is_default INTEGER NOT NULL,
    trust_email INTEGER NOT NULL,
    external_id_claim TEXT NULL,
    -- JSON of the kind; the secret beside it is encrypted with the key ring.
    settings TEXT NULL,
    protected_secret TEXT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO identity_connections (id, organization_id, name, name_key, kind, enabled, is_default, trust_email, external_id_claim, created_at, updated_at, version)
    SELECT id, organization_id, name, name_key, kind, 1, 0, trust_email, external_id_claim, created_at, created_at, 1 FROM connections;
DROP TABLE connections;
CREATE UNIQUE INDEX ux_identity_connections_name ON identity_connections (organization_id, name_key);
-- At most one connection is the one for everybody whose domain has none of its own.
CREATE UNIQUE INDEX ux_identity_connections_default ON identity_connections (organization_id) WHERE is_default = 1;

-- Whose sign-in goes where: asked for each sign-in that begins with an address.
CREATE TABLE connection_domains (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    domain_key BLOB NOT NULL,
    domain TEXT NOT NULL,
    connection_id BLOB NOT NULL REFERENCES identity_connections (id),
    PRIMARY KEY (organization_id, domain_key)
) WITHOUT ROWID;
CREATE INDEX ix_connection_domains_connection ON connection_domains (connection_id);

-- Where people may be sent after a sign-in: a JSON array of addresses.
CREATE TABLE sign_in_settings (
    organization_id BLOB NOT NULL PRIMARY KEY REFERENCES organizations (id),
    return_to TEXT NOT NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;

-- A sign-in under way. State and browser secret are kept as hashes only; nonce and code verifier are derived from both (design D6).
CREATE TABLE sign_in_flows (
    state_hash BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    connection_id BLOB NOT NULL,
    browser_hash BLOB NOT NULL,
    return_to TEXT NULL,
    -- What a cross-site POST brought, encrypted, until the browser itself comes for it.
    answer TEXT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    taken_at INTEGER NULL
) WITHOUT ROWID;
CREATE INDEX ix_sign_in_flows_expiry ON sign_in_flows (expires_at);

-- What may be used once: assertion ids, token ids.
CREATE TABLE sign_in_replays (
    connection_id BLOB NOT NULL,
    key_hash BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (connection_id, key_hash)
) WITHOUT ROWID;
CREATE INDEX ix_sign_in_replays_expiry ON sign_in_replays (expires_at);

CREATE TABLE sign_in_sessions (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    member_id BLOB NOT NULL REFERENCES members (id),
    connection_id BLOB NOT NULL,
    subject_key BLOB NOT NULL,
    -- Of the identity provider's own session, when it names one.
    index_hash BLOB NULL,
    cookie_hash BLOB NOT NULL,
    -- What the identity provider wants back at sign-out, encrypted.
    logout_hint TEXT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER NULL,
    end_reason TEXT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX ux_sign_in_sessions_cookie ON sign_in_sessions (cookie_hash);
CREATE INDEX ix_sign_in_sessions_member ON sign_in_sessions (member_id, id);
-- The identity provider ends sessions by subject or by its own session.
CREATE INDEX ix_sign_in_sessions_subject ON sign_in_sessions (connection_id, subject_key) WHERE ended_at IS NULL;
CREATE INDEX ix_sign_in_sessions_index ON sign_in_sessions (connection_id, index_hash) WHERE ended_at IS NULL;
CREATE INDEX ix_sign_in_sessions_expiry ON sign_in_sessions (expires_at);

CREATE TABLE sign_in_codes (
    code_hash BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    session_id BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER NULL
) WITHOUT ROWID;
CREATE INDEX ix_sign_in_codes_expiry ON sign_in_codes (expires_at);
