#include "compile/regex.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace rollcall::compile {

namespace {

constexpr size_t kLongest = 4000;  // bytes
constexpr int kMostRepeats = 255;  // what PostgreSQL takes
constexpr int kDeepest = 50;

constexpr std::string_view kWord = "0-9A-Za-z_";
// Between a letter, digit or underscore and none; not all engines have a sign for it, and those
// that do count letters of other scripts.
constexpr std::string_view kBoundary =
    "(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))";
constexpr std::string_view kNoBoundary =
    "(?:(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<![0-9A-Za-z_])(?![0-9A-Za-z_]))";

// The one letter in use whose other case some engines take for two letters.
constexpr char32_t kSharpS = 0xdf;
constexpr char32_t kCapitalSharpS = 0x1e9e;
constexpr std::string_view kSharpMembers = "\u00df\u1e9e";
constexpr std::string_view kSharpLetters = "(?-i:[\u00df\u1e9e])";

std::optional<std::string_view> perl_class(char letter) {
  switch (letter) {
    case 'd':
      return "0-9";
    case 'w':
      return kWord;
    case 's':
      return R"(\t\n\f\r )";
    default:
      return std::nullopt;
  }
}

std::optional<std::string_view> posix_class(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kAll[] = {
      {"alnum", "0-9A-Za-z"},  {"alpha", "A-Za-z"},
      {"digit", "0-9"},        {"lower", "a-z"},
      {"upper", "A-Z"},        {"space", R"(\t\n\u000b\f\r )"},
      {"blank", R"(\t )"},     {"word", kWord},
      {"xdigit", "0-9A-Fa-f"}, {"punct", R"(!-/:-@\[-`{-~)"}};
  for (const auto& [known, members] : kAll)
    if (known == name) return members;
  return std::nullopt;
}

bool is_ascii_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

// One character as itself, whatever it means elsewhere.
std::string plain(char32_t c) {
  if (c < 0x20 || c == 0x7f) return fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
  if (c < 0x80) {
    const char one = static_cast<char>(c);
    const bool harmless = is_ascii_letter(c) || is_digit(c) || c == '_' || c == ' ';
    return harmless ? std::string(1, one) : std::string{'\\', one};
  }
  std::string out;
  if (c >= 0x10000) {
    out += static_cast<char>(0xf0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
  } else if (c >= 0x800) {
    out += static_cast<char>(0xe0 | (c >> 12));
  } else {
    return {static_cast<char>(0xc0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3f))};
  }
  out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
  out += static_cast<char>(0x80 | (c & 0x3f));
  return out;
}

class Reader {
 public:
  Reader(std::string_view text, const RegexStyle& style) : text_(text), style_(style) {}

  Result<std::string> whole() {
    if (text_.size() > kLongest) return wrong(fmt::format("has more than {} characters", kLongest));
    while (at_ < text_.size()) TRY(next());
    if (depth_ > 0) return wrong("has a parenthesis that is not closed");
    return std::move(out_);
  }

 private:
  [[nodiscard]] Error wrong(const std::string& what) const {
    return {.kind = ErrorKind::invalid,
            .message = "the regular expression " + what,
            .remedy = "Use letters, . [ ] ( ) | ^ $ * + ? {m,n} and \\d \\w \\s \\b."};
  }
  [[nodiscard]] bool ahead(std::string_view what) const {
    return text_.substr(at_).starts_with(what);
  }
  bool take(std::string_view what) {
    if (!ahead(what)) return false;
    at_ += what.size();
    return true;
  }

  // The next character; the text is known to be UTF-8.
  char32_t character() {
    const auto first = static_cast<unsigned char>(text_[at_++]);
    if (first < 0x80) return first;
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    char32_t out = first & (0x3f >> more);
    for (int i = 0; i < more; ++i)
      out = (out << 6) | (static_cast<unsigned char>(text_[at_++]) & 0x3f);
    return out;
  }

  void atom(std::string_view printed) {
    out_ += printed;
    repeatable_ = true;
  }
  void anchor(std::string_view printed) {
    out_ += printed;
    repeatable_ = false;
  }

  // A character as itself. Within a class it cannot be taken together with the next.
  void letter(char32_t c) {
    if (!style_.one_to_one)
      atom(plain(c));
    else if (c == kSharpS || c == kCapitalSharpS)
      atom(kSharpLetters);
    else
      atom("[" + plain(c) + "]");
  }

  Status next() {
    if (take("\\")) return escape();
    if (take("(")) return open();
    if (take(")")) {
      if (--depth_ < 0) return wrong("has a `)` too many");
      atom(")");
      return ok_status();
    }
    if (take("[")) return set();
    if (ahead("*") || ahead("+") || ahead("?")) return repeat(std::string(1, text_[at_++]));
    if (ahead("{"))
      if (auto counted = TRY(count())) return repeat(*counted);
    if (take("|"))
      anchor("|");
    else if (take("^"))
      anchor(style_.begin);
    else if (take("$"))
      anchor(style_.end);
    else if (take("."))
      atom("[^\\n]");
    else
      letter(character());
    return ok_status();
  }

  Status open() {
    if (++depth_ > kDeepest) return wrong("is nested too deeply");
    if (take("?P<")) {
      const size_t end = text_.find('>', at_);
      if (end == std::string_view::npos) return wrong("has a group whose name does not end");
      at_ = end + 1;
    } else if (!take("?:") && ahead("?")) {
      return wrong("has `(?`, which not all engines understand alike");
    }
    anchor("(?:");
    return ok_status();
  }

  Status repeat(const std::string& sign) {
    if (!repeatable_) return wrong("repeats what cannot be repeated: `" + sign + "`");
    take("?");  // as few as possible: whether there is a match does not depend on it
    anchor(sign);
    return ok_status();
  }

  // {m}, {m,} or {m,n}; anything else in braces is itself.
  Result<std::optional<std::string>> count() {
    size_t i = at_ + 1;
    const auto number = [&]() -> std::optional<int> {
      const size_t from = i;
      int value = 0;
      while (i < text_.size() && is_digit(static_cast<unsigned char>(text_[i])) && i - from < 5)
        value = value * 10 + (text_[i++] - '0');
      return i > from ? std::optional(value) : std::nullopt;
    };
    const auto least = number();
    auto most = least;
    const bool comma = i < text_.size() && text_[i] == ',';
    if (comma) {
      ++i;
      most = number();
    }
    if (!least || i >= text_.size() || text_[i] != '}') return std::optional<std::string>();
    at_ = i + 1;
    if (*least > kMostRepeats || most.value_or(0) > kMostRepeats)
      return wrong(fmt::format("repeats more than {} times", kMostRepeats));
    if (most && *most < *least) return wrong("repeats at least more often than at most");
    if (!comma) return std::optional(fmt::format("{{{}}}", *least));
    return std::optional(most ? fmt::format("{{{},{}}}", *least, *most)
                              : fmt::format("{{{},}}", *least));
  }

  // After a backslash: the one character that it stands for, or nothing.
  Result<std::optional<char32_t>> escaped_character() {
    if (at_ >= text_.size()) return wrong("ends with a backslash");
    constexpr std::pair<char, char32_t> kLetters[] = {{'n', '\n'}, {'t', '\t'}, {'r', '\r'},
                                                      {'f', '\f'}, {'v', '\v'}, {'a', '\a'}};
    for (const auto& [letter, value] : kLetters)
      if (take(std::string_view(&letter, 1))) return std::optional(value);
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c < 0x80 && !is_ascii_letter(c) && !is_digit(c)) {
      ++at_;
      return std::optional<char32_t>(c);
    }
    if (!take("x")) return std::optional<char32_t>();
    const bool braces = take("{");
    const size_t end = braces ? text_.find('}', at_) : at_ + 2;
    uint32_t value = 0;
    const bool sized =
        end != std::string_view::npos && end <= text_.size() && end > at_ && end - at_ <= 6;
    for (; sized && at_ < end; ++at_) {
      const char digit = text_[at_];
      const auto lower = static_cast<char>(digit | 0x20);
      if (is_digit(static_cast<unsigned char>(digit)))
        value = value * 16 + static_cast<uint32_t>(digit - '0');
      else if (lower >= 'a' && lower <= 'f')
        value = value * 16 + static_cast<uint32_t>(lower - 'a' + 10);
      else
        break;
    }
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (!sized || at_ != end || value > 0x10ffff || surrogate)
      return wrong("has a `\\x` that is no character");
    if (braces) ++at_;
    return std::optional<char32_t>(value);
  }

  Status escape() {
    if (const auto c = TRY(escaped_character())) {
      letter(*c);
      return ok_status();
    }
    const char letter = text_[at_++];
    const auto lower = static_cast<char>(letter | 0x20);
    if (const auto members = perl_class(lower)) {
      atom((letter == lower ? "[" : "[^") + std::string(*members) + "]");
      return ok_status();
    }
    switch (letter) {
      case 'b':
        anchor(kBoundary);
        return ok_status();
      case 'B':
        anchor(kNoBoundary);
        return ok_status();
      case 'A':
        anchor(style_.begin);
        return ok_status();
      case 'z':
        anchor(style_.end);
        return ok_status();
      default:
        return wrong(fmt::format("has `\\{}`, which not all engines understand alike", letter));
    }
  }

  Status set() {
    std::string members;
    bool sharp = false;  // ß is a member
    const bool negated = take("^");
    const auto add = [&](char32_t from, char32_t to) {
      members += plain(from);
      if (to > from) members += "-" + plain(to);
    };
    for (bool first = true;; first = false) {
      if (at_ >= text_.size()) return wrong("has a `[` that is not closed");
      if (!first && take("]")) break;
      if (take("[:")) {
        const size_t end = text_.find(":]", at_);
        const auto known = posix_class(text_.substr(at_, end - at_));
        if (end == std::string_view::npos || !known)
          return wrong("has a class in `[: :]` that is not known");
        at_ = end + 2;
        members += *known;
        continue;
      }
      if (ahead("\\") && at_ + 1 < text_.size()) {
        if (const auto known = perl_class(text_[at_ + 1])) {
          at_ += 2;
          members += *known;
          continue;
        }
      }
      const char32_t from = TRY(member());
      char32_t to = from;
      if (ahead("-") && !ahead("-]")) {
        ++at_;
        if (at_ >= text_.size()) return wrong("has a `[` that is not closed");
        to = TRY(member());
        if (to < from) return wrong("has a range in `[ ]` that runs backwards");
      }
      // Both of its cases; the rest of the range on its two sides.
      char32_t next = from;
      for (const char32_t letter : {kSharpS, kCapitalSharpS}) {
        if (!style_.one_to_one || letter < next || letter > to) continue;
        sharp = true;
        if (letter > next) add(next, letter - 1);
        next = letter + 1;
      }
      if (next <= to) add(next, to);
    }
    if (!sharp)
      atom((negated ? "[^" : "[") + members + "]");
    else if (negated)
      atom("[^" + members + std::string(kSharpMembers) + "]");
    else if (members.empty())
      atom(kSharpLetters);
    else
      atom(fmt::format("(?:[{}]|{})", members, kSharpLetters));
    return ok_status();
  }

  Result<char32_t> member() {
    if (!take("\\")) return character();
    if (const auto c = TRY(escaped_character())) return *c;
    return wrong("has a class within `[ ]` that not all engines understand alike");
  }

  std::string_view text_;
  RegexStyle style_;
  size_t at_ = 0;
  int depth_ = 0;
  bool repeatable_ = false;
  std::string out_;
};

}  // namespace

Result<std::string> portable_regex(std::string_view pattern, const RegexStyle& style) {
  return Reader(pattern, style).whole();
}

}  // namespace rollcall::compile
