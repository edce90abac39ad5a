//! A run of the real engine, some of whose requests are answered as Azure once answered them.
//!
//! The simulator answers the rest, so that there is a world to look at; a recorded success takes
//! effect in it. What a recorded answer announces is asked for at the very URL that it named,
//! and not before the time that it named.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::recording::Recording;
use crate::kit::wire::{Answer, Passage, Request, Tamper};

/// What a run asks for, and what it is answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conversation {
    /// What happens, as a sentence.
    pub(super) name: String,
    /// A scenario, or `linux`.
    pub(super) world: String,
    pub(super) code: String,
    /// Which answers were recorded of something else, where none was recorded of this.
    #[serde(default)]
    pub(super) borrowed: Option<String>,
    pub(super) lines: Vec<Line>,
}

/// The answers to one kind of request, in the order in which they are given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// A method and the end of the path, or where it ends with `/` a part of the path; `poll`: a
    /// URL that an answer announced; `job`: the job that an operation named. Reads are answered
    /// once something was written, the last answer again and again.
    asks: String,
    /// The beginnings of recordings' names.
    answers: Vec<String>,
    /// Whether a write is done in the simulated world: where nothing is said, when its answer is
    /// a success.
    #[serde(default)]
    takes_effect: Option<bool>,
}

/// A conversation under way.
pub(super) struct Play {
    lines: Vec<(Line, Vec<Recording>)>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// How many answers of each line were given.
    given: Vec<usize>,
    /// The polling URLs that answers named, and the header.
    announced: Vec<(String, &'static str)>,
    /// The jobs that operations named, as the ends of their paths.
    jobs: Vec<String>,
    /// Answers that replace the simulator's, by the number of the request.
    instead: HashMap<usize, Answer>,
    /// What may not be asked again before a time that Azure named.
    released: HashMap<String, Instant>,
    last: Option<Instant>,
    told: Vec<String>,
    objections: Vec<String>,
    exchanges: usize,
}

/// What was said, and what is wrong with it.
pub(super) struct Said {
    pub(super) told: Vec<String>,
    pub(super) objections: Vec<String>,
    pub(super) exchanges: usize,
    /// The polling URLs that were announced.
    pub(super) urls: Vec<String>,
}

impl Play {
    /// The conversation with answers from `among`; `Err` names one that is not there.
    pub(super) fn of(conversation: Conversation, among: &[Recording]) -> Result<Self, String> {
        let find = |name: &String| {
            let prefix = format!("{name}-");
            let found = among.iter().find(|r| r.name.starts_with(&prefix));
            found
                .cloned()
                .ok_or_else(|| format!("there is no `{name}`"))
        };
        let lines = conversation.lines.into_iter().map(|line| {
            let answers: Result<Vec<Recording>, String> = line.answers.iter().map(find).collect();
            Ok((line, answers?))
        });
        let lines: Vec<(Line, Vec<Recording>)> = lines.collect::<Result<_, String>>()?;
        let heard = Heard {
            given: vec![0; lines.len()],
            ..Heard::default()
        };
        Ok(Self {
            lines,
            heard: Mutex::new(heard),
        })
    }

    /// What was said; an answer that nobody asked for is an objection.
    pub(super) fn said(&self) -> Said {
        let heard = self.heard.lock().unwrap();
        let mut objections = heard.objections.clone();
        for ((line, answers), given) in self.lines.iter().zip(&heard.given) {
            let never = answers.iter().skip(*given);
            objections.extend(never.map(|r| format!("`{}` never gets {}", line.asks, r.name)));
        }
        Said {
            told: heard.told.clone(),
            objections,
            exchanges: heard.exchanges,
            urls: heard.announced.iter().map(|(url, _)| url.clone()).collect(),
        }
    }
}

impl Tamper for Play {
    fn before(&self, number: usize, request: &Request) -> Passage {
        let mut heard = self.heard.lock().unwrap();
        let Some((at, words)) = heard.turn(&self.lines, request) else {
            heard.tell_a_simulated_write(request);
            return Passage::Free;
        };
        let (line, answers) = &self.lines[at];
        let answer = &answers[heard.given[at].min(answers.len() - 1)];
        heard.given[at] += 1;
        heard.note(request, answer, &words);
        let writes = request.method() != "GET";
        let success = answer.status < 300;
        if writes && line.takes_effect.unwrap_or(success) {
            heard.instead.insert(number, answer.answer());
            return Passage::Free;
        }
        Passage::Answered(answer.answer())
    }

    fn after(&self, number: usize, _: &Request, answer: Answer) -> Answer {
        let instead = self.heard.lock().unwrap().instead.remove(&number);
        instead.unwrap_or(answer)
    }
}

impl Heard {
    /// The line whose turn it is, and the request in words.
    fn turn(
        &mut self,
        lines: &[(Line, Vec<Recording>)],
        request: &Request,
    ) -> Option<(usize, String)> {
        let (url, path) = (request.uri().to_string(), request.uri().path());
        let polled = self.announced.iter().find(|(known, _)| *known == url);
        let job = self.jobs.iter().any(|end| path.ends_with(end));
        let asked = |line: &Line| match line.asks.as_str() {
            "poll" => polled.map(|(_, which)| format!("poll {which}")),
            "job" => job.then(|| "GET the job".to_owned()),
            asks => {
                let (method, part) = asks.split_once(' ').unwrap();
                let path = path.to_lowercase();
                let there = path.ends_with(part) || part.ends_with('/') && path.contains(part);
                let begun = method != "GET" || !self.told.is_empty();
                let fits = there && begun && request.method() == method;
                fits.then(|| in_words(request))
            }
        };
        let stays = |line: &Line| line.asks == "job" || line.asks.starts_with("GET");
        let mut all = lines.iter().enumerate();
        let found = all.find_map(|(at, (line, answers))| {
            let left = self.given[at] < answers.len() || stays(line);
            left.then(|| asked(line)).flatten().map(|words| (at, words))
        });
        if found.is_none() && (polled.is_some() || job) {
            let words = in_words(request);
            self.objections.push(format!("{words} is asked too often"));
        }
        found
    }

    /// Tells the exchange and remembers what the answer promises.
    fn note(&mut self, request: &Request, answer: &Recording, words: &str) {
        let now = Instant::now();
        let key = request.uri().to_string();
        if let Some(released) = self.released.remove(&key)
            && now < released
        {
            let early = released.duration_since(now).as_secs();
            self.objections
                .push(format!("{words} is asked {early} s too early"));
        }
        let waits = answer.wait().map(Duration::from_secs);
        for (header, which) in [
            ("azure-asyncoperation", "the status URL"),
            ("location", "the result URL"),
        ] {
            let Some(url) = answer.header(header) else {
                continue;
            };
            if !self.announced.iter().any(|(known, _)| known == url) {
                self.announced.push((url.to_owned(), which));
            }
            if let Some(wait) = waits {
                self.released.insert(url.to_owned(), now + wait);
            }
        }
        if let Some(wait) = waits {
            self.released.insert(key, now + wait);
        }
        if let Some(job) = answer.body["properties"]["jobId"].as_str() {
            self.jobs.push(format!("/backupJobs/{job}"));
        }
        self.exchanges += 1;
        let (status, state, name) = (answer.status, answer.state(), answer.short_name());
        let wait = waits.map_or(String::new(), |w| format!(", wait {} s", w.as_secs()));
        self.tell(now, &format!("{words}: {status}{state}{wait} [{name}]"));
    }

    fn tell_a_simulated_write(&mut self, request: &Request) {
        let path = request.uri().path().to_lowercase();
        if request.method() != "GET" && !path.ends_with("/backupstatus") {
            self.tell(
                Instant::now(),
                &format!("{} [simulated]", in_words(request)),
            );
        }
    }

    fn tell(&mut self, now: Instant, what: &str) {
        let since = self.last.map_or(Duration::ZERO, |last| now - last);
        self.last = Some(now);
        self.told
            .push(format!("after {:>4} s {what}", plain(since)));
    }
}

/// A request by its method and the last two names of its path.
fn in_words(request: &Request) -> String {
    let mut names = request.uri().path().rsplit('/');
    let (last, before) = (names.next().unwrap(), names.next().unwrap());
    format!("{} {before}/{last}", request.method())
}

/// Waits that are asked for, by Azure or by us.
const WAITS: [u64; 15] = [0, 1, 2, 4, 5, 6, 10, 15, 30, 35, 60, 120, 300, 324, 480];

/// A wait without its jitter, which adds at most a tenth.
fn plain(wait: Duration) -> u64 {
    let jitter = |floor: &&u64| {
        let floor = Duration::from_secs(**floor);
        floor <= wait && wait <= floor.mul_f64(1.1)
    };
    WAITS
        .iter()
        .rev()
        .find(jitter)
        .copied()
        .unwrap_or(wait.as_secs())
}
