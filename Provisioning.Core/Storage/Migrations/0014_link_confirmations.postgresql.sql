-- JIT-1: the next verified sign-in with this address is linked to the member, although the member administers; used up by it.
CREATE TABLE link_confirmations (
    member_id BYTEA NOT NULL PRIMARY KEY REFERENCES members (id),
    organization_id BYTEA NOT NULL REFERENCES organizations (id),
    email TEXT NOT NULL,
    email_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
