//! Registries through the program: many writers at once, writers that are killed, full and read-only disks, damage,
//! promotion, signatures, and a server that follows an alias under load.

mod bench;
mod damage;
mod follow;
mod sign;
mod story;
mod writers;
