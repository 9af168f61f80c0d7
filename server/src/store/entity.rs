//! The tables, as sea-orm sees them. Nothing outside of `store` does.

#![expect(unreachable_pub, reason = "sea-orm's derives write public items; the module is private")]

macro_rules! table {
    ($module:ident, $table:literal, { $($(#[$key:meta])? $column:ident: $type:ty),+ $(,)? }) => {
        pub mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                $($(#[$key])? pub $column: $type),+
            }

            #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

table!(accounts, "accounts", {
    #[sea_orm(primary_key, auto_increment = false)] id: Vec<u8>,
    email: String,
    name: String,
    kind: i16,
    specialty: Option<String>,
    organisation: Option<String>,
    verified: bool,
    credential: Vec<u8>,
    opaque_record: Vec<u8>,
    password_wrap: Vec<u8>,
    recovery_wrap: Vec<u8>,
    recovery_key: Vec<u8>,
    keyring: Vec<u8>,
    state_version: i64,
    state: Vec<u8>,
    created: i64,
});

table!(account_chain, "account_chain", {
    #[sea_orm(primary_key, auto_increment = false)] account: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)] number: i64,
    bytes: Vec<u8>,
});

table!(sessions, "sessions", {
    #[sea_orm(primary_key, auto_increment = false)] token: Vec<u8>,
    account: Vec<u8>,
    created: i64,
    last_used: i64,
    address: String,
    agent: String,
});

table!(device_wraps, "device_wraps", {
    #[sea_orm(primary_key, auto_increment = false)] session: Vec<u8>,
    wrap: Vec<u8>,
});

table!(attempts, "attempts", {
    #[sea_orm(primary_key, auto_increment = false)] id: Vec<u8>,
    kind: i16,
    account: Option<Vec<u8>>,
    state: Vec<u8>,
    expires: i64,
});

table!(counters, "counters", {
    #[sea_orm(primary_key, auto_increment = false)] key: Vec<u8>,
    since: i64,
    count: i64,
    expires: i64,
});

table!(vaults, "vaults", {
    #[sea_orm(primary_key, auto_increment = false)] id: Vec<u8>,
    owner: Vec<u8>,
    seq: i64,
    chain: Vec<u8>,
    epoch: Option<i64>,
});

table!(entries, "entries", {
    #[sea_orm(primary_key, auto_increment = false)] vault: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)] seq: i64,
    chain: Vec<u8>,
    digest: Vec<u8>,
    code: i16,
    author: Vec<u8>,
    minute: i64,
    scope: Option<Vec<u8>>,
    left_scope: Option<Vec<u8>>,
    record: Option<Vec<u8>>,
    grant_id: Option<Vec<u8>>,
    access: Option<i16>,
    received: i64,
    size: i64,
    bytes: Vec<u8>,
});

table!(members, "members", {
    #[sea_orm(primary_key, auto_increment = false)] vault: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)] account: Vec<u8>,
    key: Vec<u8>,
    author_seq: i64,
    seen: i64,
});

table!(scopes, "scopes", {
    #[sea_orm(primary_key, auto_increment = false)] vault: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)] scope: Vec<u8>,
    epoch: i64,
});

table!(records, "records", {
    #[sea_orm(primary_key, auto_increment = false)] vault: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)] record: Vec<u8>,
    scope: Vec<u8>,
    epoch: i64,
    generation: i64,
    number: i64,
    deleted: bool,
});

table!(grants, "grants", {
    #[sea_orm(primary_key, auto_increment = false)] vault: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)] grant_id: Vec<u8>,
    recipient: Vec<u8>,
    level: i16,
    reach: i16,
    target: Option<Vec<u8>>,
    until: Option<i64>,
    revoked: bool,
    accepted: bool,
});

table!(blobs, "blobs", {
    #[sea_orm(primary_key, auto_increment = false)] id: Vec<u8>,
    vault: Vec<u8>,
    creator: Vec<u8>,
    length: i64,
    created: i64,
    record: Option<Vec<u8>>,
    released: Option<i64>,
});

table!(chunks, "chunks", {
    #[sea_orm(primary_key, auto_increment = false)] blob: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)] number: i64,
    digest: Vec<u8>,
    length: i64,
    object: String,
});

table!(notices, "notices", {
    #[sea_orm(primary_key)] id: i64,
    account: Vec<u8>,
    kind: i16,
    at: i64,
    who: Option<Vec<u8>>,
    vault: Option<Vec<u8>>,
    record: Option<Vec<u8>>,
    grant_id: Option<Vec<u8>>,
    until: Option<i64>,
    place: Option<String>,
    read: bool,
    shown: bool,
});

table!(notice_choices, "notice_choices", {
    #[sea_orm(primary_key, auto_increment = false)] account: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)] kind: i16,
    in_app: bool,
    by_mail: bool,
});

table!(mails, "mails", {
    #[sea_orm(primary_key)] id: i64,
    account: Vec<u8>,
    kind: i16,
    due: i64,
    tries: i64,
});

table!(restores, "restores", {
    #[sea_orm(primary_key, auto_increment = false)] id: Vec<u8>,
    minute: i64,
});

table!(instance, "instance", {
    #[sea_orm(primary_key, auto_increment = false)] number: i16,
    store: Vec<u8>,
});
