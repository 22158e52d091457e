//! Finds libltx: `LTX_LIB_DIR`, else pkg-config, else a warning, so that `cargo check` and documentation need no library.

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=LTX_LIB_DIR");
    println!("cargo:rerun-if-env-changed=LTX_INCLUDE_DIR");
    let linked = env::var_os("CARGO_FEATURE_LOAD_DYNAMIC").is_none();

    if let Some(folder) = env::var_os("LTX_LIB_DIR").map(PathBuf::from) {
        if linked {
            println!("cargo:rustc-link-search=native={}", folder.display());
            println!("cargo:rustc-link-lib=dylib=ltx");
        }
        let include = env::var_os("LTX_INCLUDE_DIR").map_or_else(|| folder.join("../include"), PathBuf::from);
        tell_dependents(&folder, &include);
        return;
    }
    match pkg_config::Config::new()
        .atleast_version("0.1")
        .cargo_metadata(linked)
        .probe("libltx")
    {
        Ok(found) => {
            if let (Some(folder), Some(include)) = (found.link_paths.first(), found.include_paths.first()) {
                tell_dependents(folder, include);
            }
        }
        Err(_) if linked => {
            println!("cargo:rustc-link-lib=dylib=ltx"); // the linker may know better
            println!(
                "cargo:warning=libltx was not found by pkg-config. Set LTX_LIB_DIR to the folder of libltx.so, or use the \
                 feature load-dynamic."
            );
        }
        Err(_) => {}
    }
}

/// `DEP_LTX_LIB_DIR` and `DEP_LTX_INCLUDE` of the build scripts that depend on this one.
fn tell_dependents(folder: &Path, include: &Path) {
    println!("cargo:lib_dir={}", folder.display());
    if include.join("ltx_c.h").exists() {
        println!("cargo:include={}", include.display());
    }
}
