-- USE-3, USE-7: how far the invoice of a month of usage is. The row is made with the first usage of the month; usage of a month that is
-- over is posted under a lock of this row, so that it is either on the invoice of its month or on a later one, never on both.
CREATE TABLE usage_periods (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    -- Year and month in the billing zone, as 202603.
    period INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    -- When the job has something to do; NULL when never again.
    due_at INTEGER NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'drafting', 'draft', 'closing', 'closed')),
    invoice_id BLOB NULL REFERENCES invoices (id),
    -- How often usage was posted after the month, and how often that was when the lines of the draft were begun.
    posted INTEGER NOT NULL,
    billed INTEGER NOT NULL,
    -- Where the writing of lines goes on; NULL at the beginning.
    line_key BLOB NULL,
    PRIMARY KEY (organization_id, period)
) WITHOUT ROWID;
CREATE INDEX ix_usage_periods_due ON usage_periods (due_at) WHERE due_at IS NOT NULL;

-- USE-7: usage that came after the invoice of its month was issued, on the way to a later one.
CREATE TABLE usage_late (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    billed_period INTEGER NOT NULL,
    id BLOB NOT NULL,
    -- The month it belongs to.
    period INTEGER NOT NULL,
    member_id BLOB NOT NULL,
    model_key BLOB NOT NULL,
    model TEXT NOT NULL,
    tokens_input INTEGER NOT NULL,
    tokens_output INTEGER NOT NULL,
    tokens_cache_write INTEGER NOT NULL,
    tokens_cache_read INTEGER NOT NULL,
    cost INTEGER NOT NULL CHECK (cost >= 0),
    PRIMARY KEY (organization_id, billed_period, id)
) WITHOUT ROWID;
-- What is not on the invoice of its own month.
CREATE INDEX ix_usage_late_period ON usage_late (organization_id, period);

-- A line of usage: whose, of what, how much, and the exact cost that the amount was rounded from (PRICE-2).
ALTER TABLE invoice_lines ADD COLUMN member_id BLOB NULL;
ALTER TABLE invoice_lines ADD COLUMN model TEXT NULL;
ALTER TABLE invoice_lines ADD COLUMN tokens_input INTEGER NULL;
ALTER TABLE invoice_lines ADD COLUMN tokens_output INTEGER NULL;
ALTER TABLE invoice_lines ADD COLUMN tokens_cache_write INTEGER NULL;
ALTER TABLE invoice_lines ADD COLUMN tokens_cache_read INTEGER NULL;
ALTER TABLE invoice_lines ADD COLUMN cost INTEGER NULL;
