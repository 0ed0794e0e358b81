# The reports' pages: scripts and styles of src/report/page bundled with the libraries in .deps/page into one C++ string each.
find_program(NODE_PROGRAM NAMES node nodejs REQUIRED)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/page)
file(GLOB page_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/report/page/*)

function(shoehorn_page SCRIPT CONSTANT)
  set(output ${CMAKE_BINARY_DIR}/page/${CONSTANT}.cc)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${NODE_PROGRAM} ${CMAKE_SOURCE_DIR}/src/report/page/bundle.mjs ${SHOEHORN_DEPS_DIR}/page/node_modules
            ${SCRIPT} ${CONSTANT} ${output}
    DEPENDS ${page_sources}
    COMMENT "Bundling ${SCRIPT}")
  target_sources(report PRIVATE ${output})
endfunction()

shoehorn_page(page.js kPageTemplate)
shoehorn_page(check.js kCheckPageTemplate)
shoehorn_page(place.js kPlacementPageTemplate)
