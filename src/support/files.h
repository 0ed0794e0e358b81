// Every touch of the disk: mapped reading, atomic writing, folders that appear whole or not at all.
// Nothing else in the project opens a file by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "support/result.h"

namespace shoehorn {

/// A file mapped read-only; the mapping lives as long as the object. Pages are read on first touch.
class MappedFile {
 public:
  static Result<std::shared_ptr<const MappedFile>> Open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  MappedFile(std::filesystem::path path, const std::byte* data, size_t size);
  std::filesystem::path path_;
  const std::byte* data_;
  size_t size_;
};

/// Whole text of a file of at most `limit` bytes.
Result<std::string> ReadText(const std::filesystem::path& path, size_t limit = size_t{64} << 20);

/// Writes to a temporary file beside `path`, syncs, renames: readers see the old file or the new one.
Status WriteAtomically(const std::filesystem::path& path, std::string_view content);

/// A file written piece by piece (for models above memory size) that takes its name only at Commit().
class StagedFile {
 public:
  static Result<std::unique_ptr<StagedFile>> Create(const std::filesystem::path& path);
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  Status Append(std::span<const std::byte> bytes);
  uint64_t size() const { return written_; }
  Status Commit();

 private:
  StagedFile(std::filesystem::path path, std::filesystem::path temporary, int descriptor);
  std::filesystem::path path_, temporary_;
  int descriptor_;
  uint64_t written_ = 0;
};

/// A folder filled under a temporary name beside `path` and moved into place whole by Commit(): when `path`
/// exists and `replace` is set the two are exchanged in one system call and the old one is deleted after.
class StagedFolder {
 public:
  static Result<std::unique_ptr<StagedFolder>> Create(const std::filesystem::path& path, bool replace);
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;
  const std::filesystem::path& folder() const { return temporary_; }
  Status Commit();

 private:
  StagedFolder(std::filesystem::path path, std::filesystem::path temporary, bool replace);
  std::filesystem::path path_, temporary_;
  bool replace_;
  bool committed_ = false;
};

/// Creates `path` and its parents.
Status MakeFolder(const std::filesystem::path& path);

/// 64-bit XXH3 of a file's bytes as 16 hex digits, to name inputs in plans and caches.
Result<std::string> HashFile(const std::filesystem::path& path);
std::string HashBytes(std::span<const std::byte> bytes);
std::string HashText(std::string_view text);

}  // namespace shoehorn
