//! A deployment's own prices: in front of the shipped ones, for everything this process prices.

use std::sync::OnceLock;

use super::PriceTable;

static IN_USE: OnceLock<PriceTable> = OnceLock::new();

impl PriceTable {
    /// The table this process prices with: the shipped one, until another one was installed.
    #[must_use]
    pub fn in_use() -> &'static Self {
        IN_USE.get().unwrap_or_else(Self::built_in)
    }

    /// Prices with this table from now on; once per process, before anything is priced.
    pub fn install(self) {
        // a second one would change prices under running calls
        let _ = IN_USE.set(self);
    }

    /// This table with `own` in front: what a model or service costs is told by one of the two alone, so that a later list price
    /// in here never overrides a price that was negotiated. Own models keep the shipped `live_effort` where they name none.
    #[must_use]
    pub fn with(mut self, own: Self) -> Self {
        for (model, mut entries) in own.llm {
            let shipped = self.live_effort(&model).map(str::to_owned);
            for (_, entry) in &mut entries {
                entry.live_effort = entry.live_effort.take().or_else(|| shipped.clone());
            }
            self.llm.insert(model, entries);
        }
        self.metered.extend(own.metered);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::NanoUsd;
    use crate::domain::time::Timestamp;
    use crate::mind::ledger::{Service, Tier};
    use crate::providers::Usage;

    const OWN: &str = r#"
        [[llm]]
        model = "gpt-6-luna"
        effective_from = "2026-01-01T00:00:00Z"
        input = 0.08
        cached = 0.008
        output = 0.4
        source = "our contract"
        [[llm]]
        model = "house-model"
        effective_from = "2026-01-01T00:00:00Z"
        input = 0.01
        cached = 0.01
        output = 0.02
        source = "our own machine"
        [[metered]]
        service = "tts"
        model = "aura-2"
        family = true
        unit = "thousand_chars"
        price = 0.02
        effective_from = "2026-01-01T00:00:00Z"
        source = "our contract"
    "#;

    fn cost(table: &PriceTable, service: Service, model: &str, at: &str) -> Option<NanoUsd> {
        let at: Timestamp = at.parse().unwrap();
        let usage = Usage { tokens_in: 1_000_000, tokens_cached: 0, tokens_out: 0 };
        table.cost(service, model, Tier::Standard, usage, 1_000, at).ok()
    }

    #[test]
    fn own_entries_stand_in_front_and_the_rest_stays() {
        let table = PriceTable::built_in().clone().with(PriceTable::parse(OWN).unwrap());
        let (now, llm, tts) = ("2026-11-29T00:00:00Z", Service::Llm, Service::Tts);
        assert_eq!(cost(&table, llm, "gpt-6-luna", now), Some(NanoUsd(80_000_000)), "before the list price of September, too");
        assert_eq!(cost(&table, llm, "house-model", now), Some(NanoUsd(10_000_000)));
        assert_eq!(cost(&table, tts, "aura-2-thalia-en", now), Some(NanoUsd(20_000_000)));
        assert_eq!(cost(&table, llm, "gpt-6-sol", now), cost(PriceTable::built_in(), llm, "gpt-6-sol", now));
        assert_eq!(cost(&table, tts, "aura-asteria-en", now), Some(NanoUsd(15_000_000)), "another family");
    }

    #[test]
    fn a_price_alone_does_not_change_how_a_model_is_asked() {
        let table = PriceTable::built_in().clone().with(PriceTable::parse(OWN).unwrap());
        assert_eq!(table.live_effort("gpt-6-luna"), Some("none"));
        assert_eq!(table.live_effort("house-model"), None);
        let own = OWN.replacen("output = 0.4", "output = 0.4\nlive_effort = \"low\"", 1);
        let table = PriceTable::built_in().clone().with(PriceTable::parse(&own).unwrap());
        assert_eq!(table.live_effort("gpt-6-luna"), Some("low"));
    }
}
