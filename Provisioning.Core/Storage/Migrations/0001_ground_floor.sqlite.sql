-- Times are microseconds since 1970 UTC. *_key columns hold the bytes by which a text is compared (design D3): folded UTF-8,
-- or exact UTF-8 where the attribute is case-exact. Ids are 16 bytes in creation order. Flags are 0 or 1.

CREATE TABLE organizations (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL,
    slug_key BLOB NOT NULL,
    name TEXT NOT NULL,
    billing_zone TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('invite_only', 'jit', 'scim', 'scim_and_jit')),
    on_no_seat_scim TEXT NOT NULL CHECK (on_no_seat_scim IN ('waiting', 'reject')),
    require_verified_domain_scim INTEGER NOT NULL,
    access_until INTEGER NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX ux_organizations_slug ON organizations (slug_key);

CREATE TABLE domains (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    name_key BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'verified', 'removed')),
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
-- I-1: a verified name belongs to one organisation.
CREATE UNIQUE INDEX ux_domains_verified ON domains (name_key) WHERE state = 'verified';
CREATE INDEX ix_domains_organization ON domains (organization_id, name_key);

CREATE TABLE access_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    door TEXT NOT NULL CHECK (door IN ('scim', 'admin', 'gateway', 'application')),
    role TEXT NULL,
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NULL,
    revoked_at INTEGER NULL
) WITHOUT ROWID;
-- Every request looks its token up by the hash of the secret.
CREATE UNIQUE INDEX ux_access_tokens_hash ON access_tokens (secret_hash);
CREATE INDEX ix_access_tokens_organization ON access_tokens (organization_id, id);

CREATE TABLE connections (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    name_key BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('gateway')),
    trust_email INTEGER NOT NULL,
    external_id_claim TEXT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX ux_connections_name ON connections (organization_id, name_key);

CREATE TABLE seat_pools (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    tier TEXT NOT NULL,
    tier_key BLOB NOT NULL,
    tier_rank INTEGER NOT NULL,
    features TEXT NOT NULL,
    purchased INTEGER NOT NULL,
    assigned INTEGER NOT NULL,
    held INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    -- Touched to lock the row until the commit (TIME-2).
    touched INTEGER NOT NULL,
    PRIMARY KEY (organization_id, tier_key),
    -- I-4, part by part: the sum alone would let a double release through.
    CONSTRAINT ck_seat_pools CHECK (assigned >= 0 AND held >= 0 AND queued >= 0 AND assigned + held + queued <= purchased)
) WITHOUT ROWID;

CREATE TABLE members (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    user_name TEXT NOT NULL,
    user_name_key BLOB NOT NULL,
    match_email TEXT NULL,
    match_email_key BLOB NULL,
    display_name TEXT NULL,
    role TEXT NOT NULL CHECK (role IN ('primary_owner', 'owner', 'admin', 'user')),
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'removed')),
    admin_suspended INTEGER NOT NULL,
    suspended_by TEXT NULL,
    source TEXT NOT NULL,
    -- Days since 1970.
    last_sign_in_on INTEGER NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;
-- I-2: at most one member that is not removed per userName.
CREATE UNIQUE INDEX ux_members_user_name ON members (organization_id, user_name_key) WHERE state <> 'removed';
-- A sign-in is matched by address; shared mailboxes exist, so it is not unique.
CREATE INDEX ix_members_match_email ON members (organization_id, match_email_key);
CREATE INDEX ix_members_organization ON members (organization_id, id);
-- Who can administer: few rows, asked before each suspension (SCIM-11).
CREATE INDEX ix_members_administering ON members (organization_id, id) WHERE role <> 'user';

CREATE TABLE member_seats (
    member_id BLOB NOT NULL PRIMARY KEY REFERENCES members (id),
    organization_id BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('none', 'assigned', 'waiting', 'unassigned')),
    tier TEXT NULL,
    desired_tier TEXT NULL,
    last_tier TEXT NULL,
    waiting_since INTEGER NULL,
    version INTEGER NOT NULL,
    CONSTRAINT ck_member_seats_tier CHECK ((status = 'assigned' AND tier IS NOT NULL) OR (status <> 'assigned' AND tier IS NULL)),
    CONSTRAINT ck_member_seats_waiting CHECK ((status = 'waiting' AND waiting_since IS NOT NULL) OR (status <> 'waiting' AND waiting_since IS NULL))
) WITHOUT ROWID;
-- The waiting list in its order (SEAT-12).
CREATE INDEX ix_member_seats_waiting ON member_seats (organization_id, waiting_since, member_id) WHERE status = 'waiting';
-- Seated people who want a higher tier, served after the waiting.
CREATE INDEX ix_member_seats_wishing ON member_seats (organization_id, member_id) WHERE status = 'assigned' AND desired_tier IS NOT NULL;

CREATE TABLE seat_assignments (
    organization_id BLOB NOT NULL,
    member_id BLOB NOT NULL REFERENCES members (id),
    tier_key BLOB NOT NULL,
    from_at INTEGER NOT NULL,
    to_at INTEGER NULL
);
-- I-5: at most one open assignment per member.
CREATE UNIQUE INDEX ux_seat_assignments_open ON seat_assignments (member_id) WHERE to_at IS NULL;

CREATE TABLE seat_holds (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    tier TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ix_seat_holds_expiry ON seat_holds (organization_id, expires_at);

CREATE TABLE seat_requests (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    email_key BLOB NOT NULL,
    email TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    PRIMARY KEY (organization_id, email_key)
) WITHOUT ROWID;

CREATE TABLE member_identities (
    organization_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    subject_key BLOB NOT NULL,
    subject TEXT NOT NULL,
    member_id BLOB NOT NULL REFERENCES members (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, connection_id, subject_key)
) WITHOUT ROWID;
CREATE INDEX ix_member_identities_member ON member_identities (member_id, connection_id);

CREATE TABLE directory_entries (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    user_name TEXT NOT NULL,
    user_name_key BLOB NOT NULL,
    external_id TEXT NULL,
    external_id_key BLOB NULL,
    active INTEGER NOT NULL,
    -- 0 after a PATCH that removed `active`: no longer returned, the state stays (checklist U3).
    active_shown INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    member_id BLOB NULL REFERENCES members (id),
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    deleted_at INTEGER NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;
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
    organization_id BLOB NOT NULL,
    attribute INTEGER NOT NULL,
    value_key BLOB NOT NULL,
    entry_id BLOB NOT NULL REFERENCES directory_entries (id),
    PRIMARY KEY (organization_id, attribute, value_key, entry_id)
) WITHOUT ROWID;
CREATE INDEX ix_entry_values_entry ON entry_values (entry_id, attribute);

CREATE TABLE directory_groups (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    display_name TEXT NOT NULL,
    display_name_key BLOB NOT NULL,
    external_id TEXT NULL,
    external_id_key BLOB NULL,
    attributes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;
-- SCIM-3: a group's displayName is unique per organisation.
CREATE UNIQUE INDEX ux_directory_groups_name ON directory_groups (organization_id, display_name_key);
CREATE INDEX ix_directory_groups_external_id ON directory_groups (organization_id, external_id_key);
CREATE INDEX ix_directory_groups_list ON directory_groups (organization_id, id);

CREATE TABLE group_members (
    group_id BLOB NOT NULL REFERENCES directory_groups (id),
    member_id BLOB NOT NULL,
    organization_id BLOB NOT NULL,
    is_group INTEGER NOT NULL,
    ref TEXT NULL,
    type TEXT NULL,
    display TEXT NULL,
    PRIMARY KEY (group_id, member_id)
) WITHOUT ROWID;
-- The groups of a user.
CREATE INDEX ix_group_members_member ON group_members (member_id, group_id);

-- Totals of unfiltered lists: counted as they change, never scanned (design D5).
CREATE TABLE directory_counts (
    organization_id BLOB NOT NULL PRIMARY KEY REFERENCES organizations (id),
    users INTEGER NOT NULL,
    user_groups INTEGER NOT NULL
) WITHOUT ROWID;

-- I-13: a unit inserts its receipt first; an attempt after an unknown outcome answers from it.
CREATE TABLE receipts (
    unit_id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    request_hash BLOB NULL,
    reply TEXT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ix_receipts_created ON receipts (created_at);

-- I-11. sequence and chain are filled after the commit by the sealer (domain.md 10 and 11).
CREATE TABLE audit_records (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    reason TEXT NULL,
    correlation_id TEXT NOT NULL,
    sequence INTEGER NULL,
    chain BLOB NULL
) WITHOUT ROWID;
CREATE INDEX ix_audit_records_list ON audit_records (organization_id, id);
CREATE INDEX ix_audit_records_target ON audit_records (organization_id, target_id, id);

-- Personal data of a record: erased with the person; the chain covers it by a salted digest.
CREATE TABLE audit_details (
    audit_id BLOB NOT NULL PRIMARY KEY,
    salt BLOB NOT NULL,
    before_state TEXT NULL,
    after_state TEXT NULL
) WITHOUT ROWID;

CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL,
    type TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    data TEXT NOT NULL,
    sequence INTEGER NULL,
    delivered_at INTEGER NULL
) WITHOUT ROWID;
CREATE INDEX ix_outbox_unsealed ON outbox (organization_id, id) WHERE sequence IS NULL;
