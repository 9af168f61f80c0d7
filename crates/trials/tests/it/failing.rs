//! Stores that fail under the server.

mod blobs;
mod commits;
