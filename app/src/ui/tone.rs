//! One list of tones, so that a state has the same colour wherever it is said.

use super::Glyph;

/// What a chip, an alert or a toast wants to be taken for. The words must say it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// A fact, nothing more.
    #[default]
    Plain,
    /// All is well, or something went well.
    Good,
    /// Look at this before it is late.
    Warn,
    /// Something failed, or ends something.
    Stop,
    /// New, or about HealthBridge itself.
    Brand,
}

impl Tone {
    /// The CSS class of the tone; empty for [`Tone::Plain`].
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Stop => "stop",
            Self::Brand => "brand",
        }
    }

    /// The shape that says the same as the colour.
    pub fn glyph(self) -> Glyph {
        match self {
            Self::Plain | Self::Brand => Glyph::Info,
            Self::Good => Glyph::Done,
            Self::Warn => Glyph::Warning,
            Self::Stop => Glyph::Failed,
        }
    }
}
