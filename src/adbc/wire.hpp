// What passes between a run and its reader: frames of a tag and a payload, numbers in the machine's
// own order, since both ends are one program.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::adbc {

enum class Tag : uint8_t {
  // To the reader.
  open,    // driver, options of database and statements
  run,     // number, sql
  names,   // number, sql
  query,   // number, sql
  cancel,  // number
  // From it.
  done,    // the end of what was asked
  column,  // a name
  rows,    // count; then by column: kind, a byte a row whether there is a value, values
  failed,  // connecting, sqlstate, message
};

enum class Kind : uint8_t { integer, number, text };

constexpr size_t kValueMax = 32'000'000;  // bytes of one value
constexpr size_t kFrameMax = kValueMax + 16'000'000;
constexpr size_t kBatchRows = 2048;
constexpr size_t kBatchBytes = 1'000'000;  // a batch is closed once it is larger

struct Frame {
  Tag tag = Tag::done;
  std::string payload = {};
};

class Packer {
 public:
  explicit Packer(std::string& out) : out_(out) { out_.clear(); }
  void byte(uint8_t value) { out_ += static_cast<char>(value); }
  void size(uint64_t value) { bytes(&value, sizeof value); }
  void bytes(const void* from, size_t count) { out_.append(static_cast<const char*>(from), count); }
  void text(std::string_view value) {
    size(value.size());
    out_ += value;
  }

 private:
  std::string& out_;
};

// Nothing of what is read beyond the end; once that was tried, `ok` is false.
class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : in_(in) {}
  std::string_view bytes(size_t count) {
    if (count > in_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view out = in_.substr(0, count);
    in_.remove_prefix(count);
    return out;
  }
  uint8_t byte() {
    const std::string_view one = bytes(1);
    return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
  }
  uint64_t size() {
    uint64_t out = 0;
    const std::string_view raw = bytes(sizeof out);
    if (ok_) std::memcpy(&out, raw.data(), sizeof out);
    return out;
  }
  std::string_view text() { return bytes(size()); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return ok_ && in_.empty(); }

 private:
  std::string_view in_;
  bool ok_ = true;
};

// False: the other end is gone.
bool send_frame(int socket, Tag tag, std::string_view payload);

// A frame as its pieces come in.
class FrameReader {
 public:
  explicit FrameReader(int socket) : socket_(socket) {}
  enum class State { whole, more, gone };
  // Reads what is there, at most one frame. Blocks only if nothing is.
  State read();
  // The frame; to be taken once it is whole. Its payload is valid until the next read.
  [[nodiscard]] const Frame& frame() const { return frame_; }
  // Takes the payload out, and leaves that memory for the next one.
  void swap_payload(std::string& other) { frame_.payload.swap(other); }

 private:
  static constexpr size_t kHead = 1 + sizeof(uint64_t);
  int socket_;
  char head_[kHead] = {};
  size_t have_ = 0;  // of head and payload
  size_t size_ = 0;
  Frame frame_;
};

}  // namespace rollcall::adbc
