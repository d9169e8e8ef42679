-- Group mapping (rules GRP-1 to GRP-9), what is parked (SCIM-14), previews and runs (SCIM-12, GRP-8), reservations (SEAT-15).
ALTER TABLE organizations ADD mapping_enabled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD unmapped_tier TEXT NOT NULL DEFAULT 'highest_available' CHECK (unmapped_tier IN ('highest_available', 'lowest_available', 'remove'));
ALTER TABLE organizations ADD mapped_tier_exhausted TEXT NOT NULL DEFAULT 'wait' CHECK (mapped_tier_exhausted IN ('wait', 'fallback_lower'));
ALTER TABLE organizations ADD has_reservations INTEGER NOT NULL DEFAULT 0;

-- The sum of the reservations of the tier (rule SEAT-15: never more than was bought).
ALTER TABLE seat_pools ADD reserved INTEGER NOT NULL DEFAULT 0 CONSTRAINT ck_seat_pools_reserved CHECK (reserved >= 0 AND reserved <= purchased);

-- Which group gives which role or tier. group_id is the pushed group, null while none of the name is there.
CREATE TABLE group_mappings (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL CHECK (kind IN ('role', 'tier')),
    group_key BLOB NOT NULL,
    group_name TEXT NOT NULL,
    group_id BLOB NULL,
    grants TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX ux_group_mappings_group ON group_mappings (organization_id, kind, group_key);
-- A mapped group that is deleted, or comes.
CREATE INDEX ix_group_mappings_group_id ON group_mappings (organization_id, group_id);

-- Nested groups: few, read whole to find whom a mapped group contains.
CREATE INDEX ix_group_members_nested ON group_members (organization_id, group_id, member_id) WHERE is_group = 1;

-- Entries whose member is to be evaluated again, by a job, because the change of a group concerned too many for one unit.
CREATE TABLE directory_due (
    organization_id BLOB NOT NULL,
    entry_id BLOB NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (organization_id, entry_id)
) WITHOUT ROWID;

-- A walk over everybody of an organisation, in units; position is where the next unit starts.
CREATE TABLE directory_runs (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL CHECK (kind IN ('sync', 'apply')),
    scope TEXT NOT NULL,
    phase TEXT NOT NULL,
    position BLOB NULL,
    started_at INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done'))
) WITHOUT ROWID;
-- What the job has to do.
CREATE INDEX ix_directory_runs_running ON directory_runs (id) WHERE state = 'running';

-- What an owner was shown before a change of mode or mapping (rule SCIM-12), and the state it was computed from.
CREATE TABLE provisioning_previews (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    wanted TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    shown TEXT NOT NULL,
    removals INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    run_id BLOB NULL
) WITHOUT ROWID;

-- Suspensions held back by the mass-removal guard (rule SCIM-14), together per cause; the owner decides.
CREATE TABLE parked_effects (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    cause TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('parked', 'applying', 'applied', 'discarded')),
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ix_parked_effects_list ON parked_effects (organization_id, id);
CREATE INDEX ix_parked_effects_applying ON parked_effects (id) WHERE state = 'applying';

CREATE TABLE parked_members (
    member_id BLOB NOT NULL PRIMARY KEY REFERENCES members (id),
    organization_id BLOB NOT NULL,
    effect_id BLOB NOT NULL REFERENCES parked_effects (id)
) WITHOUT ROWID;
CREATE INDEX ix_parked_members_effect ON parked_members (effect_id, member_id);

-- Suspensions that took effect within the last hour: what the guard counts.
CREATE TABLE guarded_suspensions (
    organization_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    member_id BLOB NOT NULL,
    PRIMARY KEY (organization_id, at, member_id)
) WITHOUT ROWID;

CREATE TABLE seat_reservations (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    group_id BLOB NOT NULL REFERENCES directory_groups (id),
    tier TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (organization_id, group_id, tier)
) WITHOUT ROWID;
