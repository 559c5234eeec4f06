//! Lists as people send them, and as enemies do: each case goes through the real API into a real store of each engine, has
//! one expected answer for both, and every row of it is accounted for.

mod bench;
mod encodings;
mod exports;
mod phones;
mod shapes;
mod workbooks;
