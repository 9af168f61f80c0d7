//! Stores that fail under the server.

mod blobs;
mod commits;
mod lists;
mod moody;
