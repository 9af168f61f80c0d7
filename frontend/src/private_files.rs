//! Files of this origin's private file system, where no other program and no file picker looks. Only workers write there,
//! and not in every browser.

use client::Platform;
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemSyncAccessHandle,
};

use crate::platform::Browser;

/// What files are for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Folder {
    /// Plaintext on its way to the person's own disk.
    Copies,
    /// Sealed chunks on their way to the server.
    Bodies,
}

impl Folder {
    const fn name(self) -> &'static str {
        match self {
            Self::Copies => "copies",
            Self::Bodies => "bodies",
        }
    }

    async fn open(self) -> Result<FileSystemDirectoryHandle, JsValue> {
        let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
        let storage = Reflect::get(&navigator, &"storage".into())?;
        if !storage.is_object() || !Reflect::has(&storage, &"getDirectory".into())? {
            return Err(JsValue::NULL);
        }
        let root = JsFuture::from(storage.unchecked_into::<web_sys::StorageManager>().get_directory()).await?;
        let create = FileSystemGetDirectoryOptions::new();
        create.set_create(true);
        let root: FileSystemDirectoryHandle = root.dyn_into()?;
        JsFuture::from(root.get_directory_handle_with_options(self.name(), &create)).await?.dyn_into()
    }
}

/// A file that is being written.
pub(crate) struct Draft {
    file: FileSystemFileHandle,
    access: FileSystemSyncAccessHandle,
    written: f64,
}

impl Draft {
    /// Begins a file of a name that no other has.
    pub(crate) async fn begin(folder: Folder) -> Result<Self, JsValue> {
        let draw: [u8; 8] = vault::make_bytes(&mut Browser::default().random());
        let name = u64::from_be_bytes(draw).to_string();
        let create = FileSystemGetFileOptions::new();
        create.set_create(true);
        let file = JsFuture::from(folder.open().await?.get_file_handle_with_options(&name, &create)).await?;
        let file: FileSystemFileHandle = file.dyn_into()?;
        match Self::access(&file).await {
            Ok(access) => Ok(Self { file, access, written: 0.0 }),
            Err(error) => {
                remove(folder, &name).await;
                Err(error)
            }
        }
    }

    async fn access(file: &FileSystemFileHandle) -> Result<FileSystemSyncAccessHandle, JsValue> {
        if !Reflect::has(file, &"createSyncAccessHandle".into())? {
            return Err(JsValue::NULL);
        }
        JsFuture::from(file.create_sync_access_handle()).await?.dyn_into()
    }

    /// What the file is called.
    pub(crate) fn name(&self) -> String {
        self.file.name()
    }

    /// Writes a piece after those before it; says whether there was room for all of it.
    pub(crate) fn write(&mut self, piece: &[u8]) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a piece is short")]
        let length = piece.len() as f64;
        let place = FileSystemReadWriteOptions::new();
        place.set_at(self.written);
        let written = self.access.write_with_u8_array_and_options(piece, &place);
        let is_whole = written.is_ok_and(|written| written >= length);
        if is_whole {
            self.written += length;
        }
        is_whole
    }

    /// Ends the writing and gives what was written, once it is on the disk.
    pub(crate) async fn close(&self) -> Result<File, JsValue> {
        let cut = self.access.truncate_with_f64(self.written);
        let flushed = self.access.flush();
        self.access.close();
        cut.and(flushed)?;
        self.finished().await
    }

    async fn finished(&self) -> Result<File, JsValue> {
        JsFuture::from(self.file.get_file()).await?.dyn_into()
    }

    /// Ends the writing, and waits for no disk.
    pub(crate) fn end(&self) {
        self.access.close();
    }
}

/// How long a chunk stays that nobody removed, because the tab ended before its request did, in milliseconds. The
/// server waits for none as long.
const LEFT: f64 = 3_600_000.0;

/// The body of a request, in a file that goes when the request ends. Browsers keep what a request was made of until
/// their collector comes to it, and it does not count the bytes of bodies; those of a file are read from the disk.
pub(crate) struct Body {
    /// What the request sends.
    pub(crate) file: File,
}

impl Body {
    /// Writes a body. Where that is not possible, it is to be sent from memory.
    pub(crate) async fn of(bytes: &[u8]) -> Option<Self> {
        let mut draft = Draft::begin(Folder::Bodies).await.ok()?;
        let is_whole = draft.write(bytes);
        draft.end();
        match draft.finished().await {
            Ok(file) if is_whole => Some(Self { file }),
            _ => {
                remove(Folder::Bodies, &draft.name()).await;
                None
            }
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let name = self.file.name();
        spawn_local(async move { remove(Folder::Bodies, &name).await });
    }
}

/// Removes chunks whose tab ended before they were sent.
pub(crate) async fn remove_left() {
    remove_before(Folder::Bodies, js_sys::Date::now() - LEFT).await;
}

/// Removes a file. One that stays is swept away later.
pub(crate) async fn remove(folder: Folder, name: &str) {
    if let Ok(folder) = folder.open().await {
        drop(JsFuture::from(folder.remove_entry(name)).await);
    }
}

/// Removes files that were last written before a time. One that is being written, here or in another tab, stays.
pub(crate) async fn remove_before(folder: Folder, before: f64) {
    let Ok(folder) = folder.open().await else { return };
    for name in names(&folder).await.unwrap_or_default() {
        if written(&folder, &name).await.is_ok_and(|written| written < before) {
            drop(JsFuture::from(folder.remove_entry(&name)).await);
        }
    }
}

/// When a file was last written, in milliseconds since 1970.
async fn written(folder: &FileSystemDirectoryHandle, name: &str) -> Result<f64, JsValue> {
    let handle: FileSystemFileHandle = JsFuture::from(folder.get_file_handle(name)).await?.dyn_into()?;
    let file: File = JsFuture::from(handle.get_file()).await?.dyn_into()?;
    Ok(file.last_modified())
}

async fn names(folder: &FileSystemDirectoryHandle) -> Result<Vec<String>, JsValue> {
    let keys = folder.keys();
    let mut names = Vec::new();
    loop {
        let next = JsFuture::from(keys.next()?).await?;
        if Reflect::get(&next, &"done".into())?.is_truthy() {
            return Ok(names);
        }
        names.extend(Reflect::get(&next, &"value".into())?.as_string());
    }
}
