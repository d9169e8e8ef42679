-- USE-3, USE-7: how far the invoice of a month of usage is. The row is made with the first usage of the month; usage of a month that is
-- over is posted under a lock of this row, so that it is either on the invoice of its month or on a later one, never on both.
CREATE TABLE usage_periods (
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    -- Year and month in the billing zone, as 202603.
    period BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    -- When the job has something to do; NULL when never again.
    due_at BIGINT NULL,
    state NVARCHAR(256) NOT NULL CHECK (state IN ('open', 'drafting', 'draft', 'closing', 'closed')),
    invoice_id BINARY(16) NULL REFERENCES invoices (id),
    -- How often usage was posted after the month, and how often that was when the lines of the draft were begun.
    posted BIGINT NOT NULL,
    billed BIGINT NOT NULL,
    -- Where the writing of lines goes on; NULL at the beginning.
    line_key VARBINARY(1000) NULL,
    PRIMARY KEY (organization_id, period)
);
CREATE INDEX ix_usage_periods_due ON usage_periods (due_at) WHERE due_at IS NOT NULL;

-- USE-7: usage that came after the invoice of its month was issued, on the way to a later one.
CREATE TABLE usage_late (
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    billed_period BIGINT NOT NULL,
    id BINARY(16) NOT NULL,
    -- The month it belongs to.
    period BIGINT NOT NULL,
    member_id BINARY(16) NOT NULL,
    model_key VARBINARY(1000) NOT NULL,
    model NVARCHAR(256) NOT NULL,
    tokens_input BIGINT NOT NULL,
    tokens_output BIGINT NOT NULL,
    tokens_cache_write BIGINT NOT NULL,
    tokens_cache_read BIGINT NOT NULL,
    cost BIGINT NOT NULL CHECK (cost >= 0),
    PRIMARY KEY (organization_id, billed_period, id)
);
-- What is not on the invoice of its own month.
CREATE INDEX ix_usage_late_period ON usage_late (organization_id, period);

-- A line of usage: whose, of what, how much, and the exact cost that the amount was rounded from (PRICE-2).
ALTER TABLE invoice_lines ADD member_id BINARY(16) NULL;
ALTER TABLE invoice_lines ADD model NVARCHAR(256) NULL;
ALTER TABLE invoice_lines ADD tokens_input BIGINT NULL;
ALTER TABLE invoice_lines ADD tokens_output BIGINT NULL;
ALTER TABLE invoice_lines ADD tokens_cache_write BIGINT NULL;
ALTER TABLE invoice_lines ADD tokens_cache_read BIGINT NULL;
ALTER TABLE invoice_lines ADD cost BIGINT NULL;
