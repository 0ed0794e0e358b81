# shoehorn_library(NAME DEPS ... [PRIVATE ...] [HEAVY ...]): the static library of the folder src/NAME, made of all its .cc
# files. DEPS are seen by whoever links it; PRIVATE ones only by the folder itself; HEAVY are headers of others that most
# of its files include and that take long to parse. Adding a file needs no edit here.
function(shoehorn_library NAME)
  cmake_parse_arguments(ARG "" "" "DEPS;PRIVATE;HEAVY" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${NAME}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(NOT sources)
    add_library(${NAME} INTERFACE)
    target_link_libraries(${NAME} INTERFACE ${ARG_DEPS})
    return()
  endif()
  add_library(${NAME} STATIC ${sources})
  target_link_libraries(${NAME} PUBLIC ${ARG_DEPS} PRIVATE shoehorn_options ${ARG_PRIVATE})
  target_precompile_headers(${NAME} PRIVATE <algorithm> <filesystem> <functional> <memory> <optional> <span> <string>
                            <string_view> <unordered_map> <utility> <variant> <vector> ${ARG_HEAVY})
endfunction()
