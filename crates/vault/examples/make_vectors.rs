//! Writes vectors of the present formats to standard output, for `tests/vectors/`. A file there is never written
//! again: a new format gets a new file.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for developers")]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use protocol::entry::{Origin, PartKind};
use protocol::{AccountId, GrantId, GrantScope, RecordId, ScopeId, VaultId};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use vault::account::AccountKeys;
use vault::envelope::seal_envelope;
use vault::floe::{Native, Sealer};
use vault::recovery::RecoveryCode;
use vault::{AccountMasterKey, ContentKey, KeyContext, RecordKey, ScopeSeed, SealContext, VaultKey, VerifiedRecipient};

fn main() {
    let rng = &mut ChaCha20Rng::seed_from_u64(2026);
    let (account, vault) = (AccountId::from_bytes([1; 16]), VaultId::from_bytes([2; 16]));
    let (scope, record) = (ScopeId::from_bytes([3; 16]), RecordId::from_bytes([4; 16]));
    let origin = Origin { revision: 6, generation: 7, author: account };
    let say = |name: &str, bytes: &[u8]| println!("{name} {}", hex::encode(bytes));

    let code = RecoveryCode::make_code(rng);
    println!("recovery_code {}", code.groups().concat());
    say("recovery_public", code.derive_public().as_bytes());

    let master = AccountMasterKey::make(rng);
    say("recovery_wrap", &code.derive_key().wrap_master(&KeyContext::Recovery(account), &master, rng));
    let (keys, genesis) = AccountKeys::make(account, rng).unwrap();
    say("chain", &genesis.to_bytes());
    say("keyring", &keys.seal(&master, rng));

    let vault_key = VaultKey::make(rng);
    say("vault_key", &master.wrap_vault_key(&KeyContext::Vault(vault, 0), &vault_key, rng));
    say("vault_key_commitment", vault_key.commitment().as_bytes());
    let seed = ScopeSeed::make(rng);
    say("seed", &vault_key.wrap_seed(&KeyContext::Scope(vault, scope, 5), &seed, rng));
    say("seed_commitment", seed.commitment().as_bytes());
    let label = SealContext::ScopeLabel(vault, scope, 5);
    say("label", &seal_envelope(&seed.derive_metadata_key(), &label, &[1], rng));
    let record_key = RecordKey::make(rng);
    let context = KeyContext::Record { vault, record, generation: 7, scope, epoch: 5 };
    say("record_key", &seed.wrap_record_key(&context, &record_key, rng));
    say("record_key_commitment", record_key.commitment().as_bytes());

    let data_key = ContentKey::make(rng);
    let context = KeyContext::Content { vault, record, generation: 7, part: PartKind::Data, origin };
    say("data_key", &record_key.wrap_content_key(&context, &data_key, rng));
    let context = SealContext::Part { vault, record, part: PartKind::Data, origin };
    say("data", &seal_envelope(&data_key, &context, b"Blood count", rng));

    let file_key = ContentKey::make(rng);
    let context = KeyContext::Content { vault, record, generation: 7, part: PartKind::File, origin };
    say("file_key", &record_key.wrap_content_key(&context, &file_key, rng));
    let context = SealContext::Part { vault, record, part: PartKind::File, origin };
    let sealer = Sealer::start(Native, &file_key, &context, 16, rng);
    say("file_header", sealer.header());
    let mut sealed = Vec::new();
    let head = match pin!(sealer.seal(0, b"sixteen bytes ok", rng, &mut sealed))
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(sealed) => sealed.unwrap(),
        Poll::Pending => unreachable!("the native cipher does not wait"),
    };
    say("file", &[head.as_slice(), &sealed].concat());

    let chain = protocol::Account::from_chain(account, &[genesis]).unwrap();
    let recipient = VerifiedRecipient::verify(&chain, chain.identity()).unwrap();
    let context = SealContext::Grant {
        vault,
        grant: GrantId::from_bytes([8; 16]),
        recipient: account,
        encryption_generation: 0,
        scope: GrantScope::Scope(scope),
        epoch: 5,
    };
    say("grant", &recipient.seal_seed(&context, &seed, rng).unwrap());

    // From here on each line is a file of its own.
    let context = SealContext::LogPage(account, vault, 9);
    say("log_page", &seal_envelope(&master.derive_log_key(), &context, b"sixteen bytes ok", rng));
}
