//! The design system: every part a page is made of, so that all pages look, behave and speak alike.
//!
//! Parts know nothing of records or vaults: they take words, flags and signals. None of them writes an inline
//! style, so that the page's security policy may forbid inline styles. What they look like is in `style/`; how
//! they speak is in `style/WORDS.md`.

pub mod alert;
pub mod bare;
pub mod button;
pub mod card;
pub mod chip;
pub mod choose;
pub mod dialog;
pub mod empty;
pub mod erased;
pub mod field;
pub mod files;
pub mod frame;
pub mod gallery;
pub mod icon;
pub mod list;
pub mod long;
pub mod mark;
pub mod meter;
pub mod phrase;
pub mod place;
pub mod progress;
pub mod skeleton;
pub mod stage;
pub mod steps;
pub mod terms;
pub mod toast;
pub mod tone;
pub mod until;

pub use alert::Alert;
pub use bare::BareFrame;
pub use button::{Button, ButtonKind, IconButton, LinkButton};
pub use card::{Card, CardTone};
pub use chip::{Chip, ToggleChip};
pub use choose::{Checkbox, Choice, Choices, Select, Switch};
pub use dialog::Dialog;
pub use empty::EmptyState;
pub use erased::{Children, Erase};
pub use field::{FieldError, PasswordField, SearchField, TextArea, TextField};
pub use files::{DropZone, FileRow, FileState};
pub use frame::{AppFrame, Side};
pub use gallery::Gallery;
pub use icon::{Glyph, Icon, IconSize};
pub use list::{Face, Fact, Facts, List, LongRow, Row, category_tile};
pub use long::{LongLayout, LongList, LongPlace};
pub use mark::{Mark, MarkSign};
pub use meter::StrengthMeter;
pub use phrase::{RecoveryCode, SafetyPhrase};
pub use progress::Progress;
pub use skeleton::{Skeleton, SkeletonShape};
pub use stage::Stage;
pub use steps::Steps;
pub use terms::{LONGEST, PlainTerms, TERMS};
pub use toast::{ToastRegion, Toasts, provide_toasts, use_toasts};
pub use tone::Tone;
pub use until::Until;
