//! From an unlocked account to its list: from the server's log, from what a device kept, and when nothing is new.

#![expect(clippy::unwrap_used, reason = "a benchmark for developers")]

#[path = "../tests/nearby/mod.rs"]
mod nearby;

use std::hint::black_box;

use client::Session;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use nearby::{Nearby, VAULT, now};

fn list(session: &Session<Nearby>) -> usize {
    now(session.sync(VAULT)).unwrap();
    session.with_view(VAULT, |view| view.records().filter(|record| record.metadata.is_some()).count()).unwrap()
}

fn folding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("unlock to list");
    group.sample_size(10);
    for records in [1_000, 10_000, 100_000] {
        let nearby = Nearby::with_records(records, 1);
        group.throughput(Throughput::Elements(records));
        nearby.keeps.set(false);
        let from_server = |session: Session<Nearby>| black_box(list(&session));
        group.bench_function(format!("{records} records from the server"), |bencher| {
            bencher.iter_batched(|| nearby.session(), from_server, BatchSize::PerIteration);
        });
        nearby.keeps.set(true);
        list(&nearby.session());
        group.bench_function(format!("{records} records from what is kept"), |bencher| {
            bencher.iter_batched(|| nearby.session(), from_server, BatchSize::PerIteration);
        });
        let session = nearby.session();
        list(&session);
        let mut number = records;
        group.bench_function(format!("one more than {records} records"), |bencher| {
            bencher.iter_batched(
                || {
                    number += 1;
                    nearby.append([nearby.record(number)]);
                },
                |()| now(session.sync(VAULT)).unwrap(),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, folding);
criterion_main!(benches);
