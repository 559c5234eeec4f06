# What is done often, in the words CI uses.

# the demo: a campaign of 60 leads against the simulator
demo *args:
    cargo run --release -- demo {{args}}

# everything CI checks; starts its own Redis and PostgreSQL
test *args:
    ./test {{args}}

ci:
    bash .ci/run

# one embedded process with the settings of a file
up config:
    cargo run --release -- up --config {{config}}

# licences, banned crates and sources; needs cargo-deny
deny:
    cargo deny check licenses bans sources

fmt:
    cargo fmt --all
