//! Readers who are shown a part of the log.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_partial_reader_verifies_the_chain_over_what_it_may_not_see() {
    let mut owner = Author::new(10);
    let (mut ledger, mut log) = vault(&mut owner);
    let reader = Author::new(20);
    log.push(owner.write(&mut ledger, Body::Grant(grant(&reader, Level::Download, GrantScope::Scope(SCOPE)))));
    let shown = [0, 2, 4, 5];
    let read = |log: &[Signed<Entry>]| -> Result<Ledger, Violation> {
        let mut partial = Ledger::new(VAULT, owner.account, owner.public(), Reach::Partial);
        for (index, signed) in log.iter().enumerate() {
            if shown.contains(&index) {
                partial.apply(signed)?;
            } else {
                partial.pass_over(signed.digest())?;
            }
        }
        Ok(partial)
    };
    let partial = read(&log).unwrap();
    assert_eq!(partial.head, ledger.head);
    assert!(partial.records.contains_key(&RECORD));
    assert!(!partial.scopes.contains_key(&OTHER_SCOPE));
    // A hidden entry that is dropped or replaced shifts the chain under every later `seen`.
    let mut dropped = log.clone();
    dropped.remove(1);
    assert!(read(&dropped).is_err());
    // Who should see everything is not put off with digests.
    let mut full = Ledger::new(VAULT, owner.account, owner.public(), Reach::Full);
    assert_eq!(full.pass_over(log[0].digest()), Err(Violation::Withheld));
}

/// The new end of a manager's grant is shown to whoever reads a part of the log, and changes nothing where the grant is
/// not known.
#[test]
fn a_partial_reader_may_meet_the_end_of_a_grant_that_is_hidden() {
    let mut owner = Author::new(10);
    let mut partial = Ledger::new(VAULT, owner.account, owner.public(), Reach::Partial);
    owner.write(&mut partial, Body::Genesis(owner.public()));
    let term = Body::Term(Term { grant: GRANT, from: Some(END), until: None });
    assert_eq!(owner.attempt(&partial, term.clone()), Ok(Outcome::Superseded(Superseded::Ended)));
    let stranger = Author::new(20);
    assert_eq!(stranger.attempt(&partial, term), Err(Violation::Stranger));
}

/// To a partial reader a number may jump, so that an owner can take it to its end.
#[test]
fn nothing_comes_after_the_largest_number() {
    let mut owner = Author::new(10);
    let mut partial = Ledger::new(VAULT, owner.account, owner.public(), Reach::Partial);
    owner.write(&mut partial, Body::Genesis(owner.public()));
    let last = revision(u32::MAX, u32::MAX, Some(key(u32::MAX, SCOPE, 0)));
    owner.write(&mut partial, Body::Revision(last.clone()));
    let number = Ok(Outcome::Superseded(Superseded::Number));
    for generation in [0, 1, u32::MAX] {
        assert_eq!(owner.attempt(&partial, Body::RecordKey(key(generation, SCOPE, 0))), number, "{generation}");
    }
    for again in [0, 1, u32::MAX] {
        let parts = revision(again, u32::MAX, None).parts;
        let body = Body::Revision(Revision { number: again, key: None, parts, ..last.clone() });
        assert_eq!(owner.attempt(&partial, body), number, "{again}");
    }
}

/// A first share ended and a second one began: the reader is shown its own openings of what it no longer sees.
#[test]
fn a_partial_reader_may_meet_its_own_openings_of_what_is_hidden_now() {
    let mut owner = Author::new(10);
    let (mut ledger, mut log) = vault(&mut owner);
    let mut reader = Author::new(20);
    log.push(owner.write(&mut ledger, Body::Grant(grant(&reader, Level::Download, GrantScope::Record(RECORD)))));
    log.push(reader.write(&mut ledger, access(AccessKind::Opened, Some(RECORD))));
    log.push(owner.write(&mut ledger, Body::Revocation(GRANT)));
    let second = Grant {
        grant: GrantId::from_bytes([6; 16]),
        ..grant(&reader, Level::Download, GrantScope::Scope(OTHER_SCOPE))
    };
    log.push(owner.write(&mut ledger, Body::Grant(second)));
    let mut partial = Ledger::new(VAULT, owner.account, owner.public(), Reach::Partial);
    for (index, signed) in log.iter().enumerate() {
        if [0, 5, 6, 7, 8].contains(&index) {
            partial.apply(signed).unwrap();
        } else {
            partial.pass_over(signed.digest()).unwrap();
        }
    }
    assert_eq!(partial.head, ledger.head);
}

/// Keys turned while nothing reached the reader, and it was shown none of that. What it is given with a later key is no
/// less given, and its end is one.
#[test]
fn a_partial_reader_is_given_anew_what_was_turned_unseen() {
    for (scope, shown) in [(GrantScope::Scope(SCOPE), scope_epoch(SCOPE, 0)), (GrantScope::Vault, vault_epoch(0))] {
        let mut owner = Author::new(10);
        let reader = Author::new(20);
        let mut partial = Ledger::new(VAULT, owner.account, owner.public(), Reach::Partial);
        owner.write(&mut partial, Body::Genesis(owner.public()));
        owner.write(&mut partial, shown);
        owner.write(&mut partial, Body::Grant(grant(&reader, Level::Download, scope)));
        owner.write(&mut partial, Body::Revocation(GRANT));
        let again = GrantId::from_bytes([6; 16]);
        owner.write(
            &mut partial,
            Body::Grant(Grant { grant: again, epoch: 2, ..grant(&reader, Level::Download, scope) }),
        );
        owner.write(&mut partial, Body::Revocation(again));
    }
    // What it was shown to be older stays so.
    let mut owner = Author::new(10);
    let mut partial = Ledger::new(VAULT, owner.account, owner.public(), Reach::Partial);
    owner.write(&mut partial, Body::Genesis(owner.public()));
    owner.write(&mut partial, scope_epoch(SCOPE, 0));
    owner.write(&mut partial, scope_epoch(SCOPE, 1));
    let stale = grant(&Author::new(20), Level::Download, GrantScope::Scope(SCOPE));
    assert_eq!(owner.attempt(&partial, Body::Grant(stale)), Ok(Outcome::Superseded(Superseded::Epoch)));
}
