// `${NAME}` and `file:PATH`: values that stand elsewhere. The caller does the I/O; whatever comes
// back is a value like any other, but messages show the reference and never what it held.
#include "catalog/node.hpp"

namespace rollcall::catalog {
namespace {

constexpr size_t kReferencedMax = 1 << 20;  // bytes of one value: a query, a certificate

bool is_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name)
    if (!(c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
      return false;
  return true;
}

// A path may be a `file:` URL; it is never the text of a file.
bool is_path_key(std::string_view key) { return key == "path" || key == "files"; }

class Resolver {
 public:
  Resolver(const References& references, std::vector<Problem>& problems)
      : references_(references), problems_(problems) {}

  void resolve(Node& node, bool is_path) {
    if (problems_.size() >= kProblemsKept) return;
    for (size_t i = 0; i < node.items.size(); ++i)
      resolve(node.items[i], node.kind == Node::Kind::map && is_path_key(node.keys[i].text));
    if (node.kind == Node::Kind::scalar) scalar(node, is_path);
  }

 private:
  void scalar(Node& node, bool is_path) {
    const std::string written = node.text;
    if (!is_path) {
      const size_t dollars = written.find_first_not_of('$');
      if (dollars != std::string::npos &&
          std::string_view(written).substr(dollars).starts_with("file:")) {
        if (dollars == 0) return file(node, written.substr(5));
        node.text.erase(0, 1);
        return;
      }
    }
    if (written.find("${") == std::string::npos) return;
    std::string out;
    bool referenced = false;
    for (size_t i = 0; i < written.size();) {
      const size_t brace = written.find("${", i);
      if (brace == std::string::npos) {
        out += written.substr(i);
        break;
      }
      out += written.substr(i, brace - i);
      if (!out.empty() && brace > i && written[brace - 1] == '$') {
        out.pop_back();  // "$${" is "${" and no reference
        out += "${";
        i = brace + 2;
        continue;
      }
      const size_t end = written.find('}', brace);
      const std::string name =
          end == std::string::npos ? "" : written.substr(brace + 2, end - brace - 2);
      if (!is_name(name)) {
        problems_.push_back({node.place,
                             "`${` opens a reference to the environment, written `${NAME}`; for "
                             "the characters themselves write `$${`"});
        break;
      }
      referenced = true;
      const auto value = references_.environment ? references_.environment(name) : std::nullopt;
      if (!value)
        problems_.push_back({node.place, "the environment variable " + excerpt(name) +
                                             " is not set: set it, or "
                                             "write the value here"});
      else if (checked(node, "the environment variable " + excerpt(name), *value))
        out += *value;
      i = end + 1;
    }
    node.text = std::move(out);
    if (referenced) node.reference = written;
  }

  void file(Node& node, const std::string& path) {
    node.reference = node.text;
    node.quoted = true;
    node.text.clear();
    if (path.empty()) {
      problems_.push_back({node.place, "`file:` needs a path: `file:PATH`"});
      return;
    }
    if (!references_.file) {
      problems_.push_back({node.place, "files cannot be read from here: write the value itself"});
      return;
    }
    const std::filesystem::path where =
        std::filesystem::path(path).is_absolute() || references_.folder.empty()
            ? std::filesystem::path(path)
            : references_.folder / path;
    auto text = references_.file(where);
    if (!text.ok()) {
      problems_.push_back(
          {node.place, excerpt(node.reference) + " cannot be read: " + text.error().text()});
      return;
    }
    // Editors end a file with a line break that nobody means.
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    if (checked(node, excerpt(node.reference), *text)) node.text = std::move(*text);
  }

  bool checked(const Node& node, const std::string& what, const std::string& value) {
    if (value.size() > kReferencedMax) {
      problems_.push_back(
          {node.place, what + " is too large: at most " + thousands(kReferencedMax) + " bytes"});
      return false;
    }
    if (!is_utf8(value) || value.find('\0') != std::string::npos) {
      problems_.push_back({node.place, what + " does not hold text in UTF-8"});
      return false;
    }
    total_ += value.size();
    if (total_ > kNodeTextMax) {
      problems_.push_back({node.place, what +
                                           " is too much: all values from elsewhere have at most " +
                                           thousands(kNodeTextMax) + " bytes"});
      return false;
    }
    return true;
  }

  size_t total_ = 0;
  const References& references_;
  std::vector<Problem>& problems_;
};

void escape(Node& node, bool is_path) {
  for (size_t i = 0; i < node.items.size(); ++i)
    escape(node.items[i], node.kind == Node::Kind::map && is_path_key(node.keys[i].text));
  if (node.kind != Node::Kind::scalar || !node.quoted || !node.reference.empty()) return;
  std::string& text = node.text;
  const size_t dollars = text.find_first_not_of('$');
  if (!is_path && dollars != std::string::npos &&
      std::string_view(text).substr(dollars).starts_with("file:")) {
    text.insert(0, "$");
    return;  // read back, such a text is looked at no further
  }
  for (size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 3))
    text.insert(at, "$");
}

}  // namespace

void resolve_references(Node& node, const References& references, std::vector<Problem>& problems) {
  Resolver(references, problems).resolve(node, false);
}

void escape_references(Node& node) { escape(node, false); }

}  // namespace rollcall::catalog
