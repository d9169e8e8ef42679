-- NOTI-5: usage that stopped at a monthly cap, until the cap is changed or its month is over (CAP-5): then it is told that it goes on.
CREATE TABLE usage_stops (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    period INTEGER NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('organisation', 'tier', 'individual')),
    -- The cap: of the organisation, of the tier by its name, or of the member.
    ref BLOB NOT NULL,
    -- Whose spending reached it: another than the cap's own where the cap of a tier is per member.
    counter_ref BLOB NOT NULL,
    -- When the month is over in the billing zone.
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, period, scope, ref, counter_ref)
) WITHOUT ROWID;
-- What the job tells.
CREATE INDEX ix_usage_stops_end ON usage_stops (ends_at, organization_id);
