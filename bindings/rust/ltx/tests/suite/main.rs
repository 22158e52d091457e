//! The crate against the library and the tiny models of the golden tests.

mod calls;
mod errors;
mod generate;
mod jobs;
mod threads;

use std::path::PathBuf;

use ltx::{Models, Pipeline, PipelineBuilder, Recipe, Request};

fn models() -> PathBuf {
    std::env::var_os("LTX_TEST_MODELS")
        .expect("LTX_TEST_MODELS: cargo sets it inside bindings/rust")
        .into()
}

fn builder() -> PipelineBuilder<'static> {
    Pipeline::builder(Recipe::Distilled).models(Models::root(models()))
}

fn pipeline() -> Pipeline {
    builder().build().expect("a pipeline")
}

fn request() -> Request {
    Request::new("rain on a pasture").size(64, 64).num_frames(9).seed(7)
}

/// A path of this process in a folder that is cleaned by whoever made it: cargo's own for tests.
fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("suite-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.join(name)
}
