//! The drawings, by what they mean here, so that one meaning has one drawing everywhere.

use icondata_core::IconData;
use leptos::prelude::*;

/// The arch of the mark as a line drawing, for everything about sharing.
static BRIDGE: IconData = IconData {
    style: None,
    x: None,
    y: None,
    width: Some("24"),
    height: Some("24"),
    view_box: Some("0 0 24 24"),
    stroke_linecap: Some("round"),
    stroke_linejoin: Some("round"),
    stroke_width: Some("2"),
    stroke: Some("currentColor"),
    fill: Some("none"),
    data: r#"<path d="M4 17.5c0-6 3.5-9.5 8-9.5s8 3.5 8 9.5M2.5 17.5h19M8 9.6v7.9M12 8v9.5M16 9.6v7.9"/>"#,
};

/// A slice through a body on its plate: the set has only an empty view-finder.
static PLATE: IconData = IconData {
    data: r#"<rect x="3.5" y="3.5" width="17" height="17" rx="3"/><circle cx="12" cy="12" r="4.75"/><path d="M12 7.25v9.5M7.25 12h9.5"/>"#,
    ..BRIDGE
};

macro_rules! glyphs {
    ($($(#[$doc:meta])* $name:ident => $icon:expr),+ $(,)?) => {
        /// What a drawing means. Only these reach the browser; the rest of the icon set is left out of the build.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Glyph { $($(#[$doc])* $name),+ }

        impl Glyph {
            /// Every drawing, for the gallery.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The drawing itself.
            pub fn data(self) -> icondata_core::Icon {
                match self { $(Self::$name => $icon),+ }
            }
        }
    };
}

glyphs! {
    /// The start page.
    Home => icondata_lu::LuHouse,
    /// The list of records.
    Records => icondata_lu::LuFileText,
    /// Put something in.
    Add => icondata_lu::LuPlus,
    /// Sharing, access, a request.
    Sharing => &BRIDGE,
    /// What happened.
    Activity => icondata_lu::LuActivity,
    /// Sealed, signed out of the keys.
    Locked => icondata_lu::LuLock,
    /// The keys are here.
    Unlocked => icondata_lu::LuLockOpen,
    /// Notices.
    Notices => icondata_lu::LuBell,
    /// Look for something.
    Search => icondata_lu::LuSearch,
    /// Yes, checked, verified.
    Check => icondata_lu::LuCheck,
    /// Waiting, time.
    Clock => icondata_lu::LuClock,
    /// A day.
    Calendar => icondata_lu::LuCalendar,
    /// Show, seen, opened.
    Eye => icondata_lu::LuEye,
    /// Hide.
    EyeOff => icondata_lu::LuEyeOff,
    /// Save a copy.
    SaveCopy => icondata_lu::LuDownload,
    /// Bring a file in.
    Upload => icondata_lu::LuUpload,
    /// Stop sharing.
    StopSharing => icondata_lu::LuCircleX,
    /// Close, take away.
    Close => icondata_lu::LuX,
    /// Took place as wished.
    Done => icondata_lu::LuCircleCheck,
    /// Did not take place.
    Failed => icondata_lu::LuCircleAlert,
    /// Look before you go on.
    Warning => icondata_lu::LuTriangleAlert,
    /// Something to know.
    Info => icondata_lu::LuInfo,
    /// More acts.
    More => icondata_lu::LuEllipsis,
    /// Go on, open.
    Next => icondata_lu::LuChevronRight,
    /// Go back, the one before.
    Back => icondata_lu::LuChevronLeft,
    /// Open a list.
    Down => icondata_lu::LuChevronDown,
    /// Delete.
    Delete => icondata_lu::LuTrash2,
    /// Change.
    Edit => icondata_lu::LuPencil,
    /// People, patients.
    People => icondata_lu::LuUsers,
    /// A person, the account.
    Person => icondata_lu::LuUser,
    /// A person to ask or to add.
    AddPerson => icondata_lu::LuUserPlus,
    /// Settings.
    Settings => icondata_lu::LuSettings,
    /// Print.
    Print => icondata_lu::LuPrinter,
    /// Copy words.
    Copy => icondata_lu::LuCopy,
    /// Take a picture.
    Camera => icondata_lu::LuCamera,
    /// A square code to scan.
    Code => icondata_lu::LuQrCode,
    /// A passkey.
    Passkey => icondata_lu::LuFingerprint,
    /// A key, the recovery kit.
    Key => icondata_lu::LuKeyRound,
    /// Protection, a verified person.
    Shield => icondata_lu::LuShieldCheck,
    /// A message.
    Message => icondata_lu::LuMessageSquare,
    /// Mail.
    Mail => icondata_lu::LuMail,
    /// A call.
    Phone => icondata_lu::LuPhone,
    /// No connection.
    Offline => icondata_lu::LuWifiOff,
    /// Again.
    Again => icondata_lu::LuRefreshCw,
    /// Leave.
    SignOut => icondata_lu::LuLogOut,
    /// The inbox of what others added.
    Inbox => icondata_lu::LuInbox,
    /// Care team.
    Care => icondata_lu::LuStethoscope,
    /// A caregiver.
    Caregiver => icondata_lu::LuHandHeart,
    /// An emergency.
    Emergency => icondata_lu::LuSiren,
    /// A device that measures.
    Bluetooth => icondata_lu::LuBluetooth,
    /// A computer.
    Computer => icondata_lu::LuMonitor,
    /// A phone as a device.
    Device => icondata_lu::LuSmartphone,
    /// A file of no known kind.
    File => icondata_lu::LuFile,
    /// A picture file.
    Picture => icondata_lu::LuImage,
    /// Larger.
    ZoomIn => icondata_lu::LuZoomIn,
    /// Smaller.
    ZoomOut => icondata_lu::LuZoomOut,
    /// Turn a quarter.
    Turn => icondata_lu::LuRotateCw,
    /// Light and dark of a picture.
    Contrast => icondata_lu::LuContrast,
    /// Fill the screen.
    FullScreen => icondata_lu::LuMaximize,
    /// Measure a length.
    Measure => icondata_lu::LuRuler,
    /// Play.
    Play => icondata_lu::LuPlay,
    /// Pause.
    Pause => icondata_lu::LuPause,
    /// Category: imaging.
    Imaging => &PLATE,
    /// Category: laboratory.
    Laboratory => icondata_lu::LuFlaskConical,
    /// Category: visit notes.
    VisitNotes => icondata_lu::LuNotebookPen,
    /// Category: hospital stays.
    HospitalStays => icondata_lu::LuBedDouble,
    /// Category: medications.
    Medications => icondata_lu::LuPill,
    /// Category: immunisations.
    Immunisations => icondata_lu::LuSyringe,
    /// Category: vital signs.
    VitalSigns => icondata_lu::LuHeartPulse,
    /// Category: procedures.
    Procedures => icondata_lu::LuBandage,
    /// Category: insurance and legal.
    InsuranceAndLegal => icondata_lu::LuScale,
    /// Category: anything else.
    Other => icondata_lu::LuFolder,
}

impl Glyph {
    /// The drawing of a record category, by its slug; an unknown slug gets the one for `other`.
    pub fn of_category(slug: &str) -> Self {
        match slug {
            "imaging" => Self::Imaging,
            "laboratory" => Self::Laboratory,
            "visit-notes" => Self::VisitNotes,
            "hospital-stays" => Self::HospitalStays,
            "medications" => Self::Medications,
            "immunisations" => Self::Immunisations,
            "vital-signs" => Self::VitalSigns,
            "procedures" => Self::Procedures,
            "insurance-and-legal" => Self::InsuranceAndLegal,
            _ => Self::Other,
        }
    }
}

/// How large a drawing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IconSize {
    /// 17 px, beside small words.
    Small,
    /// 22 px, beside words and in buttons.
    #[default]
    Medium,
    /// 36 px, on its own.
    Large,
}

/// A drawing. It is never read aloud: the words beside it, or the label of its button, say what it means.
#[component]
pub fn Icon(
    /// Which one.
    glyph: Glyph,
    /// How large.
    #[prop(optional)]
    size: IconSize,
) -> impl IntoView {
    let class = match size {
        IconSize::Small => "icon small",
        IconSize::Medium => "icon",
        IconSize::Large => "icon large",
    };
    view! { <span class=class aria-hidden="true" inner_html=svg(glyph)></span> }
}

/// The whole set is drawn with the same pen; a drawing never changes, so it takes part in no update of the page.
fn svg(glyph: Glyph) -> String {
    const PEN: &str =
        r#"fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round""#;
    format!(r#"<svg viewBox="0 0 24 24" width="1em" height="1em" {PEN}>{}</svg>"#, glyph.data().data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_drawing_is_made_for_the_same_pen() {
        for glyph in Glyph::ALL {
            let icon = glyph.data();
            assert_eq!((icon.view_box, icon.style, icon.x, icon.y), (Some("0 0 24 24"), None, None, None), "{glyph:?}");
            assert_eq!((icon.fill, icon.stroke, icon.stroke_width), (Some("none"), Some("currentColor"), Some("2")));
            assert_eq!((icon.stroke_linecap, icon.stroke_linejoin), (Some("round"), Some("round")), "{glyph:?}");
        }
    }

    #[test]
    fn a_category_nobody_knows_gets_the_folder() {
        assert_eq!(Glyph::of_category("dreams"), Glyph::Other);
        assert_eq!(Glyph::of_category("vital-signs"), Glyph::VitalSigns);
    }
}
