//! Sealing beside raw AES-GCM, envelopes, sealing to a person, and folding a log.

#![expect(clippy::unwrap_used, reason = "a benchmark for developers")]

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use protocol::entry::{Body, Entry, ScopeEpoch, VERSION};
use protocol::ledger::Reach;
use protocol::{Account, AccountId, Digest, Ledger, Minute, ScopeId, VaultId};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use vault::account::AccountKeys;
use vault::envelope::{open_envelope, seal_envelope};
use vault::floe::{BulkCipher, Layout, Native, Opener, Sealer, SegmentKey};
use vault::{ContentKey, ScopeSeed, SealContext, VerifiedRecipient};

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the native cipher does not wait"),
    }
}

fn files(criterion: &mut Criterion) {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let (key, context) = (ContentKey::make(rng), SealContext::Keyring(AccountId::from_bytes([1; 16])));
    let step = Layout::of_plaintext(0).step();
    let plaintext = vec![7; usize::try_from(step).unwrap()];
    let mut group = criterion.benchmark_group("one segment of 1 MiB");
    group.throughput(Throughput::Bytes(step));
    let segment_key = now(Native.import(&SegmentKey::make(rng))).unwrap();
    group.bench_function("raw AES-256-GCM", |bencher| {
        bencher.iter_batched(
            || {
                let mut buffer = Vec::with_capacity(plaintext.len() + 16);
                buffer.extend_from_slice(&plaintext);
                buffer
            },
            |mut buffer| Native::seal_from(&segment_key, &[1; 12], &[2; 9], &mut buffer, 0).unwrap(),
            BatchSize::LargeInput,
        );
    });
    let sealer = Sealer::start(Native, &key, &context, step, rng);
    let (mut segment, mut opened) = (Vec::new(), Vec::new());
    group.bench_function("seal", |bencher| {
        bencher.iter(|| {
            segment.clear();
            now(sealer.seal(0, black_box(&plaintext), rng, &mut segment)).unwrap()
        });
    });
    segment.clear();
    let head = now(sealer.seal(0, &plaintext, rng, &mut segment)).unwrap();
    let segment = [head.as_slice(), &segment].concat();
    let opener = Opener::start(Native, &key, &context, sealer.header(), segment.len() as u64).unwrap();
    group.bench_function("open", |bencher| {
        bencher.iter(|| {
            opened.clear();
            now(opener.open(0, black_box(&segment), &mut opened)).unwrap();
        });
    });
    group.finish();
}

fn small_objects(criterion: &mut Criterion) {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let account = AccountId::from_bytes([1; 16]);
    let (key, context) = (ContentKey::make(rng), SealContext::Keyring(account));
    let envelope = seal_envelope(&key, &context, &[7; 200], rng);
    criterion.bench_function("seal an envelope of 200 bytes", |b| {
        b.iter(|| seal_envelope(&key, &context, black_box(&[7; 200]), rng));
    });
    criterion.bench_function("open an envelope of 200 bytes", |b| {
        b.iter(|| open_envelope(&key, &context, black_box(&envelope)).unwrap());
    });
    let (keys, genesis) = AccountKeys::make(account, rng).unwrap();
    let chain = Account::from_chain(account, &[genesis]).unwrap();
    let recipient = VerifiedRecipient::verify(&chain, chain.identity()).unwrap();
    let seed = ScopeSeed::make(rng);
    let sealed = recipient.seal_seed(&context, &seed, rng).unwrap();
    criterion
        .bench_function("seal a key to a person", |b| b.iter(|| recipient.seal_seed(&context, &seed, rng).unwrap()));
    criterion.bench_function("open a key that was sealed to one", |b| {
        b.iter(|| keys.encryption(0).unwrap().open_seed(&context, &sealed).unwrap());
    });
}

fn folding(criterion: &mut Criterion) {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let (owner, vault) = (AccountId::from_bytes([1; 16]), VaultId::from_bytes([2; 16]));
    let (keys, _) = AccountKeys::make(owner, rng).unwrap();
    let mut group = criterion.benchmark_group("fold a log");
    group.sample_size(10);
    for length in [1_000_u64, 10_000, 100_000] {
        let mut ledger = Ledger::new(vault, owner, keys.identity.public(), Reach::Full);
        let entries: Vec<_> = (1..=length)
            .map(|author_seq| {
                let body = match author_seq {
                    1 => Body::Genesis(keys.identity.public()),
                    _ => Body::ScopeEpoch(ScopeEpoch {
                        scope: ScopeId::from_bytes([3; 16]),
                        epoch: u32::try_from(author_seq - 2).unwrap(),
                        vault_epoch: 0,
                        commitment: Digest::of(b"seed"),
                        wrapped: vec![1; 109],
                        previous: (author_seq > 2).then(|| vec![1; 109]),
                        label: vec![1; 141],
                    }),
                };
                let seen = ledger.head;
                let entry = Entry { version: VERSION, vault, author: owner, author_seq, seen, at: Minute(1), body };
                let signed = keys.identity.sign_message(&entry);
                ledger.apply(&signed).unwrap();
                signed
            })
            .collect();
        group.throughput(Throughput::Elements(length));
        group.bench_function(format!("{length} entries"), |bencher| {
            bencher.iter(|| {
                let mut ledger = Ledger::new(vault, owner, keys.identity.public(), Reach::Full);
                for signed in &entries {
                    ledger.apply(signed).unwrap();
                }
                ledger.head
            });
        });
    }
    group.finish();
}

criterion_group!(benches, files, small_objects, folding);
criterion_main!(benches);
