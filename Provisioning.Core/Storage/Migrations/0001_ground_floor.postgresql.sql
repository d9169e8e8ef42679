-- Times are microseconds since 1970 UTC. *_key columns hold the bytes by which a text is compared (design D3): folded UTF-8,
-- or exact UTF-8 where the attribute is case-exact. Ids are 16 bytes in creation order. Flags are 0 or 1.

CREATE TABLE organizations (
    id BYTEA NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL,
    slug_key BYTEA NOT NULL,
    name TEXT NOT NULL,
    billing_zone TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('invite_only', 'jit', 'scim', 'scim_and_jit')),
    on_no_seat_scim TEXT NOT NULL CHECK (on_no_seat_scim IN ('waiting', 'reject')),
    require_verified_domain_scim BIGINT NOT NULL,
    access_until BIGINT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX ux_organizations_slug ON organizations (slug_key);

CREATE TABLE domains (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    name_key BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'verified', 'removed')),
    created_at BIGINT NOT NULL
);
-- I-1: a verified name belongs to one organisation.
CREATE UNIQUE INDEX ux_domains_verified ON domains (name_key) WHERE state = 'verified';
CREATE INDEX ix_domains_organization ON domains (organization_id, name_key);

CREATE TABLE access_tokens (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    door TEXT NOT NULL CHECK (door IN ('scim', 'admin', 'gateway', 'application')),
    role TEXT NULL,
    name TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NULL,
    revoked_at BIGINT NULL
);
-- Every request looks its token up by the hash of the secret.
CREATE UNIQUE INDEX ux_access_tokens_hash ON access_tokens (secret_hash);
CREATE INDEX ix_access_tokens_organization ON access_tokens (organization_id, id);

CREATE TABLE connections (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    name_key BYTEA NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('gateway')),
    trust_email BIGINT NOT NULL,
    external_id_claim TEXT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX ux_connections_name ON connections (organization_id, name_key);

CREATE TABLE seat_pools (
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    tier TEXT NOT NULL,
    tier_key BYTEA NOT NULL,
    tier_rank BIGINT NOT NULL,
    features TEXT NOT NULL,
    purchased BIGINT NOT NULL,
    assigned BIGINT NOT NULL,
    held BIGINT NOT NULL,
    queued BIGINT NOT NULL,
    -- Touched to lock the row until the commit (TIME-2).
    touched BIGINT NOT NULL,
    PRIMARY KEY (organization_id, tier_key),
    -- I-4, part by part: the sum alone would let a double release through.
    CONSTRAINT ck_seat_pools CHECK (assigned >= 0 AND held >= 0 AND queued >= 0 AND assigned + held + queued <= purchased)
);

CREATE TABLE members (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    user_name TEXT NOT NULL,
    user_name_key BYTEA NOT NULL,
    match_email TEXT NULL,
    match_email_key BYTEA NULL,
    display_name TEXT NULL,
    role TEXT NOT NULL CHECK (role IN ('primary_owner', 'owner', 'admin', 'user')),
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'removed')),
    admin_suspended BIGINT NOT NULL,
    suspended_by TEXT NULL,
    source TEXT NOT NULL,
    -- Days since 1970.
    last_sign_in_on BIGINT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
-- I-2: at most one member that is not removed per userName.
CREATE UNIQUE INDEX ux_members_user_name ON members (organization_id, user_name_key) WHERE state <> 'removed';
-- A sign-in is matched by address; shared mailboxes exist, so it is not unique.
CREATE INDEX ix_members_match_email ON members (organization_id, match_email_key);
CREATE INDEX ix_members_organization ON members (organization_id, id);
-- Who can administer: few rows, asked before each suspension (SCIM-11).
CREATE INDEX ix_members_administering ON members (organization_id, id) WHERE role <> 'user';

CREATE TABLE member_seats (
    member_id BYTEA NOT NULL PRIMARY KEY REFERENCES members (id),
    organization_id BYTEA NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('none', 'assigned', 'waiting', 'unassigned')),
    tier TEXT NULL,
    desired_tier TEXT NULL,
    last_tier TEXT NULL,
    waiting_since BIGINT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT ck_member_seats_tier CHECK ((status = 'assigned' AND tier IS NOT NULL) OR (status <> 'assigned' AND tier IS NULL)),
    CONSTRAINT ck_member_seats_waiting CHECK ((status = 'waiting' AND waiting_since IS NOT NULL) OR (status <> 'waiting' AND waiting_since IS NULL))
);
-- The waiting list in its order (SEAT-12).
CREATE INDEX ix_member_seats_waiting ON member_seats (organization_id, waiting_since, member_id) WHERE status = 'waiting';
-- Seated people who want a higher tier, served after the waiting.
CREATE INDEX ix_member_seats_wishing ON member_seats (organization_id, member_id) WHERE status = 'assigned' AND desired_tier IS NOT NULL;

CREATE TABLE seat_assignments (
    organization_id BYTEA NOT NULL,
    member_id BYTEA NOT NULL REFERENCES members (id),
    tier_key BYTEA NOT NULL,
    from_at BIGINT NOT NULL,
    to_at BIGINT NULL
);
-- I-5: at most one open assignment per member.
CREATE UNIQUE INDEX ux_seat_assignments_open ON seat_assignments (member_id) WHERE to_at IS NULL;

CREATE TABLE seat_holds (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    tier TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ix_seat_holds_expiry ON seat_holds (organization_id, expires_at);

CREATE TABLE seat_requests (
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    email_key BYTEA NOT NULL,
    email TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    PRIMARY KEY (organization_id, email_key)
);

CREATE TABLE member_identities (
    organization_id BYTEA NOT NULL,
    connection_id BYTEA NOT NULL,
    subject_key BYTEA NOT NULL,
    subject TEXT NOT NULL,
    member_id BYTEA NOT NULL REFERENCES members (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, connection_id, subject_key)
);
CREATE INDEX ix_member_identities_member ON member_identities (member_id, connection_id);

CREATE TABLE directory_entries (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    user_name TEXT NOT NULL,
    user_name_key BYTEA NOT NULL,
    external_id TEXT NULL,
    external_id_key BYTEA NULL,
    active BIGINT NOT NULL,
    -- 0 after a PATCH that removed `active`: no longer returned, the state stays (checklist U3).
    active_shown BIGINT NOT NULL,
    attributes TEXT NOT NULL,
    member_id BYTEA NULL REFERENCES members (id),
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    deleted_at BIGINT NULL,
    version BIGINT NOT NULL
);
-- I-12: userName is unique among the entries that are not deleted.
CREATE UNIQUE INDEX ux_directory_entries_user_name ON directory_entries (organization_id, user_name_key) WHERE deleted_at IS NULL;
-- Deleted entries lead a person who is pushed again to the old member (SCIM-10).
CREATE INDEX ix_directory_entries_former ON directory_entries (organization_id, user_name_key) WHERE deleted_at IS NOT NULL;
-- Entra's default externalId is not unique.
CREATE INDEX ix_directory_entries_external_id ON directory_entries (organization_id, external_id_key);
-- A member has at most one entry that is not deleted.
CREATE UNIQUE INDEX ux_directory_entries_member ON directory_entries (member_id) WHERE deleted_at IS NULL AND member_id IS NOT NULL;
-- Lists: oldest first.
CREATE INDEX ix_directory_entries_list ON directory_entries (organization_id, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_directory_entries_modified ON directory_entries (organization_id, modified_at) WHERE deleted_at IS NULL;

-- Searched attributes of users beside userName and externalId (design D5); attribute codes: Storage/SearchedAttributes.cs.
CREATE TABLE entry_values (
    organization_id BYTEA NOT NULL,
    attribute BIGINT NOT NULL,
    value_key BYTEA NOT NULL,
    entry_id BYTEA NOT NULL REFERENCES directory_entries (id),
    PRIMARY KEY (organization_id, attribute, value_key, entry_id)
);
CREATE INDEX ix_entry_values_entry ON entry_values (entry_id, attribute);

CREATE TABLE directory_groups (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    display_name TEXT NOT NULL,
    display_name_key BYTEA NOT NULL,
    external_id TEXT NULL,
    external_id_key BYTEA NULL,
    attributes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
-- SCIM-3: a group's displayName is unique per organisation.
CREATE UNIQUE INDEX ux_directory_groups_name ON directory_groups (organization_id, display_name_key);
CREATE INDEX ix_directory_groups_external_id ON directory_groups (organization_id, external_id_key);
CREATE INDEX ix_directory_groups_list ON directory_groups (organization_id, id);

CREATE TABLE group_members (
    group_id BYTEA NOT NULL REFERENCES directory_groups (id),
    member_id BYTEA NOT NULL,
    organization_id BYTEA NOT NULL,
    is_group BIGINT NOT NULL,
    ref TEXT NULL,
    type TEXT NULL,
    display TEXT NULL,
    PRIMARY KEY (group_id, member_id)
);
-- The groups of a user.
CREATE INDEX ix_group_members_member ON group_members (member_id, group_id);

-- Totals of unfiltered lists: counted as they change, never scanned (design D5).
CREATE TABLE directory_counts (
    organization_id BYTEA NOT NULL PRIMARY KEY REFERENCES organizations (id),
    users BIGINT NOT NULL,
    user_groups BIGINT NOT NULL
);

-- I-13: a unit inserts its receipt first; an attempt after an unknown outcome answers from it.
CREATE TABLE receipts (
    unit_id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    request_hash BYTEA NULL,
    reply TEXT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX ix_receipts_created ON receipts (created_at);

-- I-11. sequence and chain are filled after the commit by the sealer (domain.md 10 and 11).
CREATE TABLE audit_records (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    reason TEXT NULL,
    correlation_id TEXT NOT NULL,
    sequence BIGINT NULL,
    chain BYTEA NULL
);
CREATE INDEX ix_audit_records_list ON audit_records (organization_id, id);
CREATE INDEX ix_audit_records_target ON audit_records (organization_id, target_id, id);

-- Personal data of a record: erased with the person; the chain covers it by a salted digest.
CREATE TABLE audit_details (
    audit_id BYTEA NOT NULL PRIMARY KEY,
    salt BYTEA NOT NULL,
    before_state TEXT NULL,
    after_state TEXT NULL
);

CREATE TABLE outbox (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL,
    type TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    data TEXT NOT NULL,
    sequence BIGINT NULL,
    delivered_at BIGINT NULL
);
CREATE INDEX ix_outbox_unsealed ON outbox (organization_id, id) WHERE sequence IS NULL;
