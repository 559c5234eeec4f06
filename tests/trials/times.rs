//! The protocol's times in a trial, milliseconds. They shrink together, and a slow machine stretches them together: a call that
//! nobody can find is always looked for longer than it can take to be sent, accepted and listed, with as much again in reserve.

/// All of them, at one stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    percent: u64,
}

impl Times {
    /// 100 is for a machine that has nothing else to do.
    pub const fn stretched(percent: u64) -> Self {
        Self { percent }
    }

    pub const fn of(self, ms: u64) -> u64 {
        ms * self.percent / 100
    }

    pub const fn send_window(self) -> u64 {
        self.of(300)
    }

    pub const fn send_deadline(self) -> u64 {
        self.of(900)
    }

    pub const fn post_timeout(self) -> u64 {
        self.of(700)
    }

    /// The network and the provider may take so long to make a call of a POST.
    pub const fn accept_lag(self) -> u64 {
        self.of(300)
    }

    /// A call is missing from lists for so long.
    pub const fn list_lag(self) -> u64 {
        self.of(300)
    }

    pub const fn quiet(self) -> u64 {
        self.of(3_600)
    }

    pub const fn holder_dead(self) -> u64 {
        self.of(3_000)
    }

    pub const fn redial(self) -> u64 {
        self.of(1_000)
    }

    /// From the decision to call until the provider may make the call of it.
    pub const fn longest_send(self) -> u64 {
        self.send_deadline() + self.post_timeout() + self.accept_lag()
    }

    /// Longer than any wait of the protocol: whatever is stopped for so long wakes up in another world.
    pub const fn another_world(self) -> u64 {
        self.longest_send() + self.quiet() + self.holder_dead()
    }

    /// A process that was asked to stop ends by then: no call of these people takes longer than 25 s, and a step that waits for a
    /// silent database is given up after 10. Whoever rang a person and never hears what came of it waits 35 s for that.
    pub const fn drain(self) -> u64 {
        self.of(70_000)
    }

    /// What is not at rest by then is stuck.
    pub const fn patience(self) -> u64 {
        self.of(90_000)
    }
}
