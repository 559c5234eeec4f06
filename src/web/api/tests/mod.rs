//! The API as a program sees it: real requests to the real router over a store in a folder of its own.

mod audit;
mod bench;
mod callbacks;
mod calls;
mod campaigns;
mod consent;
mod cut_off;
mod dnc_age;
mod doubts;
mod explain;
mod export;
mod half_undone;
mod imports;
mod interrupted;
mod keyed;
mod lacks;
mod lifecycle;
mod one_lead;
mod queues;
mod refusals;
mod rehearsal;
mod stop;
mod suppressions;
mod times;
mod transfer;
mod unspoken;
