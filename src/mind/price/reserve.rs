//! What the worst case of a call is reckoned from: the prices of its minutes, whatever agent speaks.

use super::table::Metered;
use super::{AMD, CALL, PriceTable, SPOKEN_PER_MINUTE, STREAM, in_force};
use crate::domain::money::NanoUsd;
use crate::domain::reserve::CallReserve;
use crate::domain::time::Timestamp;
use crate::mind::ledger::Service;

const MINUTE_MS: u64 = 60_000;
/// For the models of a call: as much as the agents we ship allow theirs.
const MODELS: NanoUsd = NanoUsd(50_000_000);

impl PriceTable {
    /// By the prices of now; ears and mouth are the dearest there are, because a campaign's agent may change.
    #[must_use]
    pub fn reserve(&self, floor: NanoUsd, now: Timestamp) -> CallReserve {
        let telephone = |product, units| self.metered(Service::Telephony, product, now).map_or(NanoUsd::ZERO, |price| price.cost(units));
        CallReserve {
            floor,
            once: telephone(AMD, 1) + MODELS,
            telephone_minute: telephone(CALL, MINUTE_MS) + telephone(STREAM, MINUTE_MS),
            speech_minute: self.dearest_minute(Service::Stt, MINUTE_MS, now) + self.dearest_minute(Service::Tts, MINUTE_MS / 2, now),
        }
    }

    /// What is paid by the minute takes `ms` of one.
    fn dearest_minute(&self, service: Service, ms: u64, now: Timestamp) -> NanoUsd {
        let known = self.metered.iter().filter(|((of, _), _)| *of == service).filter_map(|(_, entries)| in_force(entries, now));
        let units = |price: &Metered| if price.is_timed() { ms } else { SPOKEN_PER_MINUTE };
        known.map(|price| price.cost(units(price))).max().unwrap_or(NanoUsd::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_prices_leave_a_call_of_ten_minutes_below_the_shipped_floor() {
        let reserve = PriceTable::built_in().reserve(NanoUsd(1), "2026-11-23T10:00:00Z".parse().unwrap());
        assert_eq!((reserve.floor, reserve.once), (NanoUsd(1), NanoUsd(57_500_000)));
        assert_eq!(reserve.telephone_minute, NanoUsd(18_400_000), "the call and its stream");
        assert_eq!(reserve.speech_minute, NanoUsd(7_800_000 + 13_500_000), "every minute is heard, half of it is spoken");
        let ten_and_a_half = reserve.once.0 + 11 * (reserve.telephone_minute.0 + reserve.speech_minute.0);
        assert!(ten_and_a_half <= NanoUsd::from_usd(0.5).0, "{ten_and_a_half}");
    }

    #[test]
    fn what_has_no_price_costs_nothing() {
        let reserve = PriceTable::default().reserve(NanoUsd(1), "2026-11-23T10:00:00Z".parse().unwrap());
        assert_eq!(reserve, CallReserve { once: MODELS, ..CallReserve::flat(NanoUsd(1)) });
    }
}
