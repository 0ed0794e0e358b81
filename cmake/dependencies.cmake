# Everything that tools/setup brought: Debian's packages, and under .deps what came from package registries.
set(SHOEHORN_DEPS_DIR "${CMAKE_SOURCE_DIR}/.deps" CACHE PATH "Where tools/setup put the dependencies")
if(NOT EXISTS "${SHOEHORN_DEPS_DIR}/onnx/lib/cmake")
  message(FATAL_ERROR "The dependencies are missing in ${SHOEHORN_DEPS_DIR}: run 'make setup' first.")
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
# OpenCV's own CMake package exists only with all of its parts installed; these three suffice.
find_path(OpenCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
add_library(opencv INTERFACE)
target_include_directories(opencv SYSTEM INTERFACE ${OpenCV_INCLUDE_DIR})
foreach(part imgproc core)
  find_library(OpenCV_${part} opencv_${part} REQUIRED)
  target_link_libraries(opencv INTERFACE ${OpenCV_${part}})
endforeach()
# The decoders bring 120 more libraries along (GDAL and its kin): opened when the first picture is read.
find_library(OpenCV_imgcodecs opencv_imgcodecs REQUIRED)
get_filename_component(OpenCV_imgcodecs ${OpenCV_imgcodecs} REALPATH)
target_compile_definitions(opencv INTERFACE SHOEHORN_IMGCODECS="${OpenCV_imgcodecs}")
set(OpenCV_LIBS opencv)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(Boost REQUIRED)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
find_package(ZLIB REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)

# libonnx: schemas, checker, shape inference, version converter, inliner, text form.
find_package(Protobuf REQUIRED)
add_library(onnx INTERFACE)
target_include_directories(onnx SYSTEM INTERFACE ${SHOEHORN_DEPS_DIR}/onnx/include)
target_compile_definitions(onnx INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(onnx INTERFACE ${SHOEHORN_DEPS_DIR}/onnx/lib/libonnx.a
                                     ${SHOEHORN_DEPS_DIR}/onnx/lib/libonnx_proto.a protobuf::libprotobuf)

# ONNX Runtime: opened when first used (dlopen), so only its headers are needed to build.
add_library(onnxruntime INTERFACE)
target_include_directories(onnxruntime SYSTEM INTERFACE ${SHOEHORN_DEPS_DIR}/onnxruntime/include)
file(GLOB SHOEHORN_ONNXRUNTIME_LIBRARY ${SHOEHORN_DEPS_DIR}/onnxruntime/lib/libonnxruntime.so.1.*)
target_compile_definitions(onnxruntime INTERFACE ORT_API_MANUAL_INIT
                           SHOEHORN_ONNXRUNTIME_LIBRARY="${SHOEHORN_ONNXRUNTIME_LIBRARY}")

# The agent's: the server of the tail, the queue of events, their receiver, the metrics. Seen by src/runtime alone.
pkg_check_modules(grpc REQUIRED IMPORTED_TARGET grpc++)
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-pull)
find_program(SHOEHORN_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)

set(OpenVINO_DIR ${SHOEHORN_DEPS_DIR}/openvino/openvino/cmake)
find_package(OpenVINO REQUIRED COMPONENTS Runtime)
