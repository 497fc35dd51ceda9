//! The process that is counted: warms up, then makes the calls that count.

use tokio::runtime::Builder;

use crate::allocations;
use crate::by_hand::{ByHand, Prepared};
use crate::cases::{Call, Case, Side};
use crate::with_crate::WithCrate;

/// Calls that are counted. Enough that what happens once in a while does not show.
pub const CALLS: u64 = 100;
/// Calls before them: the first ones fill caches, and look up every function that is linked.
const WARM_UP: u64 = 10;

enum Caller {
    ByHand(ByHand),
    Crate(WithCrate),
    Prepared(Prepared),
}

impl Caller {
    fn new(side: Side, case: Case, origin: &str) -> Self {
        // The server reads from the path how much it is to answer.
        let base = match case.call {
            Call::Remove | Call::History => format!("{origin}/{}/KeyfactorAPI", case.size),
            Call::Unassign => format!("{origin}/{}/avxapi", case.size),
        };
        match side {
            Side::ByHand => Self::ByHand(ByHand::new(case.call, base)),
            Side::Crate => Self::Crate(WithCrate::new(case.call, base)),
            Side::Prepared => Self::Prepared(Prepared::new(case, &base)),
        }
    }

    async fn calls(&self, case: Case, number: u64) {
        for _ in 0..number {
            match self {
                Self::ByHand(by_hand) => by_hand.call(case).await.expect("an answer"),
                Self::Crate(with_crate) => with_crate.call(case).await.expect("an answer"),
                Self::Prepared(prepared) => prepared.call(case).await.expect("an answer"),
            }
        }
    }
}

pub fn make_calls(side: &str, case: &str, origin: &str) {
    let side = Side::named(side).expect("a side");
    let case = Case::named(case).expect("a case");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let caller = runtime.block_on(async { Caller::new(side, case, origin) });
    runtime.block_on(caller.calls(case, WARM_UP));
    let calls = Box::pin(caller.calls(case, CALLS));
    counted(|| runtime.block_on(calls));
}

/// Counts this, and prints its allocations and their bytes.
pub fn counted<T>(work: impl FnOnce() -> T) -> T {
    let (number, bytes) = allocations::so_far();
    let done = count_these_calls(work);
    let (number_after, bytes_after) = allocations::so_far();
    println!("{} {}", number_after - number, bytes_after - bytes);
    done
}

/// Callgrind counts while this function runs: its name is what `callgrind::MEASURED` looks for.
#[inline(never)]
fn count_these_calls<T>(work: impl FnOnce() -> T) -> T {
    work()
}
