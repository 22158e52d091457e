//! The library is opened at run time. One test, because a process opens it once.
#![cfg(feature = "load-dynamic")]

use std::path::PathBuf;

use ltx::ErrorKind;

#[test]
fn the_library_is_opened_once() {
    let folder = PathBuf::from(std::env::var_os("LTX_LIB_DIR").expect("LTX_LIB_DIR: the folder of libltx.so.0"));
    // SAFETY: no library at all, one that is none of ours, and ours.
    unsafe {
        let error = ltx::load(folder.join("nowhere.so")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Environment);
        assert!(error.message().contains("nowhere.so"), "{error}");
        let error = ltx::load("libm.so.6").unwrap_err();
        assert!(error.message().contains("ltx_"), "{error}"); // names the function that it lacks
        assert!(!ltx::sys::is_loaded());

        ltx::load(folder.join("libltx.so.0")).unwrap();
        assert!(ltx::sys::is_loaded());
        let error = ltx::load(folder.join("libltx.so.0")).unwrap_err();
        assert!(error.message().contains("open already"), "{error}");
    }
    assert_eq!(ltx::version().unwrap(), env!("CARGO_PKG_VERSION"));
    assert!(!ltx::devices().unwrap().is_empty());
}
