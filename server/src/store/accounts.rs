//! Accounts and their chains.

use protocol::account::AccountEntry;
use protocol::api::{AccountState, Person, Profile};
use protocol::{AccountId, Digest, PublicKey, Signed};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::column::{digest, fixed, signed, unsigned};
use super::entity::{account_chain, accounts, grants, vaults};
use super::{Result, StoreError};

const PATIENT: i16 = 1;
const PROVIDER: i16 = 2;

/// One account, as the server keeps it.
#[derive(Clone)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The address, trimmed and in lower case.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// Patient or provider.
    pub profile: Profile,
    /// What OPAQUE knows the account by.
    pub credential: Digest,
    /// OPAQUE's record of the password.
    pub opaque_record: Vec<u8>,
    /// The account master key, wrapped for the password.
    pub password_wrap: Vec<u8>,
    /// The account master key, wrapped for the recovery kit.
    pub recovery_wrap: Vec<u8>,
    /// The key that the recovery kit signs challenges with.
    pub recovery_key: PublicKey,
    /// The secret keys, wrapped.
    pub keyring: Vec<u8>,
    /// The account's own state, sealed.
    pub state: AccountState,
}

fn read(row: accounts::Model) -> Result<Account> {
    let profile = match (row.kind, row.specialty, row.organisation) {
        (PATIENT, _, _) => Profile::Patient,
        (PROVIDER, Some(specialty), Some(organisation)) => {
            Profile::Provider { specialty, organisation, verified: row.verified }
        }
        _ => return Err(StoreError::Corrupt("accounts.kind")),
    };
    Ok(Account {
        id: fixed("accounts.id", &row.id, AccountId::from_bytes)?,
        email: row.email,
        name: row.name,
        profile,
        credential: digest("accounts.credential", &row.credential)?,
        opaque_record: row.opaque_record,
        password_wrap: row.password_wrap,
        recovery_wrap: row.recovery_wrap,
        recovery_key: fixed("accounts.recovery_key", &row.recovery_key, PublicKey::from_bytes)?,
        keyring: row.keyring,
        state: AccountState { version: unsigned("accounts.state_version", row.state_version)?, sealed: row.state },
    })
}

/// The name of an account, for whom something is told that it did.
pub(crate) async fn name(db: &impl ConnectionTrait, id: AccountId) -> Result<Option<String>> {
    let found = accounts::Entity::find_by_id(id.as_bytes().to_vec()).select_only().column(accounts::Column::Name);
    Ok(found.into_tuple::<String>().one(db).await?)
}

/// Whether there is any account.
pub async fn any(db: &impl ConnectionTrait) -> Result<bool> {
    Ok(accounts::Entity::find().limit(1).count(db).await? > 0)
}

/// Adds an account and the first step of its chain.
pub async fn insert(
    db: &impl ConnectionTrait,
    account: Account,
    genesis: &Signed<AccountEntry>,
    now: u64,
) -> Result<()> {
    let (kind, specialty, organisation, verified) = match account.profile {
        Profile::Patient => (PATIENT, None, None, false),
        Profile::Provider { specialty, organisation, verified } => {
            (PROVIDER, Some(specialty), Some(organisation), verified)
        }
    };
    let id = account.id.as_bytes().to_vec();
    let row = accounts::ActiveModel {
        id: Set(id.clone()),
        email: Set(account.email),
        name: Set(account.name),
        kind: Set(kind),
        specialty: Set(specialty),
        organisation: Set(organisation),
        verified: Set(verified),
        credential: Set(account.credential.as_bytes().to_vec()),
        opaque_record: Set(account.opaque_record),
        password_wrap: Set(account.password_wrap),
        recovery_wrap: Set(account.recovery_wrap),
        recovery_key: Set(account.recovery_key.as_bytes().to_vec()),
        keyring: Set(account.keyring),
        state_version: Set(i64::from(account.state.version)),
        state: Set(account.state.sealed),
        created: Set(signed(now)),
    };
    accounts::Entity::insert(row).exec_without_returning(db).await?;
    let step = account_chain::ActiveModel { account: Set(id), number: Set(0), bytes: Set(genesis.to_bytes()) };
    account_chain::Entity::insert(step).exec_without_returning(db).await?;
    Ok(())
}

/// The account with this address. Only for sign-in, and to keep addresses apart.
pub async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<Account>> {
    let row = accounts::Entity::find().filter(accounts::Column::Email.eq(email)).one(db).await?;
    row.map(read).transpose()
}

/// The actor's own account.
pub async fn own(actor: AccountId, db: &impl ConnectionTrait) -> Result<Option<Account>> {
    accounts::Entity::find_by_id(actor.as_bytes().to_vec()).one(db).await?.map(read).transpose()
}

/// The chain of an account that the caller has been allowed to see.
pub async fn chain(db: &impl ConnectionTrait, account: AccountId) -> Result<Vec<Signed<AccountEntry>>> {
    let rows = account_chain::Entity::find()
        .filter(account_chain::Column::Account.eq(account.as_bytes().to_vec()))
        .order_by_asc(account_chain::Column::Number)
        .all(db)
        .await?;
    let step = |row: &account_chain::Model| {
        Signed::from_bytes(&row.bytes).map_err(|_| StoreError::Corrupt("account_chain.bytes"))
    };
    rows.iter().map(step).collect()
}

/// Replaces the actor's password.
pub async fn set_password(actor: AccountId, db: &impl ConnectionTrait, record: Vec<u8>, wrap: Vec<u8>) -> Result<()> {
    accounts::Entity::update_many()
        .col_expr(accounts::Column::OpaqueRecord, Expr::value(record))
        .col_expr(accounts::Column::PasswordWrap, Expr::value(wrap))
        .filter(accounts::Column::Id.eq(actor.as_bytes().to_vec()))
        .exec(db)
        .await?;
    Ok(())
}

/// Replaces the actor's state, if it is still of this version. Says whether it was.
pub async fn replace_state(
    actor: AccountId,
    db: &impl ConnectionTrait,
    replaced: u32,
    sealed: Vec<u8>,
) -> Result<bool> {
    let done = accounts::Entity::update_many()
        .col_expr(accounts::Column::State, Expr::value(sealed))
        .col_expr(accounts::Column::StateVersion, Expr::col(accounts::Column::StateVersion).add(1))
        .filter(accounts::Column::Id.eq(actor.as_bytes().to_vec()))
        .filter(accounts::Column::StateVersion.eq(i64::from(replaced)))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// The provider with this address.
pub async fn provider(db: &impl ConnectionTrait, email: &str) -> Result<Option<Person>> {
    let row = accounts::Entity::find()
        .filter(accounts::Column::Email.eq(email))
        .filter(accounts::Column::Kind.eq(PROVIDER))
        .one(db)
        .await?;
    match row {
        Some(row) => person(db, read(row)?).await.map(Some),
        None => Ok(None),
    }
}

/// A person whom the actor shares something with, or once did; or the actor.
pub async fn known_to(actor: AccountId, db: &impl ConnectionTrait, account: AccountId) -> Result<Option<Person>> {
    let known = actor == account || parties(db, actor, account).await? || parties(db, account, actor).await?;
    if !known {
        return Ok(None);
    }
    match own(account, db).await? {
        Some(account) => person(db, account).await.map(Some),
        None => Ok(None),
    }
}

async fn parties(db: &impl ConnectionTrait, owner: AccountId, recipient: AccountId) -> Result<bool> {
    let Some(vault) =
        vaults::Entity::find().filter(vaults::Column::Owner.eq(owner.as_bytes().to_vec())).one(db).await?
    else {
        return Ok(false);
    };
    let condition = Condition::all()
        .add(grants::Column::Vault.eq(vault.id))
        .add(grants::Column::Recipient.eq(recipient.as_bytes().to_vec()));
    Ok(grants::Entity::find().filter(condition).count(db).await? > 0)
}

async fn person(db: &impl ConnectionTrait, account: Account) -> Result<Person> {
    let chain = chain(db, account.id).await?;
    Ok(Person { account: account.id, name: account.name, email: account.email, profile: account.profile, chain })
}
