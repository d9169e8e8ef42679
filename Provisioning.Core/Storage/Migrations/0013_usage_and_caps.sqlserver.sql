-- What an organisation decided about its usage. Its row is the first that every unit of usage, and every change of a cap, touches: what
-- is read of caps and counters afterwards is current, and no two units wait for each other's rows in another order (TIME-2).
CREATE TABLE usage_accounts (
    organization_id BINARY(16) NOT NULL PRIMARY KEY REFERENCES organizations (id),
    cap_combination NVARCHAR(256) NOT NULL CHECK (cap_combination IN ('most_restrictive', 'individual_overrides_tier')),
    -- USE-14: usage beyond what the seat includes.
    extra_usage BIGINT NOT NULL,
    version BIGINT NOT NULL,
    touched BIGINT NOT NULL
);

-- USE-14: members for whom extra usage is switched off.
CREATE TABLE extra_usage_off (
    member_id BINARY(16) NOT NULL PRIMARY KEY REFERENCES members (id),
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id)
);

-- USE-14: what a seat of the tier includes per member and month, in minor units of the currency of the contract.
CREATE TABLE included_limits (
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    tier_key VARBINARY(256) NOT NULL,
    tier NVARCHAR(256) NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (organization_id, tier_key)
);

-- CAP-1, CAP-2. A cap that was removed stays, so that its versions go on: a threshold is told once per version (NOTI-4).
CREATE TABLE caps (
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    scope NVARCHAR(64) NOT NULL CHECK (scope IN ('organisation', 'tier', 'individual')),
    -- The organisation, the name of the tier, or the member.
    ref VARBINARY(256) NOT NULL,
    id BINARY(16) NOT NULL,
    tier NVARCHAR(256) NULL,
    basis NVARCHAR(256) NULL CHECK (basis IN ('aggregate', 'per_member')),
    -- Minor units; NULL: unlimited, 0: blocked.
    amount BIGINT NULL CHECK (amount >= 0),
    currency NVARCHAR(256) NOT NULL,
    is_set BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY NONCLUSTERED (organization_id, scope, ref),
    CONSTRAINT ck_caps_basis CHECK ((scope = 'tier' AND basis IS NOT NULL) OR (scope <> 'tier' AND basis IS NULL))
);
CREATE UNIQUE INDEX ux_caps_list ON caps (organization_id, id);

-- What was spent and what is held, in 1e-12 of the currency; kept whether there is a cap or not. A member's row serves the individual cap
-- and the cap per member of a tier (CAP-8); 'included' counts what the seat includes (USE-14).
CREATE TABLE cap_counters (
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    period BIGINT NOT NULL,
    scope NVARCHAR(64) NOT NULL CHECK (scope IN ('organisation', 'tier', 'individual', 'included')),
    ref VARBINARY(256) NOT NULL,
    settled BIGINT NOT NULL CHECK (settled >= 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    PRIMARY KEY NONCLUSTERED (organization_id, period, scope, ref)
);

-- NOTI-4: a threshold that was told, once per cap, version, period, and member where the cap is per member.
CREATE TABLE cap_alerts (
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    period BIGINT NOT NULL,
    scope NVARCHAR(64) NOT NULL CHECK (scope IN ('organisation', 'tier', 'individual')),
    ref VARBINARY(256) NOT NULL,
    cap_version BIGINT NOT NULL,
    percent BIGINT NOT NULL,
    -- Whose spending it was: the organisation, the tier or the member.
    counter_ref VARBINARY(256) NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY NONCLUSTERED (organization_id, period, scope, ref, cap_version, percent, counter_ref)
);

-- CAP-10: members who ask for more.
CREATE TABLE cap_requests (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    member_id BINARY(16) NOT NULL REFERENCES members (id),
    amount BIGINT NOT NULL CHECK (amount >= 0),
    currency NVARCHAR(256) NOT NULL,
    reason NVARCHAR(256) NULL,
    state NVARCHAR(64) NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
    created_at BIGINT NOT NULL,
    decided_at BIGINT NULL,
    decided_by NVARCHAR(256) NULL
);
-- One pending request each.
CREATE UNIQUE INDEX ux_cap_requests_pending ON cap_requests (organization_id, member_id) WHERE state = 'pending';
CREATE INDEX ix_cap_requests_list ON cap_requests (organization_id, id);

-- USE-9: money set aside by an authorisation. The amounts are 1e-12 of the currency.
CREATE TABLE usage_holds (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    member_id BINARY(16) NOT NULL REFERENCES members (id),
    tier NVARCHAR(256) NOT NULL,
    tier_key VARBINARY(256) NOT NULL,
    model NVARCHAR(256) NOT NULL,
    -- CAP-9: that of the instant at which it was placed.
    period BIGINT NOT NULL,
    -- Held at the caps.
    amount BIGINT NOT NULL CHECK (amount >= 0),
    -- Held at the included limit.
    included BIGINT NOT NULL CHECK (included >= 0),
    -- Held of the credits.
    credits BIGINT NOT NULL CHECK (credits >= 0),
    state NVARCHAR(64) NOT NULL CHECK (state IN ('held', 'settled', 'released', 'expired')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT NULL
);
-- What the job, and an authorisation that would be refused, gives back (TIME-4).
CREATE INDEX ix_usage_holds_expiry ON usage_holds (organization_id, expires_at) WHERE state = 'held';
CREATE INDEX ix_usage_holds_due ON usage_holds (expires_at) WHERE state = 'held';

-- I-9: usage as it was reported; rows are never changed, and are their own audit trail.
CREATE TABLE usage_events (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    source NVARCHAR(256) NOT NULL,
    source_key VARBINARY(512) NOT NULL,
    event_id NVARCHAR(256) NOT NULL,
    event_key VARBINARY(512) NOT NULL,
    member_id BINARY(16) NOT NULL REFERENCES members (id),
    -- The member's tier when it was authorised or recorded; '' for one who never had a seat.
    tier NVARCHAR(256) NOT NULL,
    tier_key VARBINARY(256) NOT NULL,
    model NVARCHAR(256) NOT NULL,
    model_key VARBINARY(1000) NOT NULL,
    input_tokens BIGINT NOT NULL CHECK (input_tokens >= 0),
    output_tokens BIGINT NOT NULL CHECK (output_tokens >= 0),
    cache_write_tokens BIGINT NOT NULL CHECK (cache_write_tokens >= 0),
    cache_read_tokens BIGINT NOT NULL CHECK (cache_read_tokens >= 0),
    occurred_at BIGINT NOT NULL,
    -- Year and month of occurred_at in the billing zone: 202603.
    period BIGINT NOT NULL,
    cost BIGINT NOT NULL CHECK (cost >= 0),
    -- What of the cost counts against caps and is paid for; the rest was included in the seat (USE-14).
    billed BIGINT NOT NULL,
    is_unpriced BIGINT NOT NULL,
    -- The authorisation it settled.
    hold_id BINARY(16) NULL,
    -- Events that were reported together; NULL for one by itself.
    batch_id BINARY(16) NULL,
    recorded_at BIGINT NOT NULL,
    actor_kind NVARCHAR(256) NOT NULL,
    actor_id NVARCHAR(256) NOT NULL,
    correlation_id NVARCHAR(256) NOT NULL,
    CONSTRAINT ck_usage_events_billed CHECK (billed >= 0 AND billed <= cost)
);
CREATE UNIQUE INDEX ux_usage_events_source ON usage_events (organization_id, event_key, source_key);
CREATE INDEX ix_usage_events_list ON usage_events (organization_id, period, id);
-- What a batch adds to counters and rollups.
CREATE INDEX ix_usage_events_batch ON usage_events (batch_id, member_id) WHERE batch_id IS NOT NULL;

-- Sums of usage_events, written with them: what invoices and reports read.
CREATE TABLE usage_rollups (
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    period BIGINT NOT NULL,
    member_id BINARY(16) NOT NULL REFERENCES members (id),
    tier_key VARBINARY(256) NOT NULL,
    model_key VARBINARY(1000) NOT NULL,
    tier NVARCHAR(256) NOT NULL,
    model NVARCHAR(256) NOT NULL,
    events BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    billed BIGINT NOT NULL,
    PRIMARY KEY NONCLUSTERED (organization_id, period, member_id, tier_key, model_key)
);
