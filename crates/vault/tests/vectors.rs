//! What was sealed once must open for ever: frozen vectors, from the recovery code down to the plaintext.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use protocol::entry::{Origin, PartKind};
use protocol::signature::Signed;
use protocol::{Account, AccountId, GrantId, GrantScope, RecordId, ScopeId, VaultId};
use vault::account::AccountKeys;
use vault::envelope::open_envelope;
use vault::floe::{Native, Opener};
use vault::recovery::RecoveryCode;
use vault::{KeyContext, SealContext};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Never edited. A new format gets a new file and a new test beside this one.
const V1: &str = include_str!("vectors/v1.txt");

/// What a device keeps of a log, under the account of [`V1`].
const LOG_PAGE: &str = include_str!("vectors/log_page.txt");

#[test]
fn version_1_opens() {
    let lines: BTreeMap<&str, &str> = V1.lines().filter_map(|line| line.split_once(' ')).collect();
    let bytes = |name: &str| hex::decode(lines[name]).unwrap();
    let (account, vault) = (AccountId::from_bytes([1; 16]), VaultId::from_bytes([2; 16]));
    let (scope, record) = (ScopeId::from_bytes([3; 16]), RecordId::from_bytes([4; 16]));
    let origin = Origin { revision: 6, generation: 7, author: account };

    let code = RecoveryCode::parse(lines["recovery_code"]).unwrap();
    assert_eq!(code.derive_public().as_bytes()[..], bytes("recovery_public"));
    let master = code.derive_key().unwrap_master(&KeyContext::Recovery(account), &bytes("recovery_wrap")).unwrap();
    let chain = Account::from_chain(account, &[Signed::from_bytes(&bytes("chain")).unwrap()]).unwrap();
    let keys = AccountKeys::open(&master, &chain, &bytes("keyring")).unwrap();

    let vault_key = master.unwrap_vault_key(&KeyContext::Vault(vault, 0), &bytes("vault_key")).unwrap();
    assert_eq!(vault_key.commitment().as_bytes()[..], bytes("vault_key_commitment"));
    let seed = vault_key.unwrap_seed(&KeyContext::Scope(vault, scope, 5), &bytes("seed")).unwrap();
    assert_eq!(seed.commitment().as_bytes()[..], bytes("seed_commitment"));
    let context = SealContext::ScopeLabel(vault, scope, 5);
    assert_eq!(open_envelope(&seed.derive_metadata_key(), &context, &bytes("label")).unwrap().as_slice(), [1]);
    let context = KeyContext::Record { vault, record, generation: 7, scope, epoch: 5 };
    let record_key = seed.unwrap_record_key(&context, &bytes("record_key")).unwrap();
    assert_eq!(record_key.commitment().as_bytes()[..], bytes("record_key_commitment"));

    let context = KeyContext::Content { vault, record, generation: 7, part: PartKind::Data, origin };
    let key = record_key.unwrap_content_key(&context, &bytes("data_key")).unwrap();
    let context = SealContext::Part { vault, record, part: PartKind::Data, origin };
    assert_eq!(open_envelope(&key, &context, &bytes("data")).unwrap().as_slice(), b"Blood count");

    let context = KeyContext::Content { vault, record, generation: 7, part: PartKind::File, origin };
    let key = record_key.unwrap_content_key(&context, &bytes("file_key")).unwrap();
    let context = SealContext::Part { vault, record, part: PartKind::File, origin };
    let sealed = bytes("file");
    let opener = Opener::start(Native, &key, &context, &bytes("file_header"), sealed.len() as u64).unwrap();
    let mut plaintext = Vec::new();
    let opened = pin!(opener.open(0, &sealed, &mut plaintext)).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(opened, Poll::Ready(Ok(())));
    assert_eq!(plaintext, b"sixteen bytes ok");

    let context = SealContext::Grant {
        vault,
        grant: GrantId::from_bytes([8; 16]),
        recipient: account,
        encryption_generation: 0,
        scope: GrantScope::Scope(scope),
        epoch: 5,
    };
    assert_eq!(keys.encryption(0).unwrap().open_seed(&context, &bytes("grant")).unwrap(), seed);
}

#[test]
fn a_kept_page_of_a_log_opens() {
    let lines: BTreeMap<&str, &str> =
        V1.lines().chain(LOG_PAGE.lines()).filter_map(|line| line.split_once(' ')).collect();
    let bytes = |name: &str| hex::decode(lines[name]).unwrap();
    let (account, vault) = (AccountId::from_bytes([1; 16]), VaultId::from_bytes([2; 16]));
    let code = RecoveryCode::parse(lines["recovery_code"]).unwrap();
    let master = code.derive_key().unwrap_master(&KeyContext::Recovery(account), &bytes("recovery_wrap")).unwrap();
    let open = |context| open_envelope(&master.derive_log_key(), &context, &bytes("log_page"));
    assert_eq!(open(SealContext::LogPage(account, vault, 9)).unwrap().as_slice(), b"sixteen bytes ok");
    for elsewhere in [
        SealContext::LogPage(account, vault, 8),
        SealContext::LogPage(account, VaultId::from_bytes([1; 16]), 9),
        SealContext::LogPage(AccountId::from_bytes([2; 16]), vault, 9),
        SealContext::Outbox(account),
    ] {
        assert!(open(elsewhere).is_err(), "{elsewhere:?}");
    }
}
