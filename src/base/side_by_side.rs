//! Work that does not depend on its neighbours, on every processor.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Does `work` to each item, on as many threads as there are processors; what comes of it is in
/// the order of the items.
pub fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(usize, &T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let taken = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        Some((at, items.get(at)?))
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(|| {
                while let Some((at, item)) = taken() {
                    let came = work(at, item);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((at, came));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, came)| came).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_done_once_and_the_order_is_kept() {
        let items: Vec<usize> = (0..100).collect();
        let came = side_by_side(&items, |at, item| (at, item * 2));
        assert_eq!(came, items.iter().map(|n| (*n, n * 2)).collect::<Vec<_>>());
        assert!(side_by_side(&[] as &[u8], |_, _| ()).is_empty());
    }
}
