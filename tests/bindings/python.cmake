# The Python package: a wheel of this build is installed into an environment of its own, and the tests run there. Those in toy/
# run against the toy library of tests/api, which stands before the wheel's own in the search path.
set(python_folder "${CMAKE_CURRENT_BINARY_DIR}/python")
set(python "${python_folder}/environment/bin/python")
add_test(NAME python_wheel COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/bindings/python/tests/make_environment.py"
  "${CMAKE_BINARY_DIR}" "${CMAKE_SOURCE_DIR}" "${python_folder}" "${CMAKE_COMMAND}")
set_tests_properties(python_wheel PROPERTIES FIXTURES_SETUP python_environment)

# One thread: the models are too small for more, and threads of a busy machine wait for each other.
foreach(folder toy library package examples)
  add_test(NAME python_${folder} COMMAND "${python}" -m pytest -q tests/${folder}
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}/bindings/python")
endforeach()
add_test(NAME python_types COMMAND "${python}" -m mypy --cache-dir "${python_folder}/mypy"
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}/bindings/python")
set_tests_properties(python_toy python_library python_package python_examples python_types PROPERTIES
  FIXTURES_REQUIRED python_environment
  ENVIRONMENT "LTX_SOURCE_DIR=${CMAKE_SOURCE_DIR};LTX_WHEELS=${python_folder}/wheels;LTX_CMAKE=${CMAKE_COMMAND};LTX_NINJA=${CMAKE_MAKE_PROGRAM};OMP_NUM_THREADS=1;PYTHONDONTWRITEBYTECODE=1")
set_property(TEST python_toy APPEND PROPERTY ENVIRONMENT "LD_LIBRARY_PATH=$<TARGET_FILE_DIR:ltx_toy>")
