//! Measuring several things in turns.

use std::pin::Pin;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long a turn should take: long against the clock's grain and a task switch, short against the
/// drift of the machine.
const TURN: Duration = Duration::from_millis(50);
/// Repetitions in a turn: half of the calls that one call may make.
const REPETITIONS_MAX: u32 = 50_000;

/// What a contestant's run is.
pub type Run<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// Something that can be done any number of times.
pub trait Contestant {
    /// What it is, for messages.
    fn name(&self) -> &'static str;

    /// Does it so many times in a row.
    fn run(&self, times: u32) -> Run<'_>;
}

/// The median cost of each, in seconds, when each is measured for `seconds` in turns with the others.
pub async fn costs(contestants: &[&dyn Contestant], seconds: u32) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for contestant in contestants {
        times.push(calibrate(*contestant).await?);
    }
    let rounds = (Duration::from_secs(seconds.into()).as_millis() / TURN.as_millis()).max(5);
    let mut samples = vec![Vec::new(); contestants.len()];
    for _ in 0..rounds {
        for ((contestant, times), samples) in contestants.iter().zip(&times).zip(&mut samples) {
            let took = timed(*contestant, *times).await?;
            samples.push(took.as_secs_f64() / f64::from(*times));
        }
    }
    Ok(samples.into_iter().map(|mut samples| median(&mut samples)).collect())
}

/// How often it can be done in a turn. Warms it up on the way.
async fn calibrate(contestant: &dyn Contestant) -> Result<u32> {
    let mut times = 1;
    loop {
        let took = timed(contestant, times).await?;
        if took >= TURN || times == REPETITIONS_MAX {
            return Ok(times);
        }
        let factor = (TURN.as_secs_f64() / took.as_secs_f64().max(1e-9)).clamp(1.1, 8.0);
        times = ((f64::from(times) * factor).ceil() as u32).min(REPETITIONS_MAX);
    }
}

async fn timed(contestant: &dyn Contestant, times: u32) -> Result<Duration> {
    let start = Instant::now();
    contestant.run(times).await.with_context(|| contestant.name())?;
    Ok(start.elapsed())
}

/// The middle value; 0 of none.
pub fn median(samples: &mut [f64]) -> f64 {
    percentile(samples, 50)
}

/// The value that so many percent of the samples do not exceed; 0 of none.
pub fn percentile(samples: &mut [f64], percent: usize) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    samples.get(last * percent.min(100) / 100).copied().unwrap_or_default()
}

/// Clock ticks in a second, as Linux tells processor time to programs.
const TICKS: f64 = 100.0;

/// Seconds that a process has spent on processors.
pub struct Spent {
    /// In its own code.
    pub user: f64,
    /// In the kernel's.
    pub kernel: f64,
}

/// What a process has spent on processors, where.
pub fn spent(process: u32) -> Result<Spent> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the program's name, which is in parentheses: state, then ten numbers, then these two.
    let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    let mut seconds = || {
        let ticks = fields.next().and_then(|field| field.parse::<f64>().ok());
        ticks.map(|ticks| ticks / TICKS).context("the system does not tell of processor time")
    };
    Ok(Spent { user: seconds()?, kernel: seconds()? })
}

/// Seconds that a process has spent on processors.
pub fn processor_time(process: u32) -> Result<f64> {
    let Spent { user, kernel } = spent(process)?;
    Ok(user + kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut samples: Vec<f64> = (1..=101).rev().map(f64::from).collect();
        assert_eq!(median(&mut samples), 51.0);
        assert_eq!(percentile(&mut samples, 95), 96.0);
        assert_eq!(percentile(&mut samples, 100), 101.0);
        assert_eq!(median(&mut []), 0.0);
    }
}
