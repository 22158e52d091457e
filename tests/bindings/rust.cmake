# The Rust crates: each check is one command of bindings/rust/check.sh. Their build folder is separate from that of the tokenizer,
# whose profile and lock file are others.
set(rust_check "${CMAKE_COMMAND}" -E env "LTX_LIB_DIR=$<TARGET_FILE_DIR:ltx>" "LTX_TEST_CLI=$<TARGET_FILE:ltx_cli>" "CARGO=${LTX_CARGO}"
  "CARGO_TARGET_DIR=${CMAKE_BINARY_DIR}/cargo-bindings" "${CMAKE_SOURCE_DIR}/bindings/rust/check.sh")
add_test(NAME rust_fetch COMMAND ${rust_check} fetch)
set_tests_properties(rust_fetch PROPERTIES FIXTURES_SETUP rust)
foreach(check linked leaks dynamic readme find format clippy doc package bindgen)
  add_test(NAME rust_${check} COMMAND ${rust_check} ${check})
  set_tests_properties(rust_${check} PROPERTIES FIXTURES_REQUIRED rust SKIP_RETURN_CODE 77 TIMEOUT 3600)
endforeach()
