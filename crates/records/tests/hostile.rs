//! Bytes from hostile hands: whatever arrives, an answer comes back and nothing panics.

#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this is a test, and failing is its job"
)]

#[cfg(feature = "decode")]
mod embedded_pdf;

use proptest::prelude::*;
use records::preview::is_preview;
use records::{Category, Date, Kind, Metadata, dicom, propose, text};
use std::fs;
use std::path::{Path, PathBuf};
#[cfg(feature = "decode")]
use std::sync::LazyLock;

/// Everything that takes bytes, one after the other.
fn open_in_every_way(name: &str, bytes: &[u8]) {
    let kind = Kind::detect(name, bytes);
    for kind in [kind, Kind::Dicom, Kind::Pdf, Kind::Ccda, Kind::FhirJson, Kind::Hl7v2, Kind::AppleHealth, Kind::Jpeg] {
        let proposal = propose(name, kind, bytes);
        assert!(!proposal.title.trim().is_empty());
        assert!(proposal.title.chars().count() <= 300);
        let _ = text::extract(kind, bytes);
    }
    let _ = Metadata::decode(bytes);
    let _ = dicom::summary(bytes);
    let _ = is_preview(bytes);
    #[cfg(feature = "decode")]
    draw(kind, bytes);
}

#[cfg(feature = "decode")]
fn draw(kind: Kind, bytes: &[u8]) {
    let sane = |pixels: &records::pixels::Pixels| {
        let bytes = u64::from(pixels.width) * u64::from(pixels.height) * 4;
        assert_eq!(u64::try_from(pixels.rgba.len()).unwrap(), bytes);
    };
    let _ = dicom::first_frame(bytes).inspect(sane);
    let _ = records::image::decode(bytes).inspect(sane);
    if let Ok(document) = records::pdf::Document::open(bytes.to_vec()) {
        let _ = document.render(0, 100).inspect(sane);
    }
    if let Some(thumbnail) = records::thumbnail::thumbnail(kind, bytes) {
        assert!(is_preview(&thumbnail));
    }
}

/// Small files of the corpus, and pictures of each format made here.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let mut seeds = made_here();
    if !corpus.is_dir() {
        println!("SKIPPED in part: the corpus of sample records is not there (../shared/corpus beside the repository)");
        return seeds;
    }
    for folder in ["apple", "ccda", "dicom", "fhir", "hl7v2"] {
        let mut files: Vec<PathBuf> =
            fs::read_dir(corpus.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let content = fs::read(&file).unwrap();
            if content.len() < 100_000 {
                seeds.push((file.file_name().unwrap().to_str().unwrap().to_owned(), content));
            }
        }
    }
    #[cfg(feature = "decode")]
    seeds.push(("plan.pdf".to_owned(), embedded_pdf::embedded_pdf(&corpus)));
    seeds
}

#[cfg(not(feature = "decode"))]
fn made_here() -> Vec<(String, Vec<u8>)> {
    vec![("visit.txt".to_owned(), b"Seen on Tuesday.".to_vec())]
}

#[cfg(feature = "decode")]
fn made_here() -> Vec<(String, Vec<u8>)> {
    use image::{DynamicImage, ImageBuffer, ImageFormat, Rgb};
    let picture =
        ImageBuffer::from_fn(40, 30, |x, y| Rgb([u8::try_from(x * 6).unwrap(), u8::try_from(y * 8).unwrap(), 99_u8]));
    let picture = DynamicImage::ImageRgb8(picture);
    let pdf = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Count 1/Kids[3 0 R]>>\nendobj\n\
        3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>\nendobj\n\
        4 0 obj\n<</Length 84>>\nstream\n1 0 0 rg 0 0 50 50 re f BT /F 12 Tf 5 100 Td (Hello) Tj ET q 0.5 0 0 2 10 10 cm 0 0 m 9 9 l S Q\nendstream\nendobj\n\
        5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>\nendobj\ntrailer\n<</Root 1 0 R/Size 6>>\n%%EOF\n";
    let formats =
        [ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::WebP, ImageFormat::Jpeg];
    let mut made: Vec<(String, Vec<u8>)> = formats
        .into_iter()
        .map(|format| {
            let mut bytes = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut bytes, format).unwrap();
            (format!("{format:?}"), bytes.into_inner())
        })
        .collect();
    made.push(("hello.pdf".to_owned(), pdf.to_vec()));
    made
}

#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Flip(usize, u8),
    Cut(usize),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let interesting = prop_oneof![Just(0_u8), Just(0xFF), Just(0x7F), Just(0x80), Just(b'<'), Just(b'{'), any::<u8>()];
    // Headers stand in front: change them more often than the rest.
    let place = || prop_oneof![2 => 0..700_usize, 1 => any::<usize>()];
    prop_oneof![
        4 => (place(), interesting).prop_map(|(at, value)| Change::Set(at, value)),
        4 => (place(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => place().prop_map(Change::Cut),
        1 => (place(), 1..64_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (place(), 1..64_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match *change {
        Change::Set(at, value) => bytes[at % length] = value,
        Change::Flip(at, bit) => bytes[at % length] ^= 1 << bit,
        Change::Cut(at) => bytes.truncate(at % length),
        Change::Remove(at, count) => {
            let at = at % length;
            bytes.drain(at..(at + count).min(length));
        }
        Change::Repeat(at, count) => {
            let at = at % length;
            let piece = bytes[at..(at + count).min(length)].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

/// `PROPTEST_CASES` asks for more, for a long run by hand.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_bytes_are_answered(name in ".{0,40}", bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        open_in_every_way(&name, &bytes);
    }

    #[test]
    fn arbitrary_bytes_behind_a_signature_are_answered(
        signature in prop::sample::select(vec![&b"\xFF\xD8\xFF\xE0"[..], b"\x89PNG\r\n\x1A\n", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"II*\0", b"MM\0*", b"BM", b"%PDF-1.7\n", b"<ClinicalDocument ", b"{\"resourceType\":", b"MSH|^~\\&|", b"\x08\0\x05\0CS"]),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        open_in_every_way("", &[signature, &bytes].concat());
    }

    #[test]
    fn any_name_gives_a_title(name in any::<String>(), code in 1..=21_u8) {
        let proposal = propose(&name, Kind::from_code(code).unwrap(), b"");
        prop_assert!(!proposal.title.trim().is_empty());
        prop_assert!(!proposal.title.chars().any(char::is_control));
    }

    #[test]
    fn metadata_round_trips(
        title in "[^ ].{0,299}",
        category in 1..=10_u8,
        date in prop::option::of((1..=9999_u16, 1..=12_u8, 1..=28_u8)),
        notes in ".{0,500}",
        file_name in ".{0,200}",
        kind in 1..=21_u8,
        size in any::<u64>(),
    ) {
        prop_assume!(!title.trim().is_empty() && title.chars().count() <= 300);
        let metadata = Metadata {
            title,
            category: Category::from_code(category).unwrap(),
            date: date.and_then(|(year, month, day)| Date::new(year, month, day)),
            notes,
            file_name,
            kind: Kind::from_code(kind).unwrap(),
            size,
        };
        prop_assert_eq!(Metadata::decode(&metadata.encode()), Ok(metadata));
    }

    #[test]
    fn what_is_decoded_is_encoded_to_the_same_bytes(changes in prop::collection::vec(change(), 1..4)) {
        let metadata = Metadata {
            title: "MRI".to_owned(), category: Category::Imaging, date: Date::new(2024, 3, 7), notes: "n".to_owned(),
            file_name: "f".to_owned(), kind: Kind::Dicom, size: 300,
        };
        let mut bytes = metadata.encode();
        for change in &changes {
            mutate(&mut bytes, change);
        }
        if let Ok(metadata) = Metadata::decode(&bytes) {
            prop_assert_eq!(metadata.encode(), bytes);
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn damaged_records_are_answered(seed in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        thread_local! {
            static SEEDS: Vec<(String, Vec<u8>)> = seeds();
        }
        let (name, mut bytes) = SEEDS.with(|seeds| seed.get(seeds).clone());
        for change in &changes {
            mutate(&mut bytes, change);
        }
        open_in_every_way(&name, &bytes);
    }
}

#[cfg(feature = "decode")]
proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_passes_for_a_preview_is_small(changes in prop::collection::vec(change(), 0..4)) {
        static PREVIEW: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let (_, picture) = made_here().swap_remove(0);
            records::thumbnail::thumbnail(Kind::Png, &picture).unwrap()
        });
        let mut bytes = PREVIEW.clone();
        for change in &changes {
            mutate(&mut bytes, change);
        }
        if is_preview(&bytes) {
            // What a decoder takes for the size is the size that was judged.
            let decoder = image::ImageReader::with_format(std::io::Cursor::new(&bytes), image::ImageFormat::Jpeg);
            let (width, height) = decoder.into_dimensions().unwrap_or((0, 0));
            prop_assert!(width.max(height) <= 512);
        } else {
            prop_assert!(!changes.is_empty());
        }
    }
}

/// Small files that claim to be, or unpack to, more than a device can hold. What takes time without end, such as forms in
/// a document that are nested fifty deep, is not tried here: in the browser, the thread that draws it is ended.
#[cfg(feature = "decode")]
mod bombs {
    use super::made_here;
    use image::ImageFormat;
    use records::dicom::DicomError;
    use records::image::ImageError;
    use records::{Kind, dicom};

    fn picture(format: ImageFormat) -> Vec<u8> {
        made_here().into_iter().find(|(name, _)| *name == format!("{format:?}")).unwrap().1
    }

    #[test]
    fn a_picture_that_claims_too_much_is_refused() {
        let claims = |format, at: usize, size: &[u8]| {
            let mut bytes = picture(format);
            bytes[at..at + size.len()].copy_from_slice(size);
            bytes
        };
        let mut png = claims(ImageFormat::Png, 16, &[0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0]);
        let checksum = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        for bomb in [
            png,
            claims(ImageFormat::Gif, 6, &[0xFF; 4]),
            claims(ImageFormat::Bmp, 18, &[0xE8, 0x80, 0, 0, 0xB8, 0x0B, 0, 0]),
        ] {
            assert_eq!(records::image::decode(&bomb), Err(ImageError::TooLarge));
            assert_eq!(records::thumbnail::thumbnail(Kind::detect("", &bomb), &bomb), None);
        }
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
    }

    /// An element with a number in it (DICOM PS3.5, 7.1.2).
    fn number(element: [u8; 4], value: u16) -> Vec<u8> {
        [&element[..], b"US\x02\0", &value.to_le_bytes()].concat()
    }

    /// A scan of 60,000 by 60,000 pixels, with a few bytes in place of them.
    fn large_scan(syntax: &[u8], pack: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let body = [
            number(*b"\x28\0\x02\0", 1),
            b"\x28\0\x04\0CS\x0C\0MONOCHROME2 ".to_vec(),
            number(*b"\x28\0\x10\0", 60_000),
            number(*b"\x28\0\x11\0", 60_000),
            number(*b"\x28\0\0\x01", 8),
            b"\xE0\x7F\x10\0OW\0\0\0\0\x10\0".to_vec(),
            vec![0; 1 << 20],
        ]
        .concat();
        let length = u16::try_from(syntax.len()).unwrap().to_le_bytes();
        [vec![0; 128], b"DICM\x02\0\x10\0UI".to_vec(), length.to_vec(), syntax.to_vec(), pack(&body)].concat()
    }

    #[test]
    fn a_scan_that_claims_too_much_is_refused() {
        let deflate = |body: &[u8]| miniz_oxide::deflate::compress_to_vec(body, 6);
        for bomb in
            [large_scan(b"1.2.840.10008.1.2.1\0", <[u8]>::to_vec), large_scan(b"1.2.840.10008.1.2.1.99", deflate)]
        {
            assert_eq!(dicom::first_frame(&bomb), Err(DicomError::TooLarge));
            assert_eq!(records::thumbnail::thumbnail(Kind::Dicom, &bomb), None);
        }
    }

    /// A document whose one page says nothing, for a very long time.
    fn long_winded(media_box: &str) -> Vec<u8> {
        let content = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b' '; 4 << 20], 6);
        assert!(content.len() < 10_000);
        let start = format!(
            "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Count 1/Kids[3 0 R]>>\nendobj\n\
            3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[{media_box}]/Contents 4 0 R>>\nendobj\n\
            4 0 obj\n<</Filter/FlateDecode/Length {}>>\nstream\n",
            content.len()
        );
        let end = b"\nendstream\nendobj\ntrailer\n<</Root 1 0 R/Size 5>>\n%%EOF\n";
        [start.as_bytes(), &content, end].concat()
    }

    #[test]
    fn a_document_unpacks_to_no_more_than_its_page() {
        let document = records::pdf::Document::open(long_winded("0 0 100 200")).unwrap();
        let pixels = document.render(0, 100).unwrap();
        assert_eq!((pixels.width, pixels.height), (100, 200));
        assert!(pixels.rgba.iter().all(|value| *value == u8::MAX));
    }
}
