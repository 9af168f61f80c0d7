//! The shape of what is about to come, so that nothing jumps when it does.

use leptos::prelude::*;

use super::Erase as _;

/// What is about to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SkeletonShape {
    /// Rows with a tile and two lines.
    #[default]
    Rows,
    /// Lines of text.
    Lines,
    /// One block: a chart, a picture.
    Block,
}

/// Grey shapes while something loads; a screen reader hears the label.
#[component]
pub fn Skeleton(
    /// What is being fetched: "Getting your records".
    #[prop(into)]
    label: TextProp,
    /// What is about to come.
    #[prop(optional)]
    shape: SkeletonShape,
    /// How many rows or lines.
    #[prop(default = 3)]
    count: usize,
) -> impl IntoView {
    let bones = match shape {
        SkeletonShape::Rows => (0..count)
            .map(|_| {
                view! {
                    <div class="item">
                        <div class="lead">
                            <span class="bone tile"></span>
                            <div class="item-words">
                                <span class="bone long"></span>
                                <span class="bone short"></span>
                            </div>
                        </div>
                    </div>
                }
            })
            .collect_view()
            .erased(),
        SkeletonShape::Lines => (0..count)
            .map(|line| {
                let class = if line + 1 == count { "bone short" } else { "bone" };
                view! { <span class=class></span> }
            })
            .collect_view()
            .erased(),
        SkeletonShape::Block => view! { <span class="bone block"></span> }.erased(),
    };
    let gap = if shape == SkeletonShape::Rows { "list" } else { "skeleton-lines stack near" };
    view! {
        <div class="skeleton" role="status">
            <span class="heard">{move || label.get()}</span>
            <div class=gap aria-hidden="true">{bones}</div>
        </div>
    }
    .erased()
}
