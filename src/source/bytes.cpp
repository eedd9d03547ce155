#include "source/bytes.hpp"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <fstream>

namespace rollcall::source {

namespace {

constexpr size_t kChunk = 1 << 20;

class File : public Bytes {
 public:
  File(std::ifstream file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  Result<std::string_view> next() override {
    buffer_.resize(kChunk);
    file_.read(buffer_.data(), static_cast<std::streamsize>(kChunk));
    if (file_.bad())
      return Error{.kind = ErrorKind::unavailable, .message = name_ + " cannot be read"};
    return std::string_view(buffer_.data(), static_cast<size_t>(file_.gcount()));
  }

 private:
  std::ifstream file_;
  std::string name_;
  std::string buffer_;
};

class Memory : public Bytes {
 public:
  explicit Memory(std::string_view text) : text_(text) {}
  Result<std::string_view> next() override { return std::exchange(text_, std::string_view()); }

 private:
  std::string_view text_;
};

// What compressed files have in common: the bytes not yet used, and how they are refused.
class Inflated : public Bytes {
 public:
  Inflated(std::unique_ptr<Bytes> raw, std::string name)
      : raw_(std::move(raw)), name_(std::move(name)) {
    out_.resize(kChunk);
  }

 protected:
  // More to work on; false at the end of the file.
  Result<bool> more() {
    if (!in_.empty()) return true;
    in_ = TRY(raw_->next());
    return !in_.empty();
  }
  [[nodiscard]] Error broken_off() const {
    return {.kind = ErrorKind::corrupt,
            .message = name_ + " breaks off: its compressed data have no end",
            .remedy =
                "The file did not arrive whole: write or copy it again, best under another "
                "name, and rename it when it is complete."};
  }
  [[nodiscard]] Error damaged(std::string_view what) const {
    return {.kind = ErrorKind::corrupt,
            .message = fmt::format("{} is damaged: {}", name_, what),
            .remedy = "Write or copy the file again."};
  }

  std::unique_ptr<Bytes> raw_;
  std::string name_;
  std::string_view in_;
  std::string out_;
};

class Gzip : public Inflated {
 public:
  Gzip(std::unique_ptr<Bytes> raw, std::string name) : Inflated(std::move(raw), std::move(name)) {
    constexpr int kGzipAlone = 16 + MAX_WBITS;
    ready_ = inflateInit2(&stream_, kGzipAlone) == Z_OK;
  }
  ~Gzip() override { inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  Result<std::string_view> next() override {
    if (!ready_) return Error{.kind = ErrorKind::unavailable, .message = "no memory for gzip"};
    for (;;) {
      if (!TRY(more())) {
        if (within_ || !any_) return broken_off();
        return std::string_view();
      }
      if (!within_) {  // another member, as of files that were joined
        inflateReset(&stream_);
        within_ = any_ = true;
      }
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in_.data()));
      stream_.avail_in = static_cast<uInt>(in_.size());
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = static_cast<uInt>(out_.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      in_.remove_prefix(in_.size() - stream_.avail_in);
      if (code == Z_STREAM_END) {
        within_ = false;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return damaged(stream_.msg != nullptr ? stream_.msg : "it is no gzip");
      }
      const size_t made = out_.size() - stream_.avail_out;
      if (made > 0) return std::string_view(out_.data(), made);
    }
  }

 private:
  z_stream stream_ = {};
  bool ready_ = false;
  bool within_ = false;  // a member that has not ended
  bool any_ = false;
};

class Zstd : public Inflated {
 public:
  Zstd(std::unique_ptr<Bytes> raw, std::string name)
      : Inflated(std::move(raw), std::move(name)), stream_(ZSTD_createDStream()) {}
  ~Zstd() override { ZSTD_freeDStream(stream_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  Result<std::string_view> next() override {
    if (stream_ == nullptr)
      return Error{.kind = ErrorKind::unavailable, .message = "no memory for zstd"};
    for (;;) {
      // What it holds back comes before more is read.
      if (!flushing_ && !TRY(more())) {
        if (within_ || !any_) return broken_off();
        return std::string_view();
      }
      any_ = true;
      ZSTD_inBuffer in{in_.data(), in_.size(), 0};
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      const size_t left = ZSTD_decompressStream(stream_, &out, &in);
      in_.remove_prefix(in.pos);
      if (ZSTD_isError(left)) return damaged(ZSTD_getErrorName(left));
      within_ = left != 0;
      flushing_ = out.pos == out.size && within_;
      if (out.pos > 0) return std::string_view(out_.data(), out.pos);
    }
  }

 private:
  ZSTD_DStream* stream_;
  bool within_ = false;  // a frame that has not ended
  bool flushing_ = false;
  bool any_ = false;
};

class Utf16 : public Bytes {
 public:
  explicit Utf16(std::unique_ptr<Bytes> raw) : raw_(std::move(raw)) {}
  Result<std::string_view> next() override {
    out_.clear();
    while (out_.empty()) {
      const std::string_view in = TRY(raw_->next());
      if (in.empty()) return std::string_view();
      for (const char c : in) take(static_cast<unsigned char>(c));
    }
    return std::string_view(out_);
  }

 private:
  void take(unsigned char c) {
    if (!half_) {
      half_ = c;
      return;
    }
    const uint32_t unit = big_ ? uint32_t{*half_} << 8 | c : uint32_t{c} << 8 | *half_;
    half_.reset();
    if (std::exchange(first_, false) && (unit == 0xfeff || unit == 0xfffe)) {
      big_ = unit == 0xfffe;
      return;
    }
    if (unit >= 0xd800 && unit < 0xdc00) {
      high_ = unit;
    } else if (unit >= 0xdc00 && unit < 0xe000 && high_ != 0) {
      put(0x10000 + ((high_ - 0xd800) << 10) + (unit - 0xdc00));
      high_ = 0;
    } else {
      put(unit);
    }
  }
  void put(uint32_t point) {
    const auto add = [&](uint32_t byte) { out_ += static_cast<char>(byte); };
    if (point < 0x80) return add(point);
    if (point < 0x800) {
      add(0xc0 | point >> 6);
    } else {
      if (point < 0x10000) {
        add(0xe0 | point >> 12);
      } else {
        add(0xf0 | point >> 18);
        add(0x80 | (point >> 12 & 0x3f));
      }
      add(0x80 | (point >> 6 & 0x3f));
    }
    add(0x80 | (point & 0x3f));
  }

  std::unique_ptr<Bytes> raw_;
  std::string out_;
  std::optional<unsigned char> half_;
  uint32_t high_ = 0;
  bool first_ = true;
  bool big_ = false;
};

}  // namespace

bool is_compressed(std::string_view name) {
  return name.ends_with(".gz") || name.ends_with(".zst");
}

Result<std::unique_ptr<Bytes>> open_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error{.kind = ErrorKind::denied,
                 .message = path + " cannot be opened",
                 .remedy = "Give this user access to the file and its folder."};
  return decompressed(std::make_unique<File>(std::move(file), path), path);
}

std::unique_ptr<Bytes> bytes_of(std::string_view text) { return std::make_unique<Memory>(text); }

std::unique_ptr<Bytes> decompressed(std::unique_ptr<Bytes> raw, const std::string& name) {
  if (name.ends_with(".gz")) return std::make_unique<Gzip>(std::move(raw), name);
  if (name.ends_with(".zst")) return std::make_unique<Zstd>(std::move(raw), name);
  return raw;
}

std::unique_ptr<Bytes> from_utf16(std::unique_ptr<Bytes> raw) {
  return std::make_unique<Utf16>(std::move(raw));
}

}  // namespace rollcall::source
