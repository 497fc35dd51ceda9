//! How much memory this process has had, as the system tells it.

/// The most resident memory, in KiB.
pub(crate) fn peak_kib() -> usize {
    kib("VmHWM:")
}

/// The same without the pages of the program, which grow with every test that is added to it.
pub(crate) fn peak_kib_without_program() -> usize {
    kib("VmHWM:") - kib("RssFile:")
}

fn kib(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}
