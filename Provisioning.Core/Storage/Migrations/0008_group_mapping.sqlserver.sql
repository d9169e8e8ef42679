-- Group mapping (rules GRP-1 to GRP-9), what is parked (SCIM-14), previews and runs (SCIM-12, GRP-8), reservations (SEAT-15).
ALTER TABLE organizations ADD mapping_enabled BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD unmapped_tier NVARCHAR(256) NOT NULL DEFAULT 'highest_available' CHECK (unmapped_tier IN ('highest_available', 'lowest_available', 'remove'));
ALTER TABLE organizations ADD mapped_tier_exhausted NVARCHAR(256) NOT NULL DEFAULT 'wait' CHECK (mapped_tier_exhausted IN ('wait', 'fallback_lower'));
ALTER TABLE organizations ADD has_reservations BIGINT NOT NULL DEFAULT 0;

-- The sum of the reservations of the tier (rule SEAT-15: never more than was bought).
ALTER TABLE seat_pools ADD reserved BIGINT NOT NULL DEFAULT 0, CONSTRAINT ck_seat_pools_reserved CHECK (reserved >= 0 AND reserved <= purchased);

-- Which group gives which role or tier. group_id is the pushed group, null while none of the name is there.
CREATE TABLE group_mappings (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    kind NVARCHAR(64) NOT NULL CHECK (kind IN ('role', 'tier')),
    group_key VARBINARY(1000) NOT NULL,
    group_name NVARCHAR(256) NOT NULL,
    group_id BINARY(16) NULL,
    grants NVARCHAR(256) NOT NULL
);
CREATE UNIQUE INDEX ux_group_mappings_group ON group_mappings (organization_id, kind, group_key);
-- A mapped group that is deleted, or comes.
CREATE INDEX ix_group_mappings_group_id ON group_mappings (organization_id, group_id);

-- Nested groups: few, read whole to find whom a mapped group contains.
CREATE INDEX ix_group_members_nested ON group_members (organization_id, group_id, member_id) WHERE is_group = 1;

-- Entries whose member is to be evaluated again, by a job, because the change of a group concerned too many for one unit.
CREATE TABLE directory_due (
    organization_id BINARY(16) NOT NULL,
    entry_id BINARY(16) NOT NULL,
    cause NVARCHAR(256) NOT NULL,
    PRIMARY KEY (organization_id, entry_id)
);

-- A walk over everybody of an organisation, in units; position is where the next unit starts.
CREATE TABLE directory_runs (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    kind NVARCHAR(64) NOT NULL CHECK (kind IN ('sync', 'apply')),
    scope NVARCHAR(64) NOT NULL,
    phase NVARCHAR(64) NOT NULL,
    position BINARY(16) NULL,
    started_at BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    state NVARCHAR(64) NOT NULL CHECK (state IN ('running', 'done'))
);
-- What the job has to do.
CREATE INDEX ix_directory_runs_running ON directory_runs (id) WHERE state = 'running';

-- What an owner was shown before a change of mode or mapping (rule SCIM-12), and the state it was computed from.
CREATE TABLE provisioning_previews (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    wanted NVARCHAR(MAX) NOT NULL,
    fingerprint NVARCHAR(256) NOT NULL,
    shown NVARCHAR(MAX) NOT NULL,
    removals BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    run_id BINARY(16) NULL
);

-- Suspensions held back by the mass-removal guard (rule SCIM-14), together per cause; the owner decides.
CREATE TABLE parked_effects (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    cause NVARCHAR(256) NOT NULL,
    state NVARCHAR(64) NOT NULL CHECK (state IN ('parked', 'applying', 'applied', 'discarded')),
    created_at BIGINT NOT NULL
);
CREATE INDEX ix_parked_effects_list ON parked_effects (organization_id, id);
CREATE INDEX ix_parked_effects_applying ON parked_effects (id) WHERE state = 'applying';

CREATE TABLE parked_members (
    member_id BINARY(16) NOT NULL PRIMARY KEY REFERENCES members (id),
    organization_id BINARY(16) NOT NULL,
    effect_id BINARY(16) NOT NULL REFERENCES parked_effects (id)
);
CREATE INDEX ix_parked_members_effect ON parked_members (effect_id, member_id);

-- Suspensions that took effect within the last hour: what the guard counts.
CREATE TABLE guarded_suspensions (
    organization_id BINARY(16) NOT NULL,
    at BIGINT NOT NULL,
    member_id BINARY(16) NOT NULL,
    PRIMARY KEY (organization_id, at, member_id)
);

CREATE TABLE seat_reservations (
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    group_id BINARY(16) NOT NULL REFERENCES directory_groups (id),
    tier NVARCHAR(64) NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (organization_id, group_id, tier)
);
