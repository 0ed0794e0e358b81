#include "support/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace shoehorn {
namespace {

namespace fs = std::filesystem;

Diagnostic SystemError(const fs::path& path, std::string doing, int code) {
  Diagnostic diagnostic;
  diagnostic.file = path.string();
  diagnostic.found = doing + ": " + std::strerror(code);
  switch (code) {
    case ENOENT:
      diagnostic.fix = "check the path";
      break;
    case EACCES:
    case EROFS:
      diagnostic.fix = "check the permissions of the file and its folder";
      break;
    case ENOSPC:
    case EDQUOT:
      diagnostic.fix = "free space on the disk, nothing was changed";
      break;
    default:
      break;
  }
  return diagnostic;
}

Status WriteAll(int descriptor, const fs::path& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return SystemError(path, "cannot write", errno);
    }
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return Ok();
}

fs::path WithoutTrailingSlash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

fs::path TemporaryBeside(const fs::path& path) {
  fs::path temporary = WithoutTrailingSlash(path);
  temporary.replace_filename("." + temporary.filename().string() + ".tmp-" + std::to_string(::getpid()));
  return temporary;
}

}  // namespace

MappedFile::MappedFile(fs::path path, const std::byte* data, size_t size)
    : path_(std::move(path)), data_(data), size_(size) {}

MappedFile::~MappedFile() {
  if (size_ > 0) ::munmap(const_cast<std::byte*>(data_), size_);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::Open(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SystemError(path, "cannot open", errno);
  struct stat info {};
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor);
    Diagnostic diagnostic;
    diagnostic.file = path.string();
    diagnostic.found = "not a regular file";
    return diagnostic;
  }
  const auto size = static_cast<size_t>(info.st_size);
  void* data = nullptr;
  if (size > 0) {
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED) {
      const int code = errno;
      ::close(descriptor);
      return SystemError(path, "cannot map", code);
    }
  }
  ::close(descriptor);
  return std::shared_ptr<const MappedFile>(new MappedFile(path, static_cast<const std::byte*>(data), size));
}

Result<std::string> ReadText(const fs::path& path, size_t limit) {
  SHOEHORN_ASSIGN(auto file, MappedFile::Open(path));
  if (file->bytes().size() > limit) {
    Diagnostic diagnostic;
    diagnostic.file = path.string();
    diagnostic.found = std::to_string(file->bytes().size()) + " bytes";
    diagnostic.expected = "at most " + std::to_string(limit) + " bytes for a file of this kind";
    return diagnostic;
  }
  return std::string(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
}

Status WriteAtomically(const fs::path& path, std::string_view content) {
  SHOEHORN_ASSIGN(auto file, StagedFile::Create(path));
  SHOEHORN_TRY(file->Append(std::as_bytes(std::span(content.data(), content.size()))));
  return file->Commit();
}

StagedFile::StagedFile(fs::path path, fs::path temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

Result<std::unique_ptr<StagedFile>> StagedFile::Create(const fs::path& path) {
  const fs::path temporary = TemporaryBeside(path);
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return SystemError(path, "cannot write", errno);
  return std::unique_ptr<StagedFile>(new StagedFile(path, temporary, descriptor));
}

StagedFile::~StagedFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
  }
}

Status StagedFile::Append(std::span<const std::byte> bytes) {
  SHOEHORN_TRY(WriteAll(descriptor_, path_, bytes));
  written_ += bytes.size();
  return Ok();
}

Status StagedFile::Commit() {
  const bool synced = ::fsync(descriptor_) == 0;
  const int sync_error = errno;
  const bool closed = ::close(descriptor_) == 0;
  descriptor_ = -1;
  if (!synced || !closed || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int code = synced ? errno : sync_error;
    ::unlink(temporary_.c_str());
    return SystemError(path_, "cannot write", code);
  }
  return Ok();
}

StagedFolder::StagedFolder(fs::path path, fs::path temporary, bool replace)
    : path_(std::move(path)), temporary_(std::move(temporary)), replace_(replace) {}

Result<std::unique_ptr<StagedFolder>> StagedFolder::Create(const fs::path& path, bool replace) {
  const fs::path target = WithoutTrailingSlash(path);
  std::error_code code;
  if (!replace && fs::exists(target, code)) {
    Diagnostic diagnostic;
    diagnostic.file = target.string();
    diagnostic.found = "the output exists and is not overwritten without being asked";
    diagnostic.fix = "name another folder, or add --force to replace it";
    return diagnostic;
  }
  if (target.has_parent_path()) SHOEHORN_TRY(MakeFolder(target.parent_path()));
  const fs::path temporary = TemporaryBeside(target);
  fs::remove_all(temporary, code);
  if (!fs::create_directory(temporary, code)) return SystemError(target, "cannot create", code.value());
  return std::unique_ptr<StagedFolder>(new StagedFolder(target, temporary, replace));
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(temporary_, ignored);
}

Status StagedFolder::Commit() {
  const auto rename = [&](unsigned flags) {
    return ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), flags) == 0;
  };
  if (rename(RENAME_NOREPLACE)) {
    committed_ = true;
    return Ok();
  }
  if (errno != EEXIST || !replace_)
    return SystemError(path_, "cannot move the finished folder into place", errno);
  if (!rename(RENAME_EXCHANGE)) return SystemError(path_, "cannot replace", errno);
  committed_ = true;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);  // now the old folder
  return Ok();
}

Status MakeFolder(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) return SystemError(path, "cannot create the folder", code.value());
  return Ok();
}

std::string HashBytes(std::span<const std::byte> bytes) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(bytes.data(), bytes.size())));
  return text;
}

std::string HashText(std::string_view text) {
  return HashBytes(std::as_bytes(std::span(text.data(), text.size())));
}

Result<std::string> HashFile(const fs::path& path) {
  SHOEHORN_ASSIGN(auto file, MappedFile::Open(path));
  return HashBytes(file->bytes());
}

}  // namespace shoehorn
