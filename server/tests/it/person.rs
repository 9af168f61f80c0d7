//! A person with a signing key and a password: the least that speaks the protocol. No key seals anything here.

use std::sync::atomic::{AtomicU64, Ordering};

use ed25519_dalek::{Signer as _, SigningKey};
use opaque_ke::argon2::{Algorithm, Argon2, Params, Version};
use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, Identifiers, RegistrationResponse,
};
use protocol::account::{AccountBody, AccountEntry, ENCRYPTION_KEY_LENGTH};
use protocol::api::{
    Append, Appended, BlobCreate, CHUNK_DIGEST_HEADER, LogItem, LogPage, PasswordFinish, PasswordStart,
    PasswordStarted, Profile, SignInFinish, SignInStart, SignInStarted, SignUpFinish, SignUpStart, SignUpStarted,
    SignedInWith,
};
use protocol::entry::{
    Access, AccessKind, Blob, CHUNK, Content, Grant, Origin, Part, PartKind, RecordKey, Revision, ScopeEpoch, VERSION,
    VaultEpoch,
};
use protocol::opaque::{CONTEXT, Suite};
use protocol::{
    AccountId, ApiError, BlobId, Body, Digest, Entry, GrantId, GrantScope, Head, Level, Minute, Namespace, PublicKey,
    RecordId, ScopeId, Signature, Signed, VaultId,
};
use rand_chacha_of_opaque::ChaCha20Rng;
use rand_chacha_of_opaque::rand_core::SeedableRng as _;
use server::clock::Clock as _;
use server::random::{Random, SystemRandom};

use crate::test_app::{Answer, TestApp, request};

static COUNT: AtomicU64 = AtomicU64::new(1);

/// Sixteen bytes that no other call gives.
pub(crate) fn id16() -> [u8; 16] {
    u128::from(COUNT.fetch_add(1, Ordering::SeqCst)).to_be_bytes()
}

/// Randomness as OPAQUE's crate takes it.
pub(crate) fn dice() -> ChaCha20Rng {
    ChaCha20Rng::from_seed((&SystemRandom as &dyn Random).draw())
}

/// As cheap as Argon2id gets: the server never runs it.
fn stretch() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap())
}

pub(crate) fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&(&SystemRandom as &dyn Random).draw())
}

pub(crate) fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from_bytes(key.verifying_key().to_bytes())
}

pub(crate) fn sign(key: &SigningKey, namespace: Namespace, bytes: &[u8]) -> Signature {
    Signature::ed25519(key.sign(&namespace.message(bytes)).to_bytes())
}

pub(crate) fn provider() -> Profile {
    Profile::Provider { specialty: "Cardiology".to_owned(), organisation: "St. Anna".to_owned(), verified: true }
}

pub(crate) struct Person {
    pub(crate) account: AccountId,
    pub(crate) email: String,
    pub(crate) key: SigningKey,
    pub(crate) recovery: SigningKey,
    pub(crate) cookie: String,
    pub(crate) vault: VaultId,
    pub(crate) scope: ScopeId,
    /// Its own count, and the head that it last saw, in the vault that it writes to.
    pub(crate) author_seq: u64,
    pub(crate) seen: Head,
}

const ORIGIN: Origin = Origin { revision: 0, generation: 0, author: AccountId::from_bytes([0; 16]) };

/// A part that is inline.
pub(crate) fn data_part() -> Part {
    Part { kind: PartKind::Data, origin: ORIGIN, key: vec![1; 40], content: Content::Inline(vec![2; 64]) }
}

pub(crate) fn file_part(blob: BlobId, chunks: &[Vec<u8>]) -> Part {
    let length = chunks.iter().map(|chunk| chunk.len() as u64).sum();
    let digest = Digest::of_all(chunks.iter().map(|chunk| Digest::of(chunk)));
    let blob = Blob { id: blob, header: vec![3; 32], length, digest };
    Part { kind: PartKind::File, origin: ORIGIN, key: vec![1; 40], content: Content::Blob(blob) }
}

pub(crate) fn record_key(record: RecordId, scope: ScopeId, generation: u32) -> RecordKey {
    RecordKey {
        record,
        generation,
        scope,
        epoch: 0,
        commitment: Digest::of(b"key"),
        wrapped: vec![4; 48],
        previous: (generation > 0).then(|| vec![5; 48]),
    }
}

pub(crate) fn first_revision(record: RecordId, scope: ScopeId, parts: Vec<Part>) -> Body {
    Body::Revision(Revision { record, number: 0, generation: 0, key: Some(record_key(record, scope, 0)), parts })
}

pub(crate) fn scope_epoch(scope: ScopeId, epoch: u32) -> Body {
    Body::ScopeEpoch(ScopeEpoch {
        scope,
        epoch,
        vault_epoch: 0,
        commitment: Digest::of(b"seed"),
        wrapped: vec![6; 48],
        previous: (epoch > 0).then(|| vec![7; 48]),
        label: vec![8; 64],
    })
}

impl Person {
    /// A person who has not signed up yet.
    pub(crate) fn new(email: &str) -> Self {
        let vault = VaultId::from_bytes(id16());
        Self {
            account: AccountId::from_bytes(id16()),
            email: email.to_owned(),
            key: signing_key(),
            recovery: signing_key(),
            cookie: String::new(),
            vault,
            scope: ScopeId::from_bytes(id16()),
            author_seq: 0,
            seen: Head::before(vault),
        }
    }

    /// The last message of sign-up, ready to be sent.
    pub(crate) async fn sign_up_message(
        &mut self,
        app: &TestApp,
        password: &[u8],
        profile: Profile,
    ) -> Result<SignUpFinish, ApiError> {
        let start = ClientRegistration::<Suite>::start(&mut dice(), password).unwrap();
        let message = SignUpStart { email: self.email.clone(), registration: start.message.serialize().to_vec() };
        let started: SignUpStarted = app.call("POST", "/api/v1/signup/start", None, &message).await.read()?;
        let ksf = stretch();
        let parameters = ClientRegistrationFinishParameters::new(Identifiers::default(), Some(&ksf));
        let response = RegistrationResponse::deserialize(&started.registration).unwrap();
        let finished = start.state.finish(&mut dice(), password, response, parameters).unwrap();
        let log = if profile == Profile::Patient { self.first_entries(app) } else { vec![] };
        Ok(SignUpFinish {
            email: self.email.clone(),
            name: "Ann Lee".to_owned(),
            profile,
            registration: finished.message.serialize().to_vec(),
            chain: self.genesis(),
            password_wrap: b"password wrap".to_vec(),
            recovery_wrap: b"recovery wrap".to_vec(),
            recovery_key: public(&self.recovery),
            keyring: b"keyring".to_vec(),
            state: b"state".to_vec(),
            log,
        })
    }

    fn genesis(&self) -> Signed<AccountEntry> {
        let body = AccountBody::Genesis { identity: public(&self.key), encryption: vec![9; ENCRYPTION_KEY_LENGTH] };
        let step = AccountEntry { version: 1, account: self.account, number: 0, previous: None, body };
        let bytes = protocol::cbor::encode(&step);
        let signature = sign(&self.key, Namespace::Account, &bytes);
        Signed::from_parts(self.account, bytes, signature)
    }

    pub(crate) fn first_entries(&mut self, app: &TestApp) -> Vec<Signed<Entry>> {
        let epoch = VaultEpoch { epoch: 0, commitment: Digest::of(b"vault"), wrapped: vec![10; 48], previous: None };
        let bodies = [Body::Genesis(public(&self.key)), Body::VaultEpoch(epoch), scope_epoch(self.scope, 0)];
        bodies.into_iter().map(|body| self.sign_next(app, self.vault, body)).collect()
    }

    pub(crate) async fn sign_up(app: &TestApp, email: &str, profile: Profile) -> Self {
        let mut person = Self::new(email);
        let message = person.sign_up_message(app, b"correct horse battery", profile).await.unwrap();
        let answer = app.call("POST", "/api/v1/signup/finish", None, &message).await;
        answer.read::<SignedInWith>().unwrap();
        person.cookie = answer.cookie().unwrap();
        person
    }

    /// Signs in with a password, as from another device that carries `cookie` already.
    pub(crate) async fn sign_in(app: &TestApp, email: &str, password: &[u8], cookie: Option<&str>) -> Answer {
        match Self::sign_in_message(app, email, password, cookie).await {
            Ok(message) => app.call("POST", "/api/v1/signin/finish", cookie, &message).await,
            Err(answer) => answer,
        }
    }

    /// The last message of sign-in, ready to be sent; or what the server said to the first.
    pub(crate) async fn sign_in_message(
        app: &TestApp,
        email: &str,
        password: &[u8],
        cookie: Option<&str>,
    ) -> Result<SignInFinish, Answer> {
        let start = ClientLogin::<Suite>::start(&mut dice(), password).unwrap();
        let message = SignInStart { email: email.to_owned(), request: start.message.serialize().to_vec() };
        let answer = app.call("POST", "/api/v1/signin/start", cookie, &message).await;
        let Ok(started) = answer.read::<SignInStarted>() else { return Err(answer) };
        let ksf = stretch();
        let parameters = ClientLoginFinishParameters::new(Some(CONTEXT), Identifiers::default(), Some(&ksf));
        let response = CredentialResponse::deserialize(&started.response).unwrap();
        // A real client stops at a wrong password; this one sends bytes of the right length.
        let finalization = match start.state.finish(&mut dice(), password, response, parameters) {
            Ok(finished) => finished.message.serialize().to_vec(),
            Err(_) => vec![0; 64],
        };
        Ok(SignInFinish { attempt: started.attempt, finalization })
    }

    /// Sets a password, signed by `key`.
    pub(crate) async fn set_password(&self, app: &TestApp, password: &[u8], key: &SigningKey) -> Answer {
        let message = self.password_message(app, password, key).await;
        app.call("POST", "/api/v1/password/finish", Some(&self.cookie), &message).await
    }

    /// The last message that sets a password, ready to be sent.
    pub(crate) async fn password_message(&self, app: &TestApp, password: &[u8], key: &SigningKey) -> PasswordFinish {
        let start = ClientRegistration::<Suite>::start(&mut dice(), password).unwrap();
        let message = PasswordStart { registration: start.message.serialize().to_vec() };
        let started: PasswordStarted =
            app.call("POST", "/api/v1/password/start", Some(&self.cookie), &message).await.read().unwrap();
        let ksf = stretch();
        let parameters = ClientRegistrationFinishParameters::new(Identifiers::default(), Some(&ksf));
        let response = RegistrationResponse::deserialize(&started.registration).unwrap();
        let registration =
            start.state.finish(&mut dice(), password, response, parameters).unwrap().message.serialize().to_vec();
        let password_wrap = b"new wrap".to_vec();
        let signed = PasswordFinish::message(self.account, &registration, &password_wrap);
        PasswordFinish { registration, password_wrap, signature: sign(key, Namespace::Password, &signed) }
    }

    /// Signs the next entry and expects it to be kept.
    pub(crate) fn sign_next(&mut self, app: &TestApp, vault: VaultId, body: Body) -> Signed<Entry> {
        self.author_seq += 1;
        let at = app.clock.minute();
        let signed = self.sign_as(vault, self.author_seq, at, body);
        if self.vault == vault && self.author_seq == self.seen.seq + 1 {
            self.seen = self.seen.then(signed.digest());
        }
        signed
    }

    /// Signs an entry with this count and clock.
    pub(crate) fn sign_as(&self, vault: VaultId, author_seq: u64, at: Minute, body: Body) -> Signed<Entry> {
        let entry = Entry { version: VERSION, vault, author: self.account, author_seq, seen: self.seen, at, body };
        let bytes = protocol::cbor::encode(&entry);
        let signature = sign(&self.key, Namespace::Entry, &bytes);
        Signed::from_parts(self.account, bytes, signature)
    }

    pub(crate) async fn post(
        &self,
        app: &TestApp,
        vault: VaultId,
        entries: Vec<Signed<Entry>>,
    ) -> Result<Appended, ApiError> {
        let path = format!("/api/v1/vaults/{vault}/log");
        app.call("POST", &path, Some(&self.cookie), &Append { entries }).await.read()
    }

    /// Appends one entry to a vault, after reading where its log stands; a refused one leaves no trace.
    pub(crate) async fn append(&mut self, app: &TestApp, vault: VaultId, body: Body) -> Result<Appended, ApiError> {
        if let Ok(page) = self.log(app, vault, 0).await {
            self.seen = page.head;
        }
        let signed = self.sign_as(vault, self.author_seq + 1, app.clock.minute(), body);
        let appended = self.post(app, vault, vec![signed]).await?;
        self.author_seq += 1;
        self.seen = appended.head;
        Ok(appended)
    }

    pub(crate) async fn log(&self, app: &TestApp, vault: VaultId, after: u64) -> Result<LogPage, ApiError> {
        app.get(&format!("/api/v1/vaults/{vault}/log?after={after}"), Some(&self.cookie)).await.read()
    }

    /// What this person sees of a log: type codes, and dots for what is hidden.
    pub(crate) async fn sees(&self, app: &TestApp, vault: VaultId) -> String {
        let page = match self.log(app, vault, 0).await {
            Ok(page) => page,
            Err(error) => return error.to_string(),
        };
        let mut head = Head::before(vault);
        let item = |item: &LogItem| {
            let (digest, shown) = match item {
                LogItem::Entry(signed) => (signed.digest(), signed_code(signed)),
                LogItem::Hidden(digest) => (*digest, "·".to_owned()),
            };
            head = head.then(digest);
            shown
        };
        let shown: Vec<String> = page.items.iter().map(item).collect();
        assert_eq!(head, page.head, "the chain verifies over what is shown and what is hidden");
        shown.join(" ")
    }

    pub(crate) async fn put_blob(
        &self,
        app: &TestApp,
        vault: VaultId,
        blob: BlobId,
        chunks: &[Vec<u8>],
    ) -> Result<(), ApiError> {
        let length = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        let message = BlobCreate { vault, length };
        app.call("PUT", &format!("/api/v1/blobs/{blob}"), Some(&self.cookie), &message).await.done()?;
        for (number, chunk) in chunks.iter().enumerate() {
            self.put_chunk(app, blob, number, chunk, Digest::of(chunk)).await?;
        }
        Ok(())
    }

    pub(crate) async fn put_chunk(
        &self,
        app: &TestApp,
        blob: BlobId,
        number: usize,
        chunk: &[u8],
        digest: Digest,
    ) -> Result<(), ApiError> {
        let path = format!("/api/v1/blobs/{blob}/chunks/{number}");
        let request = request("PUT", &path, Some(&self.cookie)).header(CHUNK_DIGEST_HEADER, digest.to_string());
        app.send(request.body(chunk.to_vec().into()).unwrap()).await.done()
    }

    pub(crate) async fn chunk(&self, app: &TestApp, blob: BlobId, number: usize) -> Result<Vec<u8>, ApiError> {
        let answer = app.get(&format!("/api/v1/blobs/{blob}/chunks/{number}"), Some(&self.cookie)).await;
        if answer.status == 200 { Ok(answer.body) } else { Err(answer.error()) }
    }

    /// Adds a record with one file in its own vault.
    pub(crate) async fn add_record(&mut self, app: &TestApp, file: &[u8]) -> (RecordId, BlobId) {
        let record = RecordId::from_bytes(id16());
        let blob = BlobId::from_bytes(id16());
        let chunks = [file.to_vec()];
        self.put_blob(app, self.vault, blob, &chunks).await.unwrap();
        let body = first_revision(record, self.scope, vec![data_part(), file_part(blob, &chunks)]);
        self.append(app, self.vault, body).await.unwrap();
        (record, blob)
    }

    /// Grants something of a vault to somebody, for this many minutes.
    pub(crate) async fn grant(
        &mut self,
        app: &TestApp,
        vault: VaultId,
        to: &Self,
        level: Level,
        scope: GrantScope,
        minutes: u32,
    ) -> Result<GrantId, ApiError> {
        let grant = GrantId::from_bytes(id16());
        let body = Body::Grant(Grant {
            grant,
            recipient: to.account,
            recipient_key: public(&to.key),
            level,
            scope,
            epoch: 0,
            until: Some(app.clock.minute().plus(minutes)),
            encryption_generation: 0,
            sealed: vec![11; 80],
        });
        self.append(app, vault, body).await.map(|_| grant)
    }

    pub(crate) async fn access(
        &mut self,
        app: &TestApp,
        vault: VaultId,
        grant: GrantId,
        kind: AccessKind,
        record: Option<RecordId>,
    ) -> Result<Appended, ApiError> {
        self.append(app, vault, Body::Access(Access { grant, kind, record })).await
    }
}

/// Two whole chunks' worth is too much for a test; one and a bit is what must work.
pub(crate) fn chunks_of(length: u64) -> Vec<Vec<u8>> {
    let whole = usize::try_from(CHUNK).unwrap();
    let bytes: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect();
    bytes.chunks(whole).map(<[u8]>::to_vec).collect()
}

/// The type code of an entry whose signature somebody else checks.
fn signed_code(signed: &Signed<Entry>) -> String {
    // [signer, payload, signature]: the payload is the second field.
    let bytes = signed.to_bytes();
    let mut decoder = minicbor::Decoder::new(&bytes);
    decoder.array().unwrap();
    decoder.skip().unwrap();
    let entry: Entry = protocol::cbor::decode(decoder.bytes().unwrap()).unwrap();
    entry.body.code().to_string()
}
