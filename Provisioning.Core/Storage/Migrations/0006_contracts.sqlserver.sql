-- Dates are days since 1970. Money is whole minor units of the currency beside it. What was sold, priced and billed of seats
-- (domain.md section 4: Contract, Term, Quote, Invoice).

CREATE TABLE contracts (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    kind NVARCHAR(256) NOT NULL CHECK (kind IN ('annual', 'custom')),
    plan_model NVARCHAR(256) NOT NULL CHECK (plan_model IN ('seat_included', 'usage_multi_tier', 'usage_single_tier')),
    funding NVARCHAR(256) NOT NULL CHECK (funding IN ('prepaid', 'arrears')),
    collection NVARCHAR(256) NOT NULL CHECK (collection IN ('card', 'invoiced')),
    proration NVARCHAR(256) NOT NULL CHECK (proration IN ('service_month', 'whole_month', 'annual_days')),
    currency NVARCHAR(256) NOT NULL,
    surcharge BIGINT NOT NULL CHECK (surcharge >= 0),
    minimum_seats BIGINT NOT NULL CHECK (minimum_seats >= 0),
    compliance BIGINT NOT NULL,
    single_tier NVARCHAR(256) NOT NULL,
    anchor_on BIGINT NOT NULL,
    auto_renew BIGINT NOT NULL,
    cancels BIGINT NOT NULL,
    state NVARCHAR(256) NOT NULL CHECK (state IN ('active', 'expired', 'cancelled')),
    term_no BIGINT NOT NULL CHECK (term_no >= 1),
    -- JSON: seats per tier that owners want at least at the next renewal (REN-3).
    renewal_choice NVARCHAR(MAX) NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    -- Touched to lock the row until the commit (TIME-2).
    touched BIGINT NOT NULL
);
-- CON-1: one active contract per organisation.
CREATE UNIQUE INDEX ux_contracts_active ON contracts (organization_id) WHERE state = 'active';
-- The newest one of an organisation, whatever its state.
CREATE INDEX ix_contracts_organization ON contracts (organization_id, id);

-- The price of a term is that with the greatest from_term up to it: prices are fixed within a term (CON-1).
CREATE TABLE contract_prices (
    contract_id BINARY(16) NOT NULL REFERENCES contracts (id),
    tier_key VARBINARY(256) NOT NULL,
    from_term BIGINT NOT NULL,
    tier NVARCHAR(256) NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 0),
    surcharged BIGINT NOT NULL,
    PRIMARY KEY NONCLUSTERED (contract_id, tier_key, from_term)
);

CREATE TABLE contract_terms (
    contract_id BINARY(16) NOT NULL REFERENCES contracts (id),
    term_no BIGINT NOT NULL,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    starts_on BIGINT NOT NULL,
    ends_on BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    state NVARCHAR(256) NOT NULL CHECK (state IN ('scheduled', 'active', 'closed')),
    -- JSON: seats per tier when the term was opened.
    opening NVARCHAR(MAX) NOT NULL,
    -- When the term starts or ends, whichever is next; NULL when it is over.
    due_at BIGINT NULL,
    remind_at BIGINT NULL,
    PRIMARY KEY (contract_id, term_no),
    CONSTRAINT ck_contract_terms CHECK (ends_on > starts_on AND ends_at > starts_at)
);
-- What the job looks for (REN-1, NOTI-5): few rows each.
CREATE INDEX ix_contract_terms_due ON contract_terms (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_contract_terms_remind ON contract_terms (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX ix_contract_terms_list ON contract_terms (organization_id, contract_id, term_no);

CREATE TABLE seat_quotes (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    contract_id BINARY(16) NOT NULL REFERENCES contracts (id),
    term_no BIGINT NOT NULL,
    effective_on BIGINT NOT NULL,
    changes NVARCHAR(MAX) NOT NULL,
    quote_lines NVARCHAR(MAX) NOT NULL,
    total BIGINT NOT NULL CHECK (total >= 0),
    currency NVARCHAR(256) NOT NULL,
    seats_before NVARCHAR(MAX) NOT NULL,
    seats_after NVARCHAR(MAX) NOT NULL,
    state NVARCHAR(256) NOT NULL CHECK (state IN ('open', 'confirmed', 'expired', 'stale', 'cancelled', 'payment_pending')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    invoice_id BINARY(16) NULL
);
-- A payment names its invoice; an invoice is of one quote at most (BILL-1).
CREATE UNIQUE INDEX ux_seat_quotes_invoice ON seat_quotes (invoice_id) WHERE invoice_id IS NOT NULL;
-- The end of a term cancels what still waits for a payment.
CREATE INDEX ix_seat_quotes_pending ON seat_quotes (contract_id, id) WHERE state = 'payment_pending';

CREATE TABLE invoices (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    contract_id BINARY(16) NULL REFERENCES contracts (id),
    kind NVARCHAR(256) NOT NULL CHECK (kind IN ('term_start', 'seat_change', 'renewal', 'usage_month', 'credit_purchase', 'credit_note')),
    state NVARCHAR(256) NOT NULL CHECK (state IN ('draft', 'issued', 'overdue', 'paid', 'void')),
    number NVARCHAR(256) NULL,
    number_key VARBINARY(64) NULL,
    issuer_key VARBINARY(1000) NULL,
    issued_on BIGINT NULL,
    due_on BIGINT NULL,
    overdue_at BIGINT NULL,
    starts_on BIGINT NOT NULL,
    ends_on BIGINT NOT NULL,
    currency NVARCHAR(256) NOT NULL,
    total BIGINT NOT NULL,
    credited BIGINT NOT NULL,
    credits_id BINARY(16) NULL REFERENCES invoices (id),
    seller NVARCHAR(MAX) NOT NULL,
    buyer NVARCHAR(MAX) NOT NULL,
    reason NVARCHAR(MAX) NULL,
    paid_at BIGINT NULL,
    payment_reference NVARCHAR(256) NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    -- BILL-7: a draft has no number, everything else has one.
    CONSTRAINT ck_invoices_number CHECK ((state = 'draft' AND number IS NULL) OR (state <> 'draft' AND number IS NOT NULL AND issued_on IS NOT NULL)),
    -- Nobody is credited more than was billed.
    CONSTRAINT ck_invoices_credited CHECK (credited >= 0 AND (credited = 0 OR credited <= total))
);
-- BILL-7: no number twice per issuer.
CREATE UNIQUE INDEX ux_invoices_number ON invoices (issuer_key, number_key) WHERE number_key IS NOT NULL;
CREATE INDEX ix_invoices_list ON invoices (organization_id, id);
CREATE INDEX ix_invoices_overdue ON invoices (overdue_at) WHERE state = 'issued';

CREATE TABLE invoice_lines (
    invoice_id BINARY(16) NOT NULL REFERENCES invoices (id),
    line_no BIGINT NOT NULL,
    kind NVARCHAR(256) NOT NULL,
    tier NVARCHAR(256) NULL,
    from_tier NVARCHAR(256) NULL,
    quantity BIGINT NOT NULL CHECK (quantity >= 0),
    unit BIGINT NOT NULL,
    -- Months billed, as the fraction months / months_of.
    months BIGINT NOT NULL,
    months_of BIGINT NOT NULL CHECK (months_of >= 1),
    starts_on BIGINT NOT NULL,
    ends_on BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    note NVARCHAR(256) NULL,
    PRIMARY KEY (invoice_id, line_no)
);

-- BILL-7: the counter of an issuer and year; its row is the lock under which numbers are given, the last of a unit.
CREATE TABLE invoice_counters (
    issuer_key VARBINARY(1000) NOT NULL,
    issue_year BIGINT NOT NULL,
    last_number BIGINT NOT NULL CHECK (last_number >= 1),
    PRIMARY KEY NONCLUSTERED (issuer_key, issue_year)
);
