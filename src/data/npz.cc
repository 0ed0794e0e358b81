// .npz: a zip file of .npy files, read through libzip from the mapped file.
#include <fmt/format.h>
#include <zip.h>

#include "data/npy.h"
#include "support/files.h"

namespace shoehorn::data {
namespace {

struct Closer {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

}  // namespace

Result<std::map<std::string, ir::Tensor>> ReadNpz(const std::filesystem::path& path, uint64_t limit) {
  SHOEHORN_ASSIGN(const auto mapped, MappedFile::Open(path));
  const auto refuse = [&](std::string place, std::string found, std::string expected) {
    return Diagnostic{.file = path.string(),
                      .place = std::move(place),
                      .found = std::move(found),
                      .expected = std::move(expected)};
  };
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(mapped->bytes().data(), mapped->bytes().size(), 0, &error);
  const std::unique_ptr<zip_t, Closer> archive(
      source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error));
  if (archive == nullptr) {
    Diagnostic diagnostic = refuse("", std::string("no zip file: ") + zip_error_strerror(&error),
                                   "a file written by numpy.savez or numpy.savez_compressed");
    zip_error_fini(&error);
    if (source != nullptr) zip_source_free(source);
    return diagnostic;
  }

  std::map<std::string, ir::Tensor> arrays;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive.get(), 0); ++i) {
    const auto entry = static_cast<zip_uint64_t>(i);
    zip_stat_t stat;
    if (zip_stat_index(archive.get(), entry, 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0 ||
        stat.name == nullptr)
      return refuse(fmt::format("entry {}", i), "an entry without a name or size", "a whole .npz file");
    std::string name = stat.name;
    const std::string place = fmt::format("array '{}'", name);
    if (!name.ends_with(".npy")) return refuse(place, "no .npy file", "only .npy files inside a .npz file");
    if (stat.size > limit)
      return refuse(place, fmt::format("{} bytes", stat.size), fmt::format("at most {} bytes", limit));
    const std::unique_ptr<zip_file_t, Closer> file(zip_fopen_index(archive.get(), entry, 0));
    std::vector<std::byte> bytes(file == nullptr ? 0 : stat.size);
    if (file == nullptr ||
        zip_fread(file.get(), bytes.data(), stat.size) != static_cast<zip_int64_t>(stat.size))
      return refuse(place,
                    fmt::format("cannot unpack: {}", file == nullptr ? zip_strerror(archive.get())
                                                                     : zip_file_strerror(file.get())),
                    "a whole .npz file");
    SHOEHORN_ASSIGN(ir::Tensor tensor, ParseNpy(bytes, path.string() + "/" + name));
    name.resize(name.size() - 4);
    arrays.insert_or_assign(std::move(name), std::move(tensor));
  }
  return arrays;
}

}  // namespace shoehorn::data
