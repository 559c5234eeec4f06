//! The migrations are embedded in the binary: a new file among them means a new build.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
