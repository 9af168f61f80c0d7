//! The viewer: pixels on a canvas that can be made larger and moved by pointer, wheel and keys.

use std::sync::Arc;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::web_sys;

use crate::ui::{Erase as _, Glyph, IconButton, Stage};
use crate::vault::{Pixels, use_vault};

/// Where the picture lies in its view. Pure, so that a test can drag it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// 1 fits the view.
    pub zoom: f64,
    /// Away from the middle, in pixels of the page.
    pub x: f64,
    /// The same, downwards.
    pub y: f64,
}

impl Place {
    /// The whole picture.
    pub const FIT: Self = Self { zoom: 1.0, x: 0.0, y: 0.0 };

    const MOST: f64 = 8.0;

    /// Moved, but never out of a view of this size.
    #[must_use]
    pub fn moved(self, right: f64, down: f64, (width, height): (f64, f64)) -> Self {
        let (most_x, most_y) = (width * (self.zoom - 1.0) / 2.0, height * (self.zoom - 1.0) / 2.0);
        Self { zoom: self.zoom, x: (self.x + right).clamp(-most_x, most_x), y: (self.y + down).clamp(-most_y, most_y) }
    }

    /// Larger or smaller by a factor, holding the point that lies at `at`, counted from the middle of the view.
    #[must_use]
    pub fn zoomed(self, factor: f64, at: (f64, f64), view: (f64, f64)) -> Self {
        let zoom = (self.zoom * factor).clamp(1.0, Self::MOST);
        let grown = zoom / self.zoom;
        Self { zoom, x: at.0 - (at.0 - self.x) * grown, y: at.1 - (at.1 - self.y) * grown }.moved(0.0, 0.0, view)
    }
}

/// A finger or a mouse button that is down: its number and where it is.
type Touch = (i32, f64, f64);

/// Shows pixels. What draws them anew (another page, a sharper one) sets the signal.
#[component]
pub fn Viewer(
    /// What is shown.
    #[prop(into)]
    label: String,
    /// The pixels; none while they are drawn.
    #[prop(into)]
    pixels: Signal<Option<Arc<Pixels>>>,
    /// Where the picture lies.
    place: RwSignal<Place>,
    /// Is being drawn.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Is a page of paper, higher than wide.
    #[prop(optional)]
    tall: bool,
    /// More tools, before those that change the size.
    #[prop(optional, into)]
    tools: ViewFnOnce,
) -> impl IntoView {
    let view_node = NodeRef::<html::Div>::new();
    let zoom_by =
        move |factor: f64| place.update(|place| *place = place.zoomed(factor, (0.0, 0.0), size_of(view_node)));
    let image_label = label.clone();
    view! {
        <Stage
            label
            tools=move || view! {
                {tools.run()}
                <span class="grow"></span>
                <IconButton glyph=Glyph::ZoomOut label="Smaller" disabled=Signal::derive(move || place.get().zoom <= 1.0) on_press=move || zoom_by(1.0 / 1.5) />
                <span class="number" aria-live="polite">{move || format!("{:.0} %", place.get().zoom * 100.0)}</span>
                <IconButton glyph=Glyph::ZoomIn label="Larger" disabled=Signal::derive(move || place.get().zoom >= Place::MOST) on_press=move || zoom_by(1.5) />
                <IconButton glyph=Glyph::FullScreen label="Show the whole picture" on_press=move || place.set(Place::FIT) />
            }
        >
            <Pan label=image_label pixels place busy tall view_node />
        </Stage>
    }
    .erased()
}

/// How large the view is, in pixels of the page.
fn size_of(view: NodeRef<html::Div>) -> (f64, f64) {
    view.get_untracked().map_or((1.0, 1.0), |view| (f64::from(view.client_width()), f64::from(view.client_height())))
}

/// The view: the picture, and the hands that move it.
#[component]
fn Pan(
    label: String,
    pixels: Signal<Option<Arc<Pixels>>>,
    place: RwSignal<Place>,
    busy: Signal<bool>,
    tall: bool,
    view_node: NodeRef<html::Div>,
) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    let vault = use_vault();
    Effect::new(move |_| {
        let (Some(canvas), Some(vault)) = (canvas.get(), vault.get()) else {
            return;
        };
        pixels.with(|pixels| {
            match pixels {
                Some(pixels) => vault.paint(canvas, pixels),
                // Setting its size empties it.
                None => canvas.set_width(canvas.width()),
            }
        });
    });
    let view_size = move || size_of(view_node);
    let touches = StoredValue::new(Vec::<Touch>::new());
    let from_middle = move |x: f64, y: f64| {
        let view = view_node.get_untracked().map(|view| view.get_bounding_client_rect());
        view.map_or((0.0, 0.0), |view| (x - view.left() - view.width() / 2.0, y - view.top() - view.height() / 2.0))
    };
    // A whole picture does not hold up whoever scrolls past it.
    let larger = Memo::new(move |_| place.get().zoom > 1.0);
    let wheel = move |event: ev::WheelEvent| {
        // Two fingers on a touchpad come as a wheel with Ctrl.
        if !larger.get_untracked() && !event.ctrl_key() {
            return;
        }
        event.prevent_default();
        let at = from_middle(f64::from(event.client_x()), f64::from(event.client_y()));
        let factor = if event.delta_y() < 0.0 { 1.15 } else { 1.0 / 1.15 };
        place.update(|place| *place = place.zoomed(factor, at, view_size()));
    };
    let down = move |event: ev::PointerEvent| {
        if let Some(view) = view_node.get_untracked() {
            // Without capture a drag merely ends at the edge of the view.
            drop(view.set_pointer_capture(event.pointer_id()));
        }
        let touch = (event.pointer_id(), f64::from(event.client_x()), f64::from(event.client_y()));
        touches.update_value(|touches| touches.push(touch));
    };
    let moved = move |event: ev::PointerEvent| {
        let own = (event.pointer_id(), f64::from(event.client_x()), f64::from(event.client_y()));
        let before = touches.get_value();
        let Some(last) = before.iter().find(|touch| touch.0 == own.0).copied() else {
            return;
        };
        let other = before.iter().find(|touch| touch.0 != own.0).copied();
        place.update(|place| {
            *place = match other {
                None => place.moved(own.1 - last.1, own.2 - last.2, view_size()),
                Some(other) => {
                    let apart = |touch: Touch| (touch.1 - other.1).hypot(touch.2 - other.2).max(1.0);
                    let middle = from_middle(f64::midpoint(own.1, other.1), f64::midpoint(own.2, other.2));
                    place.zoomed(apart(own) / apart(last), middle, view_size())
                }
            };
        });
        touches.update_value(|touches| {
            for touch in touches.iter_mut().filter(|touch| touch.0 == own.0) {
                *touch = own;
            }
        });
    };
    let up = move |event: ev::PointerEvent| {
        touches.update_value(|touches| touches.retain(|touch| touch.0 != event.pointer_id()));
    };
    let keys = move |event: ev::KeyboardEvent| {
        // The browser's own, such as a larger page.
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let key = event.key();
        if key.starts_with("Arrow") && !larger.get_untracked() {
            return;
        }
        let step = 48.0;
        let change: Box<dyn Fn(Place) -> Place> = match key.as_str() {
            "ArrowLeft" => Box::new(move |place| place.moved(step, 0.0, view_size())),
            "ArrowRight" => Box::new(move |place| place.moved(-step, 0.0, view_size())),
            "ArrowUp" => Box::new(move |place| place.moved(0.0, step, view_size())),
            "ArrowDown" => Box::new(move |place| place.moved(0.0, -step, view_size())),
            "+" | "=" => Box::new(move |place| place.zoomed(1.5, (0.0, 0.0), view_size())),
            "-" => Box::new(move |place| place.zoomed(1.0 / 1.5, (0.0, 0.0), view_size())),
            "0" => Box::new(|_| Place::FIT),
            _ => return,
        };
        event.prevent_default();
        place.update(|place| *place = change(*place));
    };
    let about = format!("{label}. Arrow keys move it, plus and minus change its size, zero shows it whole.");
    view! {
        <div
            class="stage-pan"
            class:waiting=move || busy.get()
            class:tall=tall
            class:larger=move || larger.get()
            tabindex="0"
            role="group"
            aria-label=about
            aria-busy=move || busy.get().then_some("true")
            node_ref=view_node
            on:wheel=wheel
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=up
            on:keydown=keys
        >
            <canvas
                node_ref=canvas
                role="img"
                aria-label=label
                style=("--zoom", move || place.get().zoom.to_string())
                style=("--x", move || format!("{}px", place.get().x))
                style=("--y", move || format!("{}px", place.get().y))
            ></canvas>
        </div>
    }
    .erased()
}

/// The width in which a page is drawn: sharp on the screen that it is shown on, and never too large to hold.
pub fn page_width(zoom: f64) -> u32 {
    let dense = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
    let steps = (zoom.clamp(1.0, 3.0) * dense.clamp(1.0, 2.0)).ceil();
    // One of six widths: a page is not drawn again for every turn of a wheel.
    [900, 1800, 2700, 3000]
        .into_iter()
        .zip(1_u32..)
        .find(|(_, step)| f64::from(*step) >= steps)
        .map_or(3000, |(width, _)| width)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: (f64, f64) = (400.0, 300.0);

    #[test]
    fn a_whole_picture_cannot_be_moved_away() {
        assert_eq!(Place::FIT.moved(50.0, -20.0, VIEW), Place::FIT);
    }

    #[test]
    fn a_larger_picture_moves_as_far_as_its_edge() {
        let large = Place::FIT.zoomed(2.0, (0.0, 0.0), VIEW);
        let place = large.moved(1000.0, -1000.0, VIEW);
        assert!((place.x - 200.0).abs() < 0.01 && (place.y + 150.0).abs() < 0.01, "{place:?}");
    }

    #[test]
    fn the_point_under_the_pointer_stays() {
        let place = Place::FIT.zoomed(2.0, (100.0, 50.0), VIEW);
        assert!((place.x + 100.0).abs() < 0.01 && (place.y + 50.0).abs() < 0.01, "{place:?}");
        assert_eq!(place.zoomed(0.01, (100.0, 50.0), VIEW), Place::FIT);
    }
}
