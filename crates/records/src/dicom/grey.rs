//! From stored values to the greys that a radiologist meant to be seen (DICOM PS3.3, C.11.1 and C.11.2).

use super::data_set::DataSet;
use super::frame::{Layout, Photometric};
use super::tag;

/// A value of interest window, in rescaled values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Window {
    Linear { lowest: f32, highest: f32 },
    Sigmoid { centre: f32, width: f32 },
}

pub(super) fn apply(values: &[f32], layout: &Layout, data: &DataSet<'_>) -> Vec<u8> {
    let slope = data.decimal(tag::RESCALE_SLOPE).map_or(1.0, narrow);
    let intercept = data.decimal(tag::RESCALE_INTERCEPT).map_or(0.0, narrow);
    let slope = if slope == 0.0 { 1.0 } else { slope };
    let rescale = |value: f32| value * slope + intercept;
    let window = window(data).unwrap_or_else(|| {
        let padding = data.unsigned_short(tag::PIXEL_PADDING_VALUE).map(|word| layout.value(u32::from(word)));
        let seen = values.iter().copied().filter(|value| Some(*value) != padding).map(rescale);
        let (lowest, highest) = seen.fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(value), high.max(value)));
        Window::Linear { lowest, highest }
    });
    let inverted = layout.photometric == Photometric::Monochrome1;
    values
        .iter()
        .flat_map(|value| {
            let grey = window.grey(rescale(*value));
            let grey = if inverted { u8::MAX - grey } else { grey };
            [grey, grey, grey, u8::MAX]
        })
        .collect()
}

fn window(data: &DataSet<'_>) -> Option<Window> {
    let centre = narrow(data.decimal(tag::WINDOW_CENTER)?);
    let width = narrow(data.decimal(tag::WINDOW_WIDTH)?);
    match data.text(tag::VOI_LUT_FUNCTION).as_deref() {
        Some("SIGMOID") if width > 0.0 => Some(Window::Sigmoid { centre, width }),
        Some("LINEAR_EXACT") if width > 0.0 => {
            Some(Window::Linear { lowest: centre - width / 2.0, highest: centre + width / 2.0 })
        }
        _ if width >= 1.0 => {
            let half = (width - 1.0) / 2.0;
            Some(Window::Linear { lowest: centre - 0.5 - half, highest: centre - 0.5 + half })
        }
        _ => None,
    }
}

impl Window {
    fn grey(self, value: f32) -> u8 {
        match self {
            Self::Linear { lowest, highest } if highest > lowest => {
                to_byte((value - lowest) / (highest - lowest) * 255.0)
            }
            Self::Linear { highest, .. } => {
                if value > highest {
                    u8::MAX
                } else {
                    0
                }
            }
            Self::Sigmoid { centre, width } => to_byte(255.0 / (1.0 + (-4.0 * (value - centre) / width).exp())),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "greys need no more than this")]
fn narrow(value: f64) -> f32 {
    value.clamp(-1e30, 1e30) as f32
}

/// Rounded and held within 0 to 255.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is held within the range before"
)]
pub(super) fn to_byte(value: f32) -> u8 {
    (value + 0.5).clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_linear_window_spreads_its_values_and_holds_the_rest() {
        let window = Window::Linear { lowest: 0.0, highest: 255.0 };
        assert_eq!([-5.0, 0.0, 100.0, 255.0, 300.0].map(|value| window.grey(value)), [0, 0, 100, 255, 255]);
    }

    #[test]
    fn a_flat_picture_is_dark_and_not_a_division_by_zero() {
        assert_eq!(Window::Linear { lowest: 7.0, highest: 7.0 }.grey(7.0), 0);
    }

    #[test]
    fn a_sigmoid_window_is_half_bright_in_its_centre() {
        let window = Window::Sigmoid { centre: 50.0, width: 100.0 };
        assert_eq!([-1000.0, 50.0, 1000.0].map(|value| window.grey(value)), [0, 128, 255]);
    }
}
