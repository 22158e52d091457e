# The documents: what they say is checked, and they are built where the tools are.
add_test(NAME docs COMMAND Python3::Interpreter "${CMAKE_CURRENT_SOURCE_DIR}/check_docs.py" "${CMAKE_SOURCE_DIR}" $<TARGET_FILE:ltx_cli>
  "${CMAKE_C_COMPILER}" "${CMAKE_CXX_COMPILER}")
get_filename_component(python_folder "${Python3_EXECUTABLE}" DIRECTORY)
find_program(LTX_SPHINX sphinx-build HINTS "${python_folder}")
find_program(LTX_DOXYGEN doxygen)
if(LTX_SPHINX AND LTX_DOXYGEN)
  get_filename_component(sphinx_folder "${LTX_SPHINX}" DIRECTORY)
  add_test(NAME docs_build COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/check_docs_build.sh" "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}"
    "${sphinx_folder}")
else()
  message(STATUS "Doxygen or Sphinx is missing: the documents are not built")
endif()
