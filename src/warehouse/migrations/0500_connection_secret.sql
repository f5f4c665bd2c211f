-- Secrets that change while the program runs, each closed with AES-256-GCM by a key that is never in the database.
create table connection_secret (
  connection text collate "C" not null,
  name text collate "C" not null,
  -- tells a lost or exchanged key from an altered row; says nothing about the key
  key_id text collate "C" not null,
  nonce bytea not null check (octet_length(nonce) = 12),
  -- the closed text and its 16 bytes of authentication
  sealed bytea not null check (octet_length(sealed) >= 16),
  expires_at timestamptz,
  updated_at timestamptz not null,
  primary key (connection, name)
);
