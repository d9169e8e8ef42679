-- The place of each audit record and event, given after the commit (domain.md sections 10 and 11).
CREATE TABLE journal_heads (
    organization_id BYTEA NOT NULL PRIMARY KEY,
    audit_sequence BIGINT NOT NULL,
    chain BYTEA NOT NULL,
    event_sequence BIGINT NOT NULL
);

-- Salted: stands for the detail in the chain, also after the detail is erased.
ALTER TABLE audit_records ADD COLUMN detail_digest BYTEA NULL;
-- The erasure that emptied the detail.
ALTER TABLE audit_details ADD COLUMN erased_by BYTEA NULL;

-- What the sealer looks for.
CREATE INDEX ix_audit_records_unsealed ON audit_records (organization_id, id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX ux_audit_records_sequence ON audit_records (organization_id, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX ix_audit_records_actor ON audit_records (organization_id, actor_id, id);
CREATE INDEX ix_audit_details_erased ON audit_details (erased_by) WHERE erased_by IS NOT NULL;
CREATE UNIQUE INDEX ux_outbox_sequence ON outbox (organization_id, sequence) WHERE sequence IS NOT NULL;
