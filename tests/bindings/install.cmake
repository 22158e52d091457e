# The SDK archive and the notices that go with it. The archive's tests need the command line and the examples.
add_test(NAME notices COMMAND Python3::Interpreter "${CMAKE_CURRENT_SOURCE_DIR}/check_notices.py" "${CMAKE_SOURCE_DIR}")
add_test(NAME sdk COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/check_sdk.sh" "${CMAKE_COMMAND}" "${CMAKE_CPACK_COMMAND}" "${CMAKE_BINARY_DIR}"
  "${CMAKE_SOURCE_DIR}")
