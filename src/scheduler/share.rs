//! Who gets the free lines: shares by weight, nothing left idle while somebody could use it.

/// One campaign's claim on the free lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Its weight; zero takes only what nobody else wants.
    pub weight: u32,
    /// Lines it could use now.
    pub wants: u32,
    /// Lines it uses already: whoever uses less for its weight goes first.
    pub uses: u32,
}

/// Gives out `free` lines one by one, each to the campaign that has the least for its weight. Shapes: one number per demand.
#[must_use]
pub fn share(free: u32, demands: &[Demand]) -> Vec<u32> {
    let mut given = vec![0; demands.len()];
    for _ in 0..free {
        let next = (0..demands.len()).filter(|&i| given[i] < demands[i].wants).min_by_key(|&i| burden(&demands[i], given[i]));
        match next {
            Some(index) => given[index] += 1,
            None => break,
        }
    }
    given
}

/// Lines per weight after one more, scaled so that integers compare; weightless campaigns come last.
fn burden(demand: &Demand, given: u32) -> u64 {
    let lines = u64::from(demand.uses) + u64::from(given) + 1;
    match demand.weight {
        0 => u64::MAX / 2 + lines,
        weight => lines * 1_000_000 / u64::from(weight),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn demand(weight: u32, wants: u32, uses: u32) -> Demand {
        Demand { weight, wants, uses }
    }

    #[test]
    fn lines_follow_the_weights() {
        assert_eq!(share(12, &[demand(1, 100, 0), demand(3, 100, 0)]), vec![3, 9]);
        assert_eq!(share(10, &[demand(1, 100, 0), demand(1, 2, 0)]), vec![8, 2]);
        assert_eq!(share(4, &[demand(1, 100, 4), demand(1, 100, 0)]), vec![0, 4]);
    }

    #[test]
    fn a_weightless_campaign_takes_what_is_left() {
        assert_eq!(share(5, &[demand(0, 9, 0), demand(2, 3, 0)]), vec![2, 3]);
    }

    #[test]
    fn over_time_calls_follow_the_weights_too() {
        // Calls last between two and eleven looks; twelve lines are shared by campaigns of weights 1, 2 and 3.
        let (weights, mut under_way) = ([1_u32, 2, 3], [const { Vec::<u32>::new() }; 3]);
        let mut dialed = [0_u32; 3];
        for look in 0..3_000_u32 {
            let uses = |calls: &Vec<u32>| u32::try_from(calls.len()).unwrap();
            let free = 12 - under_way.iter().map(uses).sum::<u32>();
            let demands: Vec<Demand> = weights.iter().zip(&under_way).map(|(weight, calls)| demand(*weight, 99, uses(calls))).collect();
            for (campaign, given) in share(free, &demands).into_iter().enumerate() {
                dialed[campaign] += given;
                under_way[campaign].extend((0..given).map(|call| look + 2 + (look * 7 + call * 3) % 10));
            }
            under_way.iter_mut().for_each(|calls| calls.retain(|end| *end > look));
        }
        let all: f64 = dialed.iter().copied().map(f64::from).sum();
        for (campaign, weight) in weights.iter().enumerate() {
            let (share, fair) = (f64::from(dialed[campaign]) / all, f64::from(*weight) / 6.0);
            assert!((share - fair).abs() < 0.05, "weight {weight}: {share:.3} instead of {fair:.3}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_idle_and_nobody_gets_more_than_asked(free in 0_u32..60, asks in prop::collection::vec((0_u32..5, 0_u32..30, 0_u32..30), 0..6)) {
            let demands: Vec<Demand> = asks.into_iter().map(|(weight, wants, uses)| demand(weight, wants, uses)).collect();
            let given = share(free, &demands);
            let wanted: u32 = demands.iter().map(|d| d.wants).sum();
            prop_assert_eq!(given.iter().sum::<u32>(), free.min(wanted));
            prop_assert!(given.iter().zip(&demands).all(|(got, demand)| *got <= demand.wants));
        }
    }
}
