// The bytes of a file as they were before it was compressed, in bounded memory. A compressed file
// that breaks off, in whichever of its parts, or whose checksum is wrong, is an error.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.hpp"

namespace rollcall::source {

class Bytes {
 public:
  virtual ~Bytes() = default;
  // The next bytes; valid until the next call. Empty at the end.
  virtual Result<std::string_view> next() = 0;
};

bool is_compressed(std::string_view name);
// Of a file of this machine; by its ending it is compressed or not.
Result<std::unique_ptr<Bytes>> open_bytes(const std::string& path);
// Of text that is in memory already, and stays there.
std::unique_ptr<Bytes> bytes_of(std::string_view text);
// What `raw` is before it was compressed, as the ending of its name says.
std::unique_ptr<Bytes> decompressed(std::unique_ptr<Bytes> raw, const std::string& name);
// UTF-16 as UTF-8.
std::unique_ptr<Bytes> from_utf16(std::unique_ptr<Bytes> raw);

}  // namespace rollcall::source
