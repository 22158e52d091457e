//! The Rust lines of the documents, as examples.
#![doc = include_str!(concat!(env!("OUT_DIR"), "/guide.md"))]

/// The folder of the library, as ltx-sys tells the build scripts of its dependents.
pub const LIB_DIR: Option<&str> = option_env!("LTX_GUIDE_LIB_DIR");

/// The folder of the header, likewise.
pub const INCLUDE: Option<&str> = option_env!("LTX_GUIDE_INCLUDE");

#[cfg(test)]
mod tests {
    #[test]
    fn the_library_is_where_ltx_sys_says() {
        let folder = std::path::Path::new(super::LIB_DIR.expect("ltx-sys found the library"));
        assert!(
            folder.join("libltx.so").exists() || folder.join("libltx.dylib").exists(),
            "{}",
            folder.display()
        );
    }
}
