-- Suspended by the operator, whatever a contract says of access.
ALTER TABLE organizations ADD COLUMN suspended_at BIGINT NULL;

-- A personal token acts with the role its member has at that moment, and dies with the member.
ALTER TABLE access_tokens ADD COLUMN member_id BYTEA NULL REFERENCES members (id);
ALTER TABLE access_tokens ADD COLUMN last_used_at BIGINT NULL;
CREATE INDEX ix_access_tokens_member ON access_tokens (member_id) WHERE member_id IS NOT NULL;

-- I-3: one primary owner.
CREATE UNIQUE INDEX ux_members_primary_owner ON members (organization_id) WHERE role = 'primary_owner' AND state <> 'removed';
-- Whether the directory sent a person away (INV-8).
CREATE INDEX ix_directory_entries_former_member ON directory_entries (member_id) WHERE member_id IS NOT NULL AND deleted_at IS NOT NULL;

-- DOM-2: what the TXT record must say while the domain is pending; no secret.
ALTER TABLE domains ADD COLUMN token TEXT NULL;
ALTER TABLE domains ADD COLUMN verified_at BIGINT NULL;
CREATE UNIQUE INDEX ux_domains_pending ON domains (organization_id, name_key) WHERE state = 'pending';

CREATE TABLE invitations (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    email TEXT NOT NULL,
    email_key BYTEA NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('primary_owner', 'owner', 'admin', 'user')),
    -- The seat held; null when the first primary owner was invited while no seat was free, or the seat went to the person already.
    tier TEXT NULL,
    hold_id BYTEA NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'expired', 'revoked', 'superseded')),
    -- INV-9: the token is HMAC(key, id, nonce); only its hash is kept.
    nonce BYTEA NOT NULL,
    token_hash BYTEA NOT NULL,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT NULL,
    member_id BYTEA NULL REFERENCES members (id)
);
-- I-6: at most one pending invitation per address.
CREATE UNIQUE INDEX ux_invitations_pending ON invitations (organization_id, email_key) WHERE state = 'pending';
CREATE UNIQUE INDEX ux_invitations_token ON invitations (token_hash);
CREATE INDEX ix_invitations_list ON invitations (organization_id, id);
CREATE INDEX ix_invitations_expiry ON invitations (expires_at) WHERE state = 'pending';

-- Keys of the service itself, wrapped by the key ring.
CREATE TABLE protected_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    wrapped TEXT NOT NULL
);
