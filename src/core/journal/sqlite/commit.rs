//! The one writer of a process: concurrent runs commit in groups, a lone one never waits for others.
//!
//! Whoever asks first carries out what is queued by then, in one transaction with a savepoint for
//! each, and answers all of them after the commit; whoever asks meanwhile is in the next group.
//! There is no timer, and no thread while nothing is written.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::Trouble;

/// A connection, and who waits to write with it.
pub(super) struct Committer {
    connection: Mutex<Connection>,
    queue: Mutex<Queue>,
    commits: AtomicU64,
}

#[derive(Default)]
struct Queue {
    jobs: Vec<Box<dyn Job>>,
    /// Somebody carries out what is queued.
    busy: bool,
}

impl Committer {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection: Mutex::new(connection),
            queue: Mutex::default(),
            commits: AtomicU64::new(0),
        }
    }

    /// The connection, between two groups.
    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How many groups were committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Carries out `work` in a transaction and returns what it gave, once that is durable. What it
    /// refuses is undone, and nothing else of its group.
    pub(super) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (answer, answered) = oneshot::channel();
        let first = self.enqueue(Box::new(Asked {
            work: Some(work),
            done: None,
            answer,
        }));
        if let Some(turn) = first {
            // A test's paused clock stands still while a blocking task runs.
            tokio::task::spawn_blocking(move || turn.work());
        }
        let lost = || Trouble::Sql("the writer stopped before it was written".to_owned());
        answered.await.unwrap_or_else(|_| Err(lost()))
    }

    fn enqueue(self: &Arc<Self>, job: Box<dyn Job>) -> Option<Turn> {
        let mut queue = self.queue();
        queue.jobs.push(job);
        let first = !std::mem::replace(&mut queue.busy, true);
        first.then(|| Turn {
            committer: Arc::clone(self),
            over: false,
        })
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is queued; with nothing, the next who asks begins a new turn.
    fn next_group(&self) -> Vec<Box<dyn Job>> {
        let mut queue = self.queue();
        let jobs = std::mem::take(&mut queue.jobs);
        queue.busy = !jobs.is_empty();
        jobs
    }

    fn commit(&self, mut group: Vec<Box<dyn Job>>) {
        let committed = transact(&mut self.connection(), &mut group);
        if committed.is_ok() {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        for job in group {
            job.answer(&committed);
        }
    }
}

/// The right to carry out what is queued, until the queue is empty.
struct Turn {
    committer: Arc<Committer>,
    over: bool,
}

impl Turn {
    fn work(mut self) {
        while !self.over {
            let group = self.committer.next_group();
            match group.is_empty() {
                true => self.over = true,
                false => self.committer.commit(group),
            }
        }
    }
}

impl Drop for Turn {
    /// A turn that ends early, by a panic or with its runtime, leaves nobody waiting for ever.
    fn drop(&mut self) {
        if !self.over {
            *self.committer.queue() = Queue::default();
        }
    }
}

/// A group in one transaction: what was refused is undone, the rest is durable, or nothing is.
fn transact(connection: &mut Connection, group: &mut [Box<dyn Job>]) -> Result<(), String> {
    let text = |e: rusqlite::Error| e.to_string();
    let mut tx = Transaction::new(connection, TransactionBehavior::Immediate).map_err(text)?;
    for job in group {
        let part = tx.savepoint().map_err(text)?;
        match job.run(&part) {
            Ok(()) => part.commit().map_err(text)?,
            Err(why) => {
                drop(part);
                // A full disk undoes the whole transaction: nothing may go on outside of it.
                if tx.is_autocommit() {
                    return Err(why);
                }
            }
        }
    }
    tx.commit().map_err(text)
}

/// A piece of work, and who waits for it.
trait Job: Send {
    /// Does it; the error says why it is to be undone.
    fn run(&mut self, tx: &Connection) -> Result<(), String>;
    /// Tells who waits what came of it.
    fn answer(self: Box<Self>, committed: &Result<(), String>);
}

struct Asked<T, W> {
    work: Option<W>,
    done: Option<Result<T, Trouble>>,
    answer: oneshot::Sender<Result<T, Trouble>>,
}

impl<T: Send, W: FnOnce(&Connection) -> Result<T, Trouble> + Send> Job for Asked<T, W> {
    fn run(&mut self, tx: &Connection) -> Result<(), String> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        let done = work(tx);
        let undo = match &done {
            Ok(_) => Ok(()),
            Err(Trouble::Refused(refusal)) => Err(refusal.to_string()),
            Err(Trouble::Sql(why)) => Err(why.clone()),
        };
        self.done = Some(done);
        undo
    }

    fn answer(self: Box<Self>, committed: &Result<(), String>) {
        let said = match (committed, self.done) {
            (_, Some(Err(trouble))) => Err(trouble),
            (Ok(()), Some(done)) => done,
            (Err(why), _) => Err(Trouble::Sql(why.clone())),
            (Ok(()), None) => Err(Trouble::Sql("it was never written".to_owned())),
        };
        // Who has stopped waiting needs no answer.
        let _ = self.answer.send(said);
    }
}
