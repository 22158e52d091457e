# The lines of README.md, run as they stand; those of Rust are run by rust_readme and counted here.
set(readme Python3::Interpreter "${CMAKE_CURRENT_SOURCE_DIR}/check_readme.py")
set(readme_folders --source "${CMAKE_SOURCE_DIR}" --build "${CMAKE_BINARY_DIR}" --models "${CMAKE_SOURCE_DIR}/tests/golden/models/tiny23")
add_test(NAME readme_c COMMAND ${readme} c ${readme_folders} --compiler "${CMAKE_C_COMPILER}")
add_test(NAME readme_cpp COMMAND ${readme} cpp ${readme_folders} --compiler "${CMAKE_CXX_COMPILER}")
add_test(NAME readme_rust_lines COMMAND ${readme} rust ${readme_folders})
add_test(NAME readme_python COMMAND ${readme} python ${readme_folders}
  --python "${CMAKE_CURRENT_BINARY_DIR}/python/environment/bin/python")
set_tests_properties(readme_python PROPERTIES FIXTURES_REQUIRED python_environment ENVIRONMENT "OMP_NUM_THREADS=1" TIMEOUT 600)
add_test(NAME readme_cli COMMAND ${readme} cli ${readme_folders})
