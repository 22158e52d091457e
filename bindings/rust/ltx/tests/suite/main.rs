//! The crate against the library and the tiny models of the golden tests.

mod calls;
mod errors;
mod generate;
mod jobs;
mod threads;

use std::path::PathBuf;
use std::sync::OnceLock;

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

/// A path in a folder that is emptied once per run.
fn scratch(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("suite");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).expect("an old folder goes");
        }
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    });
    folder.join(name)
}
