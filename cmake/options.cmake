# Warnings and sanitizers, for our own code only.
option(SHOEHORN_SANITIZE "Build with AddressSanitizer and UBSan" OFF)

add_library(shoehorn_options INTERFACE)
target_compile_options(shoehorn_options INTERFACE -Wall -Wextra -Wconversion -Wno-sign-conversion -Werror)
# False alarms of gcc 12 inside std::string.
target_compile_options(shoehorn_options INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
target_include_directories(shoehorn_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
if(SHOEHORN_SANITIZE)
  target_compile_options(shoehorn_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                                    -fno-omit-frame-pointer -g1)
  target_compile_options(shoehorn_options INTERFACE -Wno-maybe-uninitialized)  # false alarms of gcc 12 under sanitizers
  target_link_options(shoehorn_options INTERFACE -fsanitize=address,undefined)
  target_sources(shoehorn_options INTERFACE
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${CMAKE_SOURCE_DIR}/cmake/sanitized_dlopen.cc>)
endif()
