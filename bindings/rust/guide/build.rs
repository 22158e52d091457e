//! Takes the Rust blocks out of the documents, exactly as they stand, and puts hidden lines around them that rustdoc needs:
//! those of a README become an example each, which runs in a folder where `models` is a link to the test model; those of the
//! guide become one example, which compiles.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let root = here.join("../../..");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    let folder = out.join("folder");
    fs::create_dir_all(&folder).expect("a folder for clips");
    let link = folder.join("models");
    let models = env::var_os("LTX_TEST_MODELS").map_or_else(|| root.join("tests/golden/models/tiny23"), PathBuf::from);
    let _ = fs::remove_file(&link);
    #[cfg(unix)]
    std::os::unix::fs::symlink(models.canonicalize().expect("the test model"), &link)
        .expect("a link to the test model");
    println!("cargo:rerun-if-env-changed=LTX_TEST_MODELS");
    println!("cargo:rerun-if-changed=build.rs");

    let mut text = String::new();
    for file in ["README.md", "bindings/rust/ltx/README.md"] {
        let blocks = blocks(&root.join(file));
        assert!(!blocks.is_empty(), "{file} has no Rust lines");
        if env::var_os("CARGO_FEATURE_LOAD_DYNAMIC").is_some() {
            continue; // they are the same there; what docs/rust.md says about the feature is not
        }
        for block in blocks {
            text +=
                &format!("{file}\n\n```rust\n{HEAD}# std::env::set_current_dir({folder:?})?;\n{block}{TAIL}```\n\n");
        }
    }
    let scopes: Vec<String> = blocks(&root.join("docs/rust.md"))
        .iter()
        .map(|block| format!("# {{\n{block}# }}\n"))
        .collect();
    assert!(scopes.len() > 5, "docs/rust.md has {} Rust blocks", scopes.len());
    text += &format!(
        "docs/rust.md\n\n```rust,no_run\n{HEAD}{MADE}{}{TAIL}```\n",
        scopes.concat()
    );
    fs::write(out.join("guide.md"), text).expect("the examples");

    // What docs/rust.md shows of a build script works: ltx-sys says where the library is.
    for (told, name) in [
        ("DEP_LTX_LIB_DIR", "LTX_GUIDE_LIB_DIR"),
        ("DEP_LTX_INCLUDE", "LTX_GUIDE_INCLUDE"),
    ] {
        if let Some(folder) = env::var_os(told) {
            println!("cargo:rustc-env={name}={}", Path::new(&folder).display());
        }
    }
}

const HEAD: &str = "# #[allow(unused)] fn main() -> Result<(), Box<dyn std::error::Error>> {\n";
const TAIL: &str = "# Ok(())\n# }\n";
/// What the blocks of the guide take for granted.
const MADE: &str =
    "# let pipeline = ltx::Pipeline::builder(ltx::Recipe::Distilled).models(ltx::Models::root(\"models\")).build()?;
# let request = ltx::Request::new(\"rain on a pasture\");
# let clip = pipeline.generate(&request)?;
";

/// The text of every block between ```rust and ```.
fn blocks(file: &Path) -> Vec<String> {
    println!("cargo:rerun-if-changed={}", file.display());
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (inside, line) {
            (false, "```rust") => {
                blocks.push(String::new());
                inside = true;
            }
            (true, "```") => inside = false,
            (true, line) => {
                let block = blocks.last_mut().expect("a block was begun");
                block.push_str(line);
                block.push('\n');
            }
            _ => {}
        }
    }
    blocks
}
