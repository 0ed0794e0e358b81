# The Open Inference Protocol's messages and stubs, generated from src/runtime/open_inference.proto.
set(protocol_source ${CMAKE_SOURCE_DIR}/src/runtime/open_inference.proto)
set(protocol_folder ${CMAKE_BINARY_DIR}/protocol)
set(protocol_made ${protocol_folder}/open_inference.pb.cc ${protocol_folder}/open_inference.grpc.pb.cc)
file(MAKE_DIRECTORY ${protocol_folder})
add_custom_command(
  OUTPUT ${protocol_made} ${protocol_folder}/open_inference.pb.h ${protocol_folder}/open_inference.grpc.pb.h
  COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR}/src/runtime --cpp_out=${protocol_folder}
          --grpc_out=${protocol_folder} --plugin=protoc-gen-grpc=${SHOEHORN_GRPC_PLUGIN} ${protocol_source}
  DEPENDS ${protocol_source})
add_library(open_inference STATIC ${protocol_made})
target_include_directories(open_inference SYSTEM PUBLIC ${protocol_folder})
target_link_libraries(open_inference PUBLIC PkgConfig::grpc protobuf::libprotobuf)
