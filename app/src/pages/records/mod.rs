//! Records: the list, adding, showing and changing them.

pub mod acts;
pub mod add;
pub mod chosen;
pub mod details;
pub mod edit;
pub mod filter;
pub mod list;
pub mod pick;
pub mod rows;
pub mod show;
pub mod sought;
pub mod uploads;
pub mod viewer;
