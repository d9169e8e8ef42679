-- Where events are sent, and how far each got (domain.md section 10). The secrets are encrypted.
CREATE TABLE webhooks (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    url TEXT NOT NULL,
    types TEXT NOT NULL,
    secret TEXT NOT NULL,
    previous_secret TEXT NULL,
    previous_until INTEGER NULL,
    failures INTEGER NOT NULL,
    -- When the next attempt is due; NULL while nothing is pending.
    due_at INTEGER NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ix_webhooks_organization ON webhooks (organization_id, id);
CREATE INDEX ix_webhooks_due ON webhooks (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE webhook_deliveries (
    webhook_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_attempt_at INTEGER NULL,
    last_status INTEGER NULL,
    last_error TEXT NULL,
    PRIMARY KEY (webhook_id, sequence)
) WITHOUT ROWID;
-- The next one to send; how many were given up.
CREATE INDEX ix_webhook_deliveries_pending ON webhook_deliveries (webhook_id, sequence) WHERE state = 'pending';
-- Old events go with their deliveries.
CREATE INDEX ix_webhook_deliveries_event ON webhook_deliveries (event_id);
CREATE INDEX ix_webhook_deliveries_dead ON webhook_deliveries (webhook_id, sequence) WHERE state = 'dead';

-- Mails. Names and addresses are looked up when a mail is sent; the address stays as a record of where it went.
CREATE TABLE notifications (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL,
    member_id BLOB NULL,
    subject_id TEXT NULL,
    facts TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'dropped')),
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- When it is sent, or tried again; NULL when it is over.
    due_at INTEGER NULL,
    sent_at INTEGER NULL,
    address TEXT NULL,
    error TEXT NULL
) WITHOUT ROWID;
CREATE INDEX ix_notifications_list ON notifications (organization_id, id);
CREATE INDEX ix_notifications_due ON notifications (due_at, id) WHERE due_at IS NOT NULL;

-- NOTI-2: what owners were last told about a tier.
CREATE TABLE seat_alerts (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    tier_key BLOB NOT NULL,
    tier TEXT NOT NULL,
    alert TEXT NOT NULL CHECK (alert IN ('none', 'low', 'exhausted')),
    PRIMARY KEY (organization_id, tier_key)
) WITHOUT ROWID;

-- NOTI-3: the day in which further refusals and waiting people are counted for a digest.
CREATE TABLE notice_windows (
    organization_id BLOB NOT NULL PRIMARY KEY REFERENCES organizations (id),
    until_at INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    waiting INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ix_notice_windows_until ON notice_windows (until_at);
