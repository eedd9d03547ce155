# room(NAME [DEPS room…] [LIBS library…] [TEST_LIBS library…] [TEST_NEEDS fixture…] [TEST_PARTS n]
# [TEST_ALONE test…]) makes one static library of a folder under src/, and its test program of the *_test.cpp beside
# the code. DEPS are the rooms it may include; LIBS the outside libraries that only this room names; TEST_LIBS those
# its tests need besides, TEST_NEEDS what tests/CMakeLists.txt starts for them; TEST_PARTS and TEST_ALONE say how they
# are divided among processes (run_tests.cmake).
function(room name)
  cmake_parse_arguments(ROOM "" "TEST_PARTS" "DEPS;LIBS;TEST_LIBS;TEST_NEEDS;TEST_ALONE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(TRANSFORM ROOM_DEPS PREPEND room_ OUTPUT_VARIABLE deps)
  if(sources)
    add_library(room_${name} STATIC ${sources})
    target_include_directories(room_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(room_${name} PUBLIC ${deps} PRIVATE ${ROOM_LIBS} rollcall_flags)
  else()
    add_library(room_${name} INTERFACE)
    target_include_directories(room_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(room_${name} INTERFACE ${deps})
  endif()
  if(ROLLCALL_TESTS AND tests)
    compile_as_tests(${tests})
    add_executable(${name}_tests ${tests})
    sanitize_lightly(${name}_tests)
    target_link_libraries(${name}_tests PRIVATE room_${name} ${ROOM_LIBS} ${ROOM_TEST_LIBS} rollcall_flags GTest::gmock
                                                GTest::gtest_main)
    run_tests(${name}_tests LABEL unit NEEDS ${ROOM_TEST_NEEDS} PARTS ${ROOM_TEST_PARTS} ALONE ${ROOM_TEST_ALONE})
  endif()
endfunction()
