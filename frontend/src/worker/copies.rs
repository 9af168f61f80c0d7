//! Copies of records on their way to the person's own disk, piece by piece.
//!
//! A large copy is written into a file of this origin's private file system, so that no more than a piece of it is ever
//! in memory; the page then hands that file to the browser to be saved. It is plaintext, like the saved copy itself, so
//! it does not stay: it goes when the vault is locked, on signing out, and ten minutes after it was written, or where no
//! tab is open then, when the next one is. Where there is no such file system, the pieces become one blob, which browsers
//! keep on disk themselves when it is large.

use client::{ClientError, Platform};
use gloo::timers::future::TimeoutFuture;
use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions,
    FileSystemGetFileOptions, FileSystemReadWriteOptions, FileSystemSyncAccessHandle,
};

use crate::platform::Browser;

/// Where copies lie.
const FOLDER: &str = "copies";

/// Copies up to this are made in memory, and never lie in the private file system.
const SMALL: u64 = 32 << 20;

/// How long a finished copy stays for the browser to save it, in milliseconds.
const STAYS: f64 = 600_000.0;

/// How often copies are looked through, in milliseconds.
const LOOK_EVERY: u32 = 60_000;

/// A copy that is being made.
pub(crate) struct Copy {
    making: Making,
    /// The file that was begun for it.
    file: Option<FileSystemFileHandle>,
}

enum Making {
    /// As blobs, each of a piece, after what went into a file before there was no more room.
    Pieces(Array),
    /// In a file.
    OnDisk(OnDisk),
}

/// A file of the private file system that is being written.
struct OnDisk {
    file: FileSystemFileHandle,
    access: FileSystemSyncAccessHandle,
    written: f64,
}

impl Copy {
    /// Begins a copy of a file of `size` bytes.
    pub(crate) async fn begin(size: u64) -> Self {
        if size > SMALL
            && let Ok(on_disk) = OnDisk::begin().await
        {
            return Self { file: Some(on_disk.file.clone()), making: Making::OnDisk(on_disk) };
        }
        Self { file: None, making: Making::Pieces(Array::new()) }
    }

    /// Takes the next piece.
    pub(crate) async fn take(&mut self, piece: &[u8]) -> Result<(), ClientError> {
        if let Making::OnDisk(on_disk) = &mut self.making {
            if on_disk.write(piece) {
                return Ok(());
            }
            // There is no more room: what is written stays where it is, and the rest becomes blobs.
            let begun = on_disk.close().await.map_err(|_| ClientError::Source)?;
            self.making = Making::Pieces(Array::of1(&begun));
        }
        if let Making::Pieces(pieces) = &self.making {
            let piece = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(piece)));
            pieces.push(&piece.map_err(|_| ClientError::Source)?.into());
        }
        Ok(())
    }

    /// The whole copy, once every piece is verified.
    pub(crate) async fn finish(self, media_type: &str) -> Result<Blob, ClientError> {
        let blob = match &self.making {
            Making::Pieces(pieces) => {
                let properties = BlobPropertyBag::new();
                properties.set_type(media_type);
                Blob::new_with_blob_sequence_and_options(pieces, &properties)
            }
            Making::OnDisk(on_disk) => match on_disk.close().await {
                Ok(file) => file.slice_with_f64_and_f64_and_content_type(0.0, file.size(), media_type),
                Err(error) => Err(error),
            },
        };
        let Ok(blob) = blob else {
            self.discard().await;
            return Err(ClientError::Source);
        };
        Ok(blob)
    }

    /// Gives up a copy that did not come to its end.
    pub(crate) async fn discard(self) {
        if let Making::OnDisk(on_disk) = &self.making {
            on_disk.access.close();
        }
        if let (Some(file), Ok(folder)) = (self.file, folder().await) {
            // What is left is swept away later.
            drop(JsFuture::from(folder.remove_entry(&file.name())).await);
        }
    }
}

impl OnDisk {
    async fn begin() -> Result<Self, JsValue> {
        let draw: [u8; 8] = vault::make_bytes(&mut Browser::default().random());
        let name = u64::from_be_bytes(draw).to_string();
        let create = FileSystemGetFileOptions::new();
        create.set_create(true);
        let file = JsFuture::from(folder().await?.get_file_handle_with_options(&name, &create)).await?;
        let file: FileSystemFileHandle = file.dyn_into()?;
        if !Reflect::has(&file, &"createSyncAccessHandle".into())? {
            return Err(JsValue::NULL);
        }
        let access = JsFuture::from(file.create_sync_access_handle()).await?;
        Ok(Self { file, access: access.dyn_into()?, written: 0.0 })
    }

    /// Writes a piece after those before it; says whether there was room for all of it.
    fn write(&mut self, piece: &[u8]) -> bool {
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

    /// Ends the writing and gives what was written.
    async fn close(&self) -> Result<File, JsValue> {
        let cut = self.access.truncate_with_f64(self.written);
        let flushed = self.access.flush();
        self.access.close();
        cut.and(flushed)?;
        JsFuture::from(self.file.get_file()).await?.dyn_into()
    }
}

/// The folder of copies, where this browser has a private file system.
async fn folder() -> Result<FileSystemDirectoryHandle, JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
    let storage = Reflect::get(&navigator, &"storage".into())?;
    if !storage.is_object() || !Reflect::has(&storage, &"getDirectory".into())? {
        return Err(JsValue::NULL);
    }
    let root = JsFuture::from(storage.unchecked_into::<web_sys::StorageManager>().get_directory()).await?;
    let create = FileSystemGetDirectoryOptions::new();
    create.set_create(true);
    let root: FileSystemDirectoryHandle = root.dyn_into()?;
    JsFuture::from(root.get_directory_handle_with_options(FOLDER, &create)).await?.dyn_into()
}

/// Removes every copy that is not being written.
pub(crate) async fn remove_all() {
    remove(f64::INFINITY).await;
}

/// Removes copies whose time is over.
pub(crate) async fn remove_old() {
    remove(js_sys::Date::now() - STAYS).await;
}

/// Removes copies whose time is over, now and again and again.
pub(crate) async fn sweep() {
    loop {
        remove_old().await;
        TimeoutFuture::new(LOOK_EVERY).await;
    }
}

/// Removes copies that were last written before a time. One that is being written, here or in another tab, stays.
async fn remove(before: f64) {
    let Ok(folder) = folder().await else { return };
    for name in names(&folder).await.unwrap_or_default() {
        if written(&folder, &name).await.is_ok_and(|written| written < before) {
            drop(JsFuture::from(folder.remove_entry(&name)).await);
        }
    }
}

/// When a copy was last written, in milliseconds since 1970.
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
