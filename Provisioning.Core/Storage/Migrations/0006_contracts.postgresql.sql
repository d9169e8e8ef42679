-- Dates are days since 1970. Money is whole minor units of the currency beside it. What was sold, priced and billed of seats
-- (domain.md section 4: Contract, Term, Quote, Invoice).

CREATE TABLE contracts (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL CHECK (kind IN ('annual', 'custom')),
    plan_model TEXT NOT NULL CHECK (plan_model IN ('seat_included', 'usage_multi_tier', 'usage_single_tier')),
    funding TEXT NOT NULL CHECK (funding IN ('prepaid', 'arrears')),
    collection TEXT NOT NULL CHECK (collection IN ('card', 'invoiced')),
    proration TEXT NOT NULL CHECK (proration IN ('service_month', 'whole_month', 'annual_days')),
    currency TEXT NOT NULL,
    surcharge BIGINT NOT NULL CHECK (surcharge >= 0),
    minimum_seats BIGINT NOT NULL CHECK (minimum_seats >= 0),
    compliance BIGINT NOT NULL,
    single_tier TEXT NOT NULL,
    anchor_on BIGINT NOT NULL,
    auto_renew BIGINT NOT NULL,
    cancels BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'expired', 'cancelled')),
    term_no BIGINT NOT NULL CHECK (term_no >= 1),
    -- JSON: seats per tier that owners want at least at the next renewal (REN-3).
    renewal_choice TEXT NOT NULL,
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
    contract_id BYTEA NOT NULL REFERENCES contracts (id),
    tier_key BYTEA NOT NULL,
    from_term BIGINT NOT NULL,
    tier TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 0),
    surcharged BIGINT NOT NULL,
    PRIMARY KEY (contract_id, tier_key, from_term)
);

CREATE TABLE contract_terms (
    contract_id BYTEA NOT NULL REFERENCES contracts (id),
    term_no BIGINT NOT NULL,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    starts_on BIGINT NOT NULL,
    ends_on BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('scheduled', 'active', 'closed')),
    -- JSON: seats per tier when the term was opened.
    opening TEXT NOT NULL,
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
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    contract_id BYTEA NOT NULL REFERENCES contracts (id),
    term_no BIGINT NOT NULL,
    effective_on BIGINT NOT NULL,
    changes TEXT NOT NULL,
    quote_lines TEXT NOT NULL,
    total BIGINT NOT NULL CHECK (total >= 0),
    currency TEXT NOT NULL,
    seats_before TEXT NOT NULL,
    seats_after TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'confirmed', 'expired', 'stale', 'cancelled', 'payment_pending')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    invoice_id BYTEA NULL
);
-- A payment names its invoice; an invoice is of one quote at most (BILL-1).
CREATE UNIQUE INDEX ux_seat_quotes_invoice ON seat_quotes (invoice_id) WHERE invoice_id IS NOT NULL;
-- The end of a term cancels what still waits for a payment.
CREATE INDEX ix_seat_quotes_pending ON seat_quotes (contract_id, id) WHERE state = 'payment_pending';

CREATE TABLE invoices (
    id BYTEA NOT NULL PRIMARY KEY,
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    contract_id BYTEA NULL REFERENCES contracts (id),
    kind TEXT NOT NULL CHECK (kind IN ('term_start', 'seat_change', 'renewal', 'usage_month', 'credit_purchase', 'credit_note')),
    state TEXT NOT NULL CHECK (state IN ('draft', 'issued', 'overdue', 'paid', 'void')),
    number TEXT NULL,
    number_key BYTEA NULL,
    issuer_key BYTEA NULL,
    issued_on BIGINT NULL,
    due_on BIGINT NULL,
    overdue_at BIGINT NULL,
    starts_on BIGINT NOT NULL,
    ends_on BIGINT NOT NULL,
    currency TEXT NOT NULL,
    total BIGINT NOT NULL,
    credited BIGINT NOT NULL,
    credits_id BYTEA NULL REFERENCES invoices (id),
    seller TEXT NOT NULL,
    buyer TEXT NOT NULL,
    reason TEXT NULL,
    paid_at BIGINT NULL,
    payment_reference TEXT NULL,
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
    invoice_id BYTEA NOT NULL REFERENCES invoices (id),
    line_no BIGINT NOT NULL,
    kind TEXT NOT NULL,
    tier TEXT NULL,
    from_tier TEXT NULL,
    quantity BIGINT NOT NULL CHECK (quantity >= 0),
    unit BIGINT NOT NULL,
    -- Months billed, as the fraction months / months_of.
    months BIGINT NOT NULL,
    months_of BIGINT NOT NULL CHECK (months_of >= 1),
    starts_on BIGINT NOT NULL,
    ends_on BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    note TEXT NULL,
    PRIMARY KEY (invoice_id, line_no)
);

-- BILL-7: the counter of an issuer and year; its row is the lock under which numbers are given, the last of a unit.
CREATE TABLE invoice_counters (
    issuer_key BYTEA NOT NULL,
    issue_year BIGINT NOT NULL,
    last_number BIGINT NOT NULL CHECK (last_number >= 1),
    PRIMARY KEY (issuer_key, issue_year)
);
