-- Usage costs are whole units of 1e-12 of the currency. Rates are millionths of the currency per million tokens, which is the same
-- number of units per token (domain.md section 4).

-- PRICE-1: what a model costs from an instant on. Rows are never changed; of two that begin together the one entered later is valid.
-- The model '*' is the fallback of PRICE-3.
CREATE TABLE model_prices (
    model_key BYTEA NOT NULL,
    currency TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    id BYTEA NOT NULL,
    model TEXT NOT NULL,
    rate_input BIGINT NOT NULL CHECK (rate_input >= 0),
    rate_output BIGINT NOT NULL CHECK (rate_output >= 0),
    rate_cache_write BIGINT NOT NULL CHECK (rate_cache_write >= 0),
    rate_cache_read BIGINT NOT NULL CHECK (rate_cache_read >= 0),
    default_estimate BIGINT NOT NULL CHECK (default_estimate > 0),
    -- Who entered it: the table is of no organisation, so it is its own audit trail.
    created_at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    PRIMARY KEY (model_key, currency, valid_from, id)
);
-- The table in the order of entry.
CREATE UNIQUE INDEX ux_model_prices_id ON model_prices (id);

-- What an organisation pays of the listed prices, in millionths.
CREATE TABLE price_multipliers (
    organization_id BYTEA NOT NULL PRIMARY KEY REFERENCES organizations (id),
    multiplier BIGINT NOT NULL CHECK (multiplier >= 0)
);

-- I-10: the guarded row that decides. available = what lots have left - held - what was used beyond them.
CREATE TABLE credit_accounts (
    organization_id BYTEA NOT NULL PRIMARY KEY REFERENCES organizations (id),
    available BIGINT NOT NULL,
    held BIGINT NOT NULL CHECK (held >= 0),
    -- When the next credits end, far away when none do: a hold is placed only before it (TIME-4).
    next_expiry BIGINT NOT NULL,
    low_at BIGINT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('funded', 'low', 'exhausted'))
);

CREATE TABLE credit_lots (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    source TEXT NOT NULL CHECK (source IN ('purchase', 'grant')),
    invoice_id BYTEA NULL REFERENCES invoices (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    remaining BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    -- Far away when they do not end.
    expires_at BIGINT NOT NULL,
    -- 1 while something is left to be drawn.
    is_open BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- NULL until it is paid (CRED-1).
    opened_at BIGINT NULL,
    CONSTRAINT ck_credit_lots_remaining CHECK (remaining >= 0 AND remaining <= amount)
);
-- CRED-3: the order of drawing.
CREATE INDEX ix_credit_lots_open ON credit_lots (organization_id, priority, expires_at, id) WHERE is_open = 1;
-- What the job ends.
CREATE INDEX ix_credit_lots_expiry ON credit_lots (expires_at) WHERE is_open = 1;
-- A payment names its invoice.
CREATE UNIQUE INDEX ux_credit_lots_invoice ON credit_lots (invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX ix_credit_lots_list ON credit_lots (organization_id, id);

-- CRED-2: journals. A row is a pair of entries, minus at one side and plus at the other, so a journal sums to zero whatever it holds.
CREATE TABLE credit_transfers (
    organization_id BYTEA NOT NULL,
    journal_id BYTEA NOT NULL,
    line_no BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('purchase', 'grant', 'hold', 'settle', 'release', 'expiry', 'adjustment')),
    made_at BIGINT NOT NULL,
    from_place TEXT NOT NULL CHECK (from_place IN ('external', 'credits', 'holds', 'usage', 'expired', 'adjustments')),
    from_lot BYTEA NULL,
    to_place TEXT NOT NULL CHECK (to_place IN ('external', 'credits', 'holds', 'usage', 'expired', 'adjustments')),
    to_lot BYTEA NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    -- The authorisation, invoice or lot it is about.
    subject_id BYTEA NULL,
    reason TEXT NULL,
    PRIMARY KEY (organization_id, journal_id, line_no)
);
