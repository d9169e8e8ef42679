-- JIT-1: the next verified sign-in with this address is linked to the member, although the member administers; used up by it.
CREATE TABLE link_confirmations (
    member_id BLOB NOT NULL PRIMARY KEY REFERENCES members (id),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    email TEXT NOT NULL,
    email_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
