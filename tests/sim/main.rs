//! The daemon in simulation: whole lives, by the thousand, from seeds.

mod shape;
mod sweep;
