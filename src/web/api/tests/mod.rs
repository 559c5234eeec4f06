//! The API as a program sees it: real requests to the real router over a store in a folder of its own.

mod bench;
mod callbacks;
mod calls;
mod campaigns;
mod consent;
mod dnc_age;
mod explain;
mod imports;
mod lifecycle;
mod queues;
mod refusals;
mod rehearsal;
mod stop;
mod times;
