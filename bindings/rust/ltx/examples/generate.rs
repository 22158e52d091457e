//! A clip from a prompt, with a job that is asked for its events, as a game would once per tick.
//!
//!     generate MODELS OUTPUT.mp4 "a prompt" [WIDTH HEIGHT FRAMES]
//!
//! MODELS is a folder with a checkpoint, a text encoder and a spatial upsampler.

use std::process::ExitCode;
use std::time::Duration;

use ltx::{Event, Models, Output, Pipeline, Recipe, Request};

fn generate(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let pipeline = Pipeline::builder(Recipe::Distilled)
        .models(Models::root(&arguments[0]))
        .build()?;
    let mut request = Request::new(&arguments[2]).output(Output::path(&arguments[1]));
    if let [width, height, frames] = &arguments[3..] {
        request = request
            .size(width.parse()?, height.parse()?)
            .num_frames(frames.parse()?);
    }
    let mut job = pipeline.start(&request)?;
    let mut running = true;
    while running {
        match job.next_event(Some(Duration::from_millis(200)))? {
            Some(Event::Progress(progress)) => eprint!("\r{:3.0} %", 100.0 * progress.fraction),
            Some(Event::Log { message, .. }) => eprintln!("\r{message}"),
            Some(Event::Finished(_)) => running = false,
            _ => {}
        }
    }
    let stats = job.finish()?.stats()?;
    eprintln!();
    println!(
        "{}: {} frames in {:.1} s, latents {}",
        arguments[1], stats.num_frames, stats.total_seconds, stats.latent_sha256
    );
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.len() != 3 && arguments.len() != 6 {
        eprintln!("usage: generate MODELS OUTPUT.mp4 PROMPT [WIDTH HEIGHT FRAMES]");
        return ExitCode::from(2);
    }
    match generate(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
