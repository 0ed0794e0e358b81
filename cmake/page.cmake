# The report's page: src/report/page bundled with the libraries in .deps/page into one C++ string.
find_program(NODE_PROGRAM NAMES node nodejs REQUIRED)
set(page_template ${CMAKE_BINARY_DIR}/page/page_template.cc)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/page)
file(GLOB page_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/report/page/*)
add_custom_command(
  OUTPUT ${page_template}
  COMMAND ${NODE_PROGRAM} ${CMAKE_SOURCE_DIR}/src/report/page/bundle.mjs ${SHOEHORN_DEPS_DIR}/page/node_modules ${page_template}
  DEPENDS ${page_sources}
  COMMENT "Bundling the report's page")
target_sources(report PRIVATE ${page_template})
