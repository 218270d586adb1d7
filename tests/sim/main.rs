//! The daemon in simulation: whole lives, by the thousand, from seeds.

mod exhaust;
mod failing;
mod faults;
mod options;
mod render;
mod restart;
mod same;
mod shape;
mod sweep;
mod ugly;
